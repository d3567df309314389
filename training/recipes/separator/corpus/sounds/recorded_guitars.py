"""Phrases of real guitars, put together from recordings of single notes."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from drawstop.errors import DrawstopError
from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.separator.corpus.sounds.clip import (
    CLIP_SECONDS,
    FIRST_ONSET,
    Generator,
    Samples,
    add_at,
    silent_clip,
)

SUFFIXES = (".flac", ".mp3")
LAST_ONSET = CLIP_SECONDS - 0.4
LONGEST_NOTE = 6.0
"""Seconds that are read of a recorded note."""
DAMPING_SECONDS = 0.06
STRUM = 3.0
"""Time between strums relative to that between notes."""
NEAREST = 3
"""A note is drawn from so many recordings of the nearest pitches; those of one pitch come in random order."""
KEPT_NOTES = 256
"""Number of notes that are cached, of about a megabyte each."""

_NAME = re.compile(r"([a-g])([sb]?)(-?\d+)(?:_|$)", re.IGNORECASE)
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"": 0, "s": 1, "b": -1}


def guitar(folder: Path, rng: Generator) -> Samples:
    """A picked line, strums, or an arpeggio that rings on, of the notes in a folder."""
    paths, pitches = notes_of(folder)
    clip = silent_clip()
    style = str(rng.choice(["line", "strum", "ring"]))
    step = float(rng.uniform(0.12, 0.5)) * (STRUM if style == "strum" else 1)
    centre, now = float(rng.choice(pitches)), FIRST_ONSET
    while now < LAST_ONSET:
        for string in range(int(rng.integers(3, 7)) if style == "strum" else 1):
            away = np.abs(pitches - (centre + rng.normal(0, 6)))
            near = np.lexsort((rng.random(len(away)), away))[:NEAREST]
            note = load_note(paths[int(rng.choice(near))], float(rng.integers(-2, 3)) / 2)
            seconds = step * rng.uniform(0.5, 1.1) if style == "line" else rng.uniform(0.5, 3.0)
            sound = damped(note, float(seconds)) * rng.uniform(0.4, 1.0)
            add_at(clip, sound, now + string * rng.uniform(0.004, 0.03))
        now += step * float(rng.choice([0.5, 1, 1, 2]))
    return clip


@lru_cache
def notes_of(folder: Path) -> tuple[tuple[Path, ...], NDArray[np.int64]]:
    """The recorded notes of a guitar, sorted by name, and their MIDI pitches.

    Raises:
        DrawstopError: there is none, or a file isn't named by its note.
    """
    paths = tuple(sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES))
    if not paths:
        raise DrawstopError(f"expected a guitar's notes in {folder}, found no {' or '.join(SUFFIXES)}")
    return paths, np.array([pitch_of(path) for path in paths])


def pitch_of(path: Path) -> int:
    """MIDI pitch of a file named by its note, as `gb3_mf.flac` or `Fs3.mp3` are: both 54."""
    match = _NAME.match(path.stem)
    if match is None:
        raise DrawstopError(
            f"expected a note's name like gb3_mf or Fs3, got {path}: move it out of the guitar's folder"
        )
    letter, accidental, octave = (part.lower() for part in match.groups())
    return 12 * (int(octave) + 1) + _SEMITONES[letter] + _ACCIDENTALS[accidental]


@lru_cache(KEPT_NOTES)
def load_note(path: Path, semitones: float) -> NDArray[np.float32]:
    """A recorded note at a peak of 1, mono, resampled up by some semitones; `[samples]`, not to be written to."""
    sound, rate = soundfile.read(
        path, dtype="float32", always_2d=True, frames=int(LONGEST_NOTE * SAMPLE_RATE)
    )
    mono = soxr.resample(sound.mean(1), rate * 2 ** (semitones / 12), SAMPLE_RATE)
    note: NDArray[np.float32] = mono / max(1e-6, float(np.abs(mono).max()))
    note.flags.writeable = False
    return note


def damped(note: NDArray[np.float32], seconds: float) -> Samples:
    """A note that is damped after so many seconds."""
    length, fade = int(seconds * SAMPLE_RATE), int(DAMPING_SECONDS * SAMPLE_RATE)
    part = note[: length + fade].astype(np.float64)
    part[length:] *= np.linspace(1, 0, fade)[: max(0, len(part) - length)]
    return part
