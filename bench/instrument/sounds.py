"""Blocks of sound for benches: the example recordings end to end, or noise with a spectrum and levels that move."""

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.instrument.__main__ import BLOCK, DEMO

STILL_BLOCKS = 8  # knobs that move take a new value so often


class Sounds:
    """Any number of blocks, the same ones every time.

    Args:
        recorded: the example recordings, over and over; else shaped noise.
    """

    def __init__(self, sample_rate: int, recorded: bool) -> None:
        self.sample_rate = sample_rate
        if recorded:
            files = sorted((DEMO / "recordings").rglob("*.flac"))
            self._audio = np.concatenate([soundfile.read(file, dtype="float32")[0] for file in files])
        else:
            self._audio = _shaped(60 * sample_rate)

    def block(self, index: int, stops: int, moving: bool) -> Tensor:
        """`[1, 1 + stops, BLOCK]`: mono sound, and knobs at rest or at random values."""
        start = index * BLOCK % (len(self._audio) - BLOCK)
        sound = torch.from_numpy(self._audio[start : start + BLOCK].copy()).reshape(1, 1, -1)
        random = torch.Generator().manual_seed(index // STILL_BLOCKS)
        knobs = (2 * torch.rand(1, stops, 1, generator=random) - 1) * float(moving)
        return torch.cat([sound, knobs.expand(-1, -1, BLOCK)], 1)


def _shaped(samples: int) -> NDArray[np.float32]:
    """Noise that falls by 3 dB an octave, its level moving between silence and -12 dBFS about once a second."""
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(random.standard_normal(samples))
    spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    noise = np.fft.irfft(spectrum, samples)
    level = np.interp(np.linspace(0, 60, samples), np.arange(61), random.random(61) ** 2)
    shaped: NDArray[np.float32] = (0.25 * level * noise / noise.std()).astype(np.float32)
    return shaped
