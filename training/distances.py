"""How far sounds and latents are from each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

SCALES = (4096, 2048, 1024, 512, 256)
LOG_EPSILON = 0.02  # floor of the log spectra: about -40 dB below the spectral peaks of sound at RMS .08
_TINY = 1e-8  # keeps the gradient of a magnitude finite at 0


def spectral_distance(estimate: Tensor, target: Tensor, scales: Sequence[int] = SCALES) -> Tensor:
    """Multi-scale spectral distance: the sum over STFT sizes of relative squared L2 plus log L1.

    Args:
        scales: STFT sizes in samples; each hop is a quarter; Hann windows of unit energy.

    Shape: signals `[n, samples]` -> `[]`.
    """
    total = estimate.new_zeros(())
    for scale in scales:
        window = torch.hann_window(scale, device=estimate.device)
        window = window / window.square().sum().sqrt()
        both = torch.cat([estimate, target])
        spectrum = torch.stft(both, scale, scale // 4, window=window, return_complex=True)
        magnitude = (spectrum.real.square() + spectrum.imag.square() + _TINY).sqrt()
        found, wanted = magnitude.chunk(2)
        total = total + (found - wanted).square().sum() / wanted.square().sum()
        total = total + ((found + LOG_EPSILON).log() - (wanted + LOG_EPSILON).log()).abs().mean()
    return total


def additivity_error(z_a: Tensor, z_b: Tensor, z_sum: Tensor) -> Tensor:
    """`|z(a+b) - z(a) - z(b)|^2 / |z(a+b)|^2`: 0 where a mixture's latents are the sum of its parts'. Any shape -> `[]`."""
    return (z_sum - z_a - z_b).square().sum() / z_sum.square().sum()
