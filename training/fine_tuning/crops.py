"""Recordings for fine-tuning a RAVE: random crops of them, in pairs that are encoded alone and mixed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.errors import DrawstopError
from training.data.recordings import Recording, fraction_of, load
from training.find.rave.mixtures import HIGHEST_GAIN, LOWEST_GAIN

HELD_OUT_SHARE = 0.2
LEAST = 2
"""Recordings on each side: a pair takes two."""

QUIET_RMS = 0.01
"""Crops below this RMS are never drawn: -40 dB."""

_GRID = 1024  # samples between the starts that a crop can have


@dataclass(frozen=True)
class Crops:
    """Recordings that crops are drawn from, `[channels, samples]` each, and where a loud crop can start."""

    sounds: Sequence[Tensor]
    starts: Sequence[NDArray[np.int64]]
    samples: int
    """Length of a crop."""

    def pairs(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Crops of two different recordings each, at random gains, that don't clip together.

        Shape: two of `[count, channels, samples]`.
        """
        first, second = [], []
        for _ in range(count):
            a, b = (self._crop(rng, int(row)) for row in rng.choice(len(self.sounds), 2, replace=False))
            peak = max(1.0, float((a + b).abs().max()))
            first.append(a / peak)
            second.append(b / peak)
        return torch.stack(first), torch.stack(second)

    def _crop(self, rng: np.random.Generator, row: int) -> Tensor:
        start = int(rng.choice(self.starts[row]))
        return self.sounds[row][:, start : start + self.samples] * rng.uniform(LOWEST_GAIN, HIGHEST_GAIN)


def split_recordings(recordings: Iterable[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Recordings to train on and held-out ones, by the files' contents; of equal files one is used.

    The held-out fifth is the end of the order by which `training.data.recordings.split_of` cuts: they are validation or
    test recordings there too, or the nearest to it where those are too few.

    Raises:
        DrawstopError: fewer than four different recordings.
    """
    different = {recording.hash: recording for recording in recordings}
    ordered = sorted(different.values(), key=lambda recording: fraction_of(recording.hash))
    if len(ordered) < 2 * LEAST:
        raise DrawstopError(
            f"expected at least {2 * LEAST} different recordings ({LEAST} to mix, {LEAST} held out), got {len(ordered)}"
        )
    held_out = max(LEAST, round(HELD_OUT_SHARE * len(ordered)))
    return ordered[:-held_out], ordered[-held_out:]


def read_crops(recordings: Sequence[Recording], sample_rate: int, channels: int, samples: int) -> Crops:
    """Read recordings into memory (0.6 GB an hour of 44.1 kHz mono); those too short or too quiet are left out.

    Raises:
        DrawstopError: fewer than two remain, or one can't be read.
    """
    sounds, starts = [], []
    for recording in recordings:
        sound = load(recording, sample_rate, channels)
        loud = _loud_starts(sound, samples)
        if len(loud):
            sounds.append(sound)
            starts.append(loud)
    if len(sounds) < LEAST:
        raise DrawstopError(
            f"{len(sounds)} of {len(recordings)} recordings hold {samples / sample_rate:.2f} s of sound above "
            f"{20 * np.log10(QUIET_RMS):.0f} dB on one side of the split; expected at least {LEAST}: give longer ones, or more"
        )
    return Crops(sounds, starts, samples)


def identity_of(recordings: Iterable[Recording]) -> str:
    """SHA-256 of the recordings' hashes: the same for the same sounds under other names."""
    return hashlib.sha256(" ".join(sorted(recording.hash for recording in recordings)).encode()).hexdigest()


def _loud_starts(sound: Tensor, samples: int) -> NDArray[np.int64]:
    starts = np.arange(0, max(0, sound.shape[1] - samples + 1), _GRID)
    if not len(starts):
        return starts
    energy = np.concatenate([[0.0], np.cumsum(sound.double().square().mean(0).numpy())])
    return starts[energy[starts + samples] - energy[starts] >= samples * QUIET_RMS**2]
