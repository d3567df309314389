"""Who plays in the diverse set: General MIDI programs of three soundfonts, espeak-ng voices, drum kits and noises.

An unheard timbre is an instrument, voice, kit or noise that training has from no soundfont: two soundfonts may share the
samples of one instrument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from training.recipes.corpus.timbres import FLUID, MUSE, TIM

Kind: TypeAlias = Literal["instrument", "drums", "speech", "singing", "noise"]
Group: TypeAlias = tuple[str, ...]

_FONTS = {"fluid": FLUID, "tim": TIM, "muse": MUSE}
_OCTAVE = 12


@dataclass(frozen=True)
class Timbre:
    """One sound source.

    Attributes:
        name: unique; the folder of its recordings.
        labels: the concepts that sound when it does; those of one group of timbres are equal.
        kind: how its sound is made.
        source: a soundfont's file name, an espeak-ng voice, or a noise's name.
        program: General MIDI program of an instrument or a drum kit.
        shift: semitones from the phrases' own register (MIDI notes 48..72).
        unheard: never in a training or validation recording.
    """

    name: str
    labels: Group
    kind: Kind
    source: str
    program: int = 0
    shift: int = 0
    unheard: bool = False


@dataclass(frozen=True)
class Family:
    """Instruments of one label, by name and General MIDI program; `unheard` ones are kept for the test."""

    labels: Group
    known: dict[str, int]
    unheard: dict[str, int]
    shift: int = 0
    kind: Kind = "instrument"


FAMILIES: tuple[Family, ...] = (
    Family(("piano",), {"grand": 0, "bright": 1, "honky-tonk": 3}, {"electric-grand": 2}),
    Family(("organ",), {"drawbar": 16, "rock": 18, "church": 19, "reed": 20}, {"percussive": 17}),
    Family(("guitar",), {"nylon": 24, "steel": 25, "clean": 27, "muted": 28}, {"jazz": 26}),
    Family(
        ("bass",), {"acoustic": 32, "finger": 33, "fretless": 35, "synth": 38}, {"pick": 34}, -2 * _OCTAVE
    ),
    Family(
        ("strings",), {"violin": 40, "cello": 42, "ensemble": 48, "tremolo": 44}, {"slow": 49, "viola": 41}
    ),
    Family(("choir", "voice"), {"aahs": 52, "synth-voice": 54}, {"oohs": 53}),
    Family(("brass",), {"trumpet": 56, "trombone": 57, "horn": 60, "section": 61}, {"muted-trumpet": 59}),
    Family(("reed",), {"alto-sax": 65, "tenor-sax": 66, "oboe": 68, "clarinet": 71}, {"english-horn": 69}),
    Family(("flute",), {"flute": 73, "recorder": 74, "pan": 75, "whistle": 78}, {"ocarina": 79}, _OCTAVE),
    Family(("lead",), {"square": 80, "saw": 81, "charang": 84, "bass-lead": 87}, {"fifths": 86}),
    Family(("pad",), {"warm": 89, "poly": 90, "bowed": 92, "halo": 94}, {"sweep": 95}),
    Family(
        ("mallets",), {"celesta": 8, "vibraphone": 11, "marimba": 12, "xylophone": 13}, {"bells": 9}, _OCTAVE
    ),
    Family(("plucked",), {"sitar": 104, "banjo": 105, "shamisen": 106, "harp": 46}, {"koto": 107}),
    Family(("drums",), {"standard": 0, "room": 8, "jazz": 32, "brush": 40}, {"electronic": 24}, kind="drums"),
)

_SPEAKERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "male": (
        ("en-us+m1", "en-us+m3", "en-gb+m4", "en-us+m7", "en-gb-scotland+m5", "en-gb-x-rp+m8"),
        ("en-us+m2", "en-gb+m6"),
    ),
    "female": (
        ("en-us+f1", "en-us+f2", "en-gb+f5", "en-us+linda", "en-gb-scotland+f3", "en-gb-x-rp+steph"),
        ("en-us+f4", "en-gb+anika"),
    ),
}
"""espeak-ng voices, heard and unheard: who is unheard neither speaks nor sings in training."""

_REGISTERS = {"male": -7, "female": 5}
"""Semitones: about A2..E4 for men and F3..C5 for women."""

_NOISES = (("white", "pink", "brown", "hum", "rain"), ("wind",))


def _instruments() -> list[Timbre]:
    fonts, timbres = list(_FONTS), []
    for family in FAMILIES:
        programs = [(name, number, False) for name, number in family.known.items()]
        programs += [(name, number, True) for name, number in family.unheard.items()]
        for i, (name, number, unheard) in enumerate(programs):
            for font in (fonts[i % 3], fonts[(i + 1) % 3]):
                whole = f"{font}-{name}-{family.labels[0]}"
                source = _FONTS[font]
                timbres.append(
                    Timbre(whole, family.labels, family.kind, source, number, family.shift, unheard)
                )
    return timbres


def _voices() -> list[Timbre]:
    timbres = []
    kinds: tuple[Kind, Kind] = ("speech", "singing")
    for kind in kinds:
        for gender, sides in _SPEAKERS.items():
            for unheard, speakers in zip((False, True), sides, strict=True):
                for speaker in speakers:
                    labels = (gender, kind, "voice")
                    name = f"{kind}-{speaker.replace('+', '-')}"
                    timbres.append(Timbre(name, labels, kind, speaker, 0, _REGISTERS[gender], unheard))
    return timbres


def _noises() -> list[Timbre]:
    return [
        Timbre(f"noise-{name}", ("noise",), "noise", name, unheard=unheard)
        for unheard, names in zip((False, True), _NOISES, strict=True)
        for name in names
    ]


TIMBRES: tuple[Timbre, ...] = (*_instruments(), *_voices(), *_noises())
GROUPS: tuple[Group, ...] = tuple(dict.fromkeys(timbre.labels for timbre in TIMBRES))
"""The label sets that are rendered alone."""
CONCEPTS: tuple[str, ...] = tuple(dict.fromkeys(label for group in GROUPS for label in group))
