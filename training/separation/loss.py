"""The loss of a separated part: how far it is from what belongs to the concept, and from leaving the rest as it was."""

import torch
from torch import Tensor

FLOOR_DB = -30.0
"""Errors this far below the mixture count no more, where the concept sounds."""
ABSENT_FLOOR_DB = -20.0
ABSENT_WEIGHT = 0.25
"""With full weight on what doesn't sound, a network learns to give silence and never leaves it. A query of a trained one does."""


def separation_loss(
    part: Tensor, target: Tensor, mixture: Tensor, absent_weight: float = ABSENT_WEIGHT
) -> Tensor:
    """Mean over the batch, in dB (after arXiv 1811.02508's ratio, with floors in place of its scale).

    Where the concept sounds: the error's energy over the target's and over the rest's, in equal parts, so that a solo
    disappears and the rest is spared. Where it doesn't: a part's energy over the mixture's.

    Shape: all `[batch, latents, frames]` -> scalar.
    """
    error, own = energy(part - target), energy(target)
    whole, rest = energy(mixture), energy(mixture - target)
    floor = 10 ** (FLOOR_DB / 10) * whole
    present = 5 * torch.log10((error + floor) / (own + floor)) + 5 * torch.log10(
        (error + floor) / (rest + floor)
    )
    absent_floor = 10 ** (ABSENT_FLOOR_DB / 10) * whole
    absent = 10 * torch.log10((energy(part) + absent_floor) / whole)
    sounds = own > 1e-6 * whole
    return torch.where(sounds, present, absent_weight * absent).mean()


def energy(x: Tensor) -> Tensor:
    """Energy of each item. `[batch, latents, frames]` -> `[batch]`."""
    return x.square().sum((1, 2)) + 1e-9
