"""Which clips the separator's training corpus has: kinds, splits, what each is made from, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from training.recipes.separator.corpus.concepts import GUITAR, INSTRUMENT, SINGING, SPEECH, SYNTHETIC
from training.recipes.separator.corpus.material import Material, program_of

TRAIN, PHRASES, BANKS, GUITARS, SINGERS = "train", "phrases", "banks", "guitars", "singers"
"""Splits: for training; new phrases of its timbres; held-out banks; held-out guitars; singers that were drawn anew."""

KINDS = (INSTRUMENT, GUITAR, SINGING, SPEECH, SYNTHETIC)
GUITAR_PROGRAMS, CHOIR_PROGRAMS, BASS_PROGRAMS = range(24, 32), range(52, 55), range(32, 40)
REPEATS = (
    dict.fromkeys(GUITAR_PROGRAMS, 5)
    | dict.fromkeys((*CHOIR_PROGRAMS, 85, 91), 4)
    | dict.fromkeys((*BASS_PROGRAMS, 128), 3)
)
"""Training clips of each soundfont by its program; one of every other."""
RECORDED_GUITAR_CLIPS, NPM_GUITAR_CLIPS = 240, 40
"""Number of clips of all training guitars together; of each npm guitar."""
SPEECH_CLIPS, SYNTHETIC_CLIPS, SINGING_CLIPS = 260, 260, 520
PHRASES_OF_INSTRUMENTS, PHRASES_OF_OTHERS = 65, 15
"""Number of held-out phrases of training soundfonts; of training guitars, speech and synthetic sound each."""
BANK_CLIPS, BANK_OTHER_CLIPS = 90, 170
"""Number of clips of held-out soundfonts of any program; of those that are neither guitars nor choirs."""
HELD_OUT_REPEATS = dict.fromkeys(GUITAR_PROGRAMS, 3) | dict.fromkeys(CHOIR_PROGRAMS, 6)
HELD_OUT_GUITAR_CLIPS, HELD_OUT_SINGER_CLIPS = 112, 70
ESPEAK, NUMPY = "espeak-ng", "numpy"
"""Sources of spoken and sung clips, and of computed ones."""

Clip = tuple[str, str, str]
"""Kind, split and source."""


@dataclass(frozen=True)
class Item:
    """One clip to render.

    Attributes:
        number: its place in the plan, which seeds it.
        kind: one of KINDS.
        split: the part of the corpus that it belongs to.
        source: its source: a path below the material's folder, ESPEAK or NUMPY.
    """

    number: int
    kind: str
    split: str
    source: str


def plan(material: Material, seed: int = 0) -> list[Item]:
    """All items, in an order that makes every beginning of the corpus a fair sample of it."""
    rng = np.random.default_rng((seed, 1))
    clips = [*_training(material), *_known_timbres(material, rng), *_held_out_timbres(material, rng)]
    return [Item(number, *clips[i]) for number, i in enumerate(rng.permutation(len(clips)))]


def _training(material: Material) -> Iterator[Clip]:
    for font in material.soundfonts:
        yield from [(INSTRUMENT, TRAIN, font)] * REPEATS.get(program_of(font), 1)
    for guitar in islice(cycle(material.guitars), RECORDED_GUITAR_CLIPS):
        yield GUITAR, TRAIN, guitar
    for guitar in material.npm_guitars:
        yield from [(GUITAR, TRAIN, guitar)] * NPM_GUITAR_CLIPS
    yield from [(SPEECH, TRAIN, ESPEAK)] * SPEECH_CLIPS
    yield from [(SYNTHETIC, TRAIN, NUMPY)] * SYNTHETIC_CLIPS
    yield from [(SINGING, TRAIN, ESPEAK)] * SINGING_CLIPS


def _known_timbres(material: Material, rng: np.random.Generator) -> Iterator[Clip]:
    for font in _drawn(material.soundfonts, PHRASES_OF_INSTRUMENTS, rng):
        yield INSTRUMENT, PHRASES, font
    for guitar in islice(cycle(material.guitars), PHRASES_OF_OTHERS):
        yield GUITAR, PHRASES, guitar
    yield from [(SPEECH, PHRASES, ESPEAK)] * PHRASES_OF_OTHERS
    yield from [(SYNTHETIC, PHRASES, NUMPY)] * PHRASES_OF_OTHERS


def _held_out_timbres(material: Material, rng: np.random.Generator) -> Iterator[Clip]:
    fonts = material.held_out_soundfonts
    others = [font for font in fonts if program_of(font) not in HELD_OUT_REPEATS]
    for font in (*_drawn(fonts, BANK_CLIPS, rng), *_drawn(others, BANK_OTHER_CLIPS, rng)):
        yield INSTRUMENT, BANKS, font
    for font in fonts:
        yield from [(INSTRUMENT, BANKS, font)] * HELD_OUT_REPEATS.get(program_of(font), 0)
    for guitar in islice(cycle(material.held_out_guitars), HELD_OUT_GUITAR_CLIPS):
        yield GUITAR, GUITARS, guitar
    yield from [(SINGING, SINGERS, ESPEAK)] * HELD_OUT_SINGER_CLIPS


def _drawn(sources: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """So many of the sources, each at most once."""
    return [sources[i] for i in rng.permutation(len(sources))[:count]]
