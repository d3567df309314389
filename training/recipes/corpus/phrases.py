"""Seeded random phrases of 6 seconds: melodies and small chords that every timbre of the corpus plays."""

from __future__ import annotations

import random
from dataclasses import dataclass

PHRASE_SECONDS = 6.0
LOWEST_NOTE = 48
HIGHEST_NOTE = 72
CHORD_SHARE = 0.4
LAST_NOTE_END = 5.8
"""Seconds after which no note sounds any longer, so that releases end inside the phrase."""

_CHORD_STEPS = ((0, 3), (0, 4), (0, 5), (0, 7), (0, 3, 7), (0, 4, 7), (0, 5, 9), (0, 5, 7))
_MELODY_STEPS = (-7, -5, -4, -3, -2, -2, -1, 1, 2, 2, 3, 4, 5, 7)


@dataclass(frozen=True)
class Note:
    """One note: MIDI pitch, velocity (1-127), start and length in seconds from the phrase's start."""

    pitch: int
    velocity: int
    start: float
    length: float


@dataclass(frozen=True)
class Bend:
    """A position of the pitch wheel, -8192..8191, from `start` seconds on."""

    start: float
    position: int


@dataclass(frozen=True)
class Phrase:
    """The notes of one phrase, ordered by start, and the movements of the pitch wheel."""

    notes: tuple[Note, ...]
    bends: tuple[Bend, ...] = ()

    def __post_init__(self) -> None:
        if not self.notes:
            raise ValueError("a phrase needs at least one note")


def random_phrases(count: int, seed: int = 0) -> list[Phrase]:
    """`count` phrases; the same seed gives the same ones, and a longer list starts with the shorter."""
    return [_random_phrase(random.Random(f"{seed}:{index}")) for index in range(count)]


def _random_phrase(rng: random.Random) -> Phrase:
    chords = rng.random() < CHORD_SHARE
    notes: list[Note] = []
    pitch = rng.randint(LOWEST_NOTE + 4, HIGHEST_NOTE - 4)
    time = rng.uniform(0.0, 0.15)
    while time < LAST_NOTE_END - 0.2:
        length = min(rng.uniform(0.2, 1.2), LAST_NOTE_END - time)
        velocity = rng.randint(50, 118)
        steps = rng.choice(_CHORD_STEPS) if chords else (0,)
        root = min(pitch, HIGHEST_NOTE - steps[-1])
        notes += [Note(root + step, velocity, round(time, 4), round(length, 4)) for step in steps]
        time += length + (rng.uniform(0.05, 0.4) if rng.random() < 0.3 else 0.0)
        pitch = _fold(pitch + rng.choice(_MELODY_STEPS))
    return Phrase(tuple(notes))


def _fold(pitch: int) -> int:
    """Reflect a pitch that left the range back into it."""
    if pitch > HIGHEST_NOTE:
        return 2 * HIGHEST_NOTE - pitch
    if pitch < LOWEST_NOTE:
        return 2 * LOWEST_NOTE - pitch
    return pitch
