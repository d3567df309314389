"""How well sounds are separated: ratios of energies in dB."""

import torch
from torch import Tensor

FLOOR = 1e-10


def si_sdr(estimate: Tensor, target: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019, arXiv 1811.02508), no mean taken off.

    >>> si_sdr(torch.tensor([2.0, 0.2]), torch.tensor([1.0, 0.0])).round()
    tensor(20.)

    Shape: estimate and target `[..., samples]` -> `[...]`.
    """
    scale = (estimate * target).sum(-1, keepdim=True) / target.square().sum(-1, keepdim=True).clamp(min=FLOOR)
    wanted = scale * target
    return decibels(wanted, estimate - wanted)


def decibels(sound: Tensor, reference: Tensor) -> Tensor:
    """The level of a sound over a reference's, in dB. `[..., samples]` twice -> `[...]`."""
    energies = [x.square().sum(-1).clamp(min=FLOOR) for x in (sound, reference)]
    return 10 * torch.log10(energies[0] / energies[1])
