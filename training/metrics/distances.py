"""Distances between sounds and between latents."""

from collections.abc import Sequence

import torch
from torch import Tensor

SCALES = (4096, 2048, 1024, 512, 256)
LOG_EPSILON = 0.02  # floor of the log spectra: about -40 dB below the spectral peaks of sound at RMS .08
LEVEL_WINDOW = 4096  # samples
_TINY = 1e-8  # keeps the gradient of a magnitude finite at 0


def spectral_distance(
    estimate: Tensor, target: Tensor, scales: Sequence[int] = SCALES, *, log_epsilon: float = LOG_EPSILON
) -> Tensor:
    """Multi-scale spectral distance: the sum over STFT sizes of relative squared L2 plus log L1.

    Gradients flow to `estimate` alone.

    Args:
        scales: STFT sizes in samples; each hop is a quarter; Hann windows of unit energy.
        log_epsilon: floor of the log spectra.

    Shape: signals `[n, samples]` -> `[]`.
    """
    total = estimate.new_zeros(())
    for scale in scales:
        found = _magnitude(estimate, scale)
        with torch.no_grad():  # half of the backward pass would be spent on zeros
            wanted = _magnitude(target, scale)
        total = total + (found - wanted).square().sum() / wanted.square().sum()
        total = total + ((found + log_epsilon).log() - (wanted + log_epsilon).log()).abs().mean()
    return total


def _magnitude(signals: Tensor, scale: int) -> Tensor:
    window = torch.hann_window(scale, device=signals.device)
    window = window / window.square().sum().sqrt()
    spectrum = torch.stft(signals, scale, scale // 4, window=window, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square() + _TINY).sqrt()


def additivity_error(z_a: Tensor, z_b: Tensor, z_sum: Tensor) -> Tensor:
    """`|z(a+b) - z(a) - z(b)|^2 / |z(a+b)|^2`: 0 where a mixture's latents are the sum of its parts'. Any shape -> `[]`."""
    return (z_sum - z_a - z_b).square().sum() / z_sum.square().sum()


def level_error(estimate: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of the levels, in nepers, of windows of LEVEL_WINDOW samples of [n, samples]."""
    found, wanted = (
        signals.unfold(1, LEVEL_WINDOW, LEVEL_WINDOW).square().mean(2).add(1e-6).log() / 2
        for signals in (estimate, target)
    )
    return (found - wanted).square().mean()
