"""The concepts that the shipped separator is trained on, by General MIDI program and kind of clip.

Drums, brass, reeds and speech are never asked for: they are the background of mixtures, and the concepts on which it is shown
how a query learns what the network wasn't trained for.
"""

from dataclasses import dataclass

INSTRUMENT, GUITAR, SINGING, SPEECH, SYNTHETIC = "instrument", "guitar", "singing", "speech", "synthetic"
"""Kinds of clips: General MIDI programs, recorded guitars, sung phrases, speech, synthetic sounds."""
DRUMS = 128
"""The kit's number beside the programs'."""

Label = int | str
"""A clip's General MIDI program, 128 for drums, or its kind."""


@dataclass(frozen=True)
class Concept:
    """A concept that a query stands for.

    Attributes:
        labels: clips that belong to it.
        unsure: clips that may or may not: they never sound beside a question for it.
    """

    name: str
    labels: frozenset[Label]
    unsure: frozenset[Label] = frozenset()


def _concept(name: str, *labels: range | Label, unsure: tuple[range | Label, ...] = ()) -> Concept:
    return Concept(name, _flat(labels), _flat(unsure))


def _flat(labels: tuple[range | Label, ...]) -> frozenset[Label]:
    return frozenset(label for each in labels for label in (each if isinstance(each, range) else [each]))


FAMILIES: tuple[Concept, ...] = (
    _concept("guitar", range(24, 32), GUITAR, unsure=(46, range(104, 108), 120)),
    _concept("voice", range(52, 55), SINGING, unsure=(85, 91, SPEECH)),
    _concept("nylon guitar", 24, unsure=(25, 46, GUITAR)),
    _concept("steel guitar", 25, unsure=(24, 26, 27, GUITAR)),
    _concept("clean electric guitar", 26, 27, unsure=(24, 25, 28, 31, GUITAR)),
    _concept("distorted guitar", 29, 30, unsure=(31, 84, GUITAR)),
    _concept("recorded guitar", GUITAR, unsure=(range(24, 32),)),
    _concept("choir", range(52, 55), unsure=(85, 91, SPEECH, SINGING)),
    _concept("singer", SINGING, unsure=(85, 91, SPEECH, range(52, 55))),
    _concept("bass", range(32, 40), unsure=(87, 43, 58)),
    _concept("piano", range(4), unsure=(4, 5)),
    _concept("electric piano", 4, 5, unsure=(2, 11)),
    _concept("mallet", range(8, 16), unsure=(108, 112, 114)),
    _concept("organ", range(16, 24)),
    _concept("strings", *range(40, 46), 48, 49, 50, 51, unsure=(89, 92, 110)),
    _concept("pipe", range(72, 80)),
    _concept("lead", range(80, 88)),
    _concept("pad", range(88, 96), unsure=(50, 51, 54)),
    _concept("pluck", 6, 7, 46, range(104, 109), unsure=(24, 45)),
)
BACKGROUND: frozenset[Label] = _flat(
    (range(56, 72), range(96, 104), range(109, 129), 47, 55, SPEECH, SYNTHETIC)
)
"""Clips of no concept: they sound in mixtures, but aren't asked for."""


def program_concepts(counts: dict[Label, int], least: int) -> tuple[Concept, ...]:
    """One concept for each program of the families that at least so many clips have; programs of its family are unsure."""
    concepts = []
    for program in range(96):
        families = [family for family in FAMILIES[:2] + FAMILIES[9:] if program in family.labels]
        if families and program != 28 and counts.get(program, 0) >= least:
            related = frozenset().union(*(family.labels | family.unsure for family in families)) - {program}
            concepts.append(Concept(f"program {program}", frozenset({program}), related))
    return tuple(concepts)
