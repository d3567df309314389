"""Which recordings the diverse set holds: who plays which phrase, alone or together, in which room, on which side."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.data.recordings import Split
from training.recipes.diverse.timbres import GROUPS, TIMBRES, Group, Timbre

PHRASES: dict[Split, range] = {
    "train": range(0, 60),
    "validation": range(60, 80),
    "test": range(80, 120),
}
"""Numbers of the phrases of each split; no phrase is in two."""

REVERB_EVERY = 4
LOUDEST_DB, SOFTEST_DB = 0.0, -9.0
"""Range of the gains of whole recordings, so that the level says nothing about the label."""
PART_DB = 4.0
"""The parts of a mixture differ by twice this at most."""


@dataclass(frozen=True)
class Part:
    """A timbre playing a phrase, at a gain in dB."""

    timbre: str
    phrase: int
    gain_db: float = 0.0


@dataclass(frozen=True)
class PlannedRecording:
    """One file of the set: its parts summed.

    Attributes:
        file: `split/label+label/timbre/NN.flac`, with `-reverb` where there is some.
        labels: the concepts that sound, sorted.
        unheard: its timbres are in no training recording.
        room: seed of the reverberation; None without.
        gain_db: gain of the whole recording.
    """

    file: str
    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    split: Split
    unheard: bool
    room: int | None
    gain_db: float


@dataclass(frozen=True)
class Sizes:
    """How many recordings of each group of timbres alone, and how many mixtures, a part of the set holds."""

    solos: int
    mixtures: int


TRAIN, VALIDATION, TEST = Sizes(30, 170), Sizes(8, 60), Sizes(8, 60)


def plan(
    seed: int = 0,
    train: Sizes = TRAIN,
    validation: Sizes = VALIDATION,
    test: Sizes = TEST,
    groups: Sequence[Group] = GROUPS,
) -> list[PlannedRecording]:
    """The recordings, sorted by file; the same seed gives the same. `test` counts twice: heard and unheard timbres."""
    parts: list[tuple[Split, bool, Sizes]] = [
        ("train", False, train),
        ("validation", False, validation),
        ("test", False, test),
        ("test", True, test),
    ]
    recordings: list[PlannedRecording] = []
    for split, unheard, sizes in parts:
        rng = random.Random(f"{seed}:{split}:{unheard}")
        casts = [*_solos(rng, split, unheard, sizes.solos, groups)]
        casts += _mixtures(rng, split, unheard, sizes.mixtures, groups)
        recordings += [_recording(rng, i, cast, split, unheard) for i, cast in enumerate(casts)]
    return sorted(recordings, key=lambda recording: recording.file)


def _solos(
    rng: random.Random, split: Split, unheard: bool, count: int, groups: Sequence[Group]
) -> Iterator[tuple[Part, ...]]:
    """Each group's timbres in turn, each time with the next phrase."""
    for group in groups:
        timbres = _of(group, unheard)
        first = rng.randrange(len(timbres))
        for i in range(count):
            phrases = PHRASES[split]
            yield (Part(timbres[(first + i) % len(timbres)].name, phrases[i % len(phrases)]),)


def _mixtures(
    rng: random.Random, split: Split, unheard: bool, count: int, groups: Sequence[Group]
) -> Iterator[tuple[Part, ...]]:
    """Two or three groups together, each with its own phrase, at levels of their own."""
    for i in range(count):
        chosen = rng.sample(groups, min(2 + i % 2, len(groups)))
        phrases = rng.sample(PHRASES[split], len(chosen))
        yield tuple(
            Part(rng.choice(_of(group, unheard)).name, phrase, round(rng.uniform(-PART_DB, PART_DB), 2))
            for group, phrase in zip(chosen, phrases, strict=True)
        )


def _of(group: Group, unheard: bool) -> list[Timbre]:
    return [timbre for timbre in TIMBRES if timbre.labels == group and timbre.unheard == unheard]


def _recording(
    rng: random.Random, number: int, parts: tuple[Part, ...], split: Split, unheard: bool
) -> PlannedRecording:
    known = {timbre.name: timbre for timbre in TIMBRES}
    labels = tuple(sorted({label for part in parts for label in known[part.timbre].labels}))
    room = rng.randrange(10_000) if number % REVERB_EVERY == REVERB_EVERY - 1 else None
    name = f"{number:03d}{'-unheard' if unheard else ''}{'' if room is None else '-reverb'}.flac"
    folder = "+".join(part.timbre for part in parts)
    gain = round(rng.uniform(SOFTEST_DB, LOUDEST_DB), 2)
    return PlannedRecording(
        f"{split}/{'+'.join(labels)}/{folder}/{name}", labels, parts, split, unheard, room, gain
    )
