"""Noise that no instrument plays: what a classifier learns to find nothing in, and is then asked about."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.recipes.musicgen.sounds.corpus import SAMPLE_RATE


def coloured_noise(rng: np.random.Generator, count: int, samples: int) -> Tensor:
    """Noise of random colours, from white to brown, at an RMS of 0.08. Shape: `[count, samples]`."""
    spectrum = np.fft.rfft(rng.standard_normal((count, samples)))
    hertz = np.maximum(np.arange(spectrum.shape[1]) * SAMPLE_RATE / samples, 60.0)
    coloured = np.fft.irfft(spectrum * hertz ** -rng.uniform(0, 1, (count, 1)), samples)
    level = np.sqrt(np.square(coloured).mean(1, keepdims=True))
    return torch.from_numpy((0.08 * coloured / level).astype(np.float32))
