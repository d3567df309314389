"""Mel filter banks: the spectra that classifiers and log-mel baselines read."""

from __future__ import annotations

import math

import torch
from torch import Tensor

WINDOW_SECONDS = 0.046
"""A power of two of samples near this: 2048 at 44.1 kHz. Attacks must be seen at low rates too."""

BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 60.0, 12000.0


def window_samples(sample_rate: int) -> int:
    """The length of the spectra's windows at a rate, in samples."""
    return int(2 ** round(math.log2(WINDOW_SECONDS * sample_rate)))


def mel_filters(sample_rate: int, n_fft: int, bands: int = BANDS) -> Tensor:
    """Triangular filters of unit area, evenly spaced in mel. Shape `[bands, n_fft // 2 + 1]`."""
    highest = min(HIGHEST_HZ, sample_rate / 2)
    low, high = (2595.0 * torch.log10(torch.tensor(1 + hz / 700.0)) for hz in (LOWEST_HZ, highest))
    mels = torch.linspace(float(low), float(high), bands + 2)
    edges = 700.0 * (10 ** (mels / 2595.0) - 1)
    hz = torch.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)
    rising = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return triangles / triangles.sum(1, keepdim=True).clamp(min=1e-6)
