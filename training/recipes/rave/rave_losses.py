"""Losses of the example RAVE: spectral, waveform, additivity of the latents and their scale."""

from __future__ import annotations

from torch import Tensor

from training.metrics.distances import SCALES

BAND_SCALES = (256, 64)
FULL_SCALES = SCALES
REFERENCE_RMS = 0.08
LOG_FLOOR = 0.003
"""Floor of the log spectra in training: some 60 dB below the peaks, so that what sounds above 4 kHz counts."""


def waveform_distance(estimate: Tensor, target: Tensor) -> Tensor:
    """Relative L1 plus relative squared L2 of signals of equal shape."""
    error = estimate - target
    return error.abs().sum() / target.abs().sum() + error.square().sum() / target.square().sum()


def scale_penalty(z: Tensor, audio: Tensor) -> Tensor:
    """(log rms)^2 of latents [B, C, F] relative to the audio's level: 0 at rms 1 for REFERENCE_RMS audio."""
    level = audio.square().mean((1, 2)).sqrt() / REFERENCE_RMS
    return (z.square().mean((1, 2)).sqrt() / level).log().square().mean()
