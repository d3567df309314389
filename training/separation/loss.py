"""The loss of a separated part: how far it is from what belongs to the concept, and from leaving the rest as it was."""

import torch
from torch import Tensor

FLOOR_DB = -30.0
"""Floor of an error in a mixture, in dB relative to the mixture."""
ALONE_FLOOR_DB = -25.0
"""The same where the concept sounds alone, or not at all."""
ABSENT_WEIGHT = 0.5
"""Weight of sound without the concept; 0.5 weighs it as much as the concept alone.

From about 1 on, training can collapse to silence; fitting a query to a trained network doesn't.
"""
CALIBRATION = 10.0
"""Weight of the cross entropy in the loss, in dB per nat."""


def separation_loss(
    part: Tensor, target: Tensor, mixture: Tensor, absent_weight: float = ABSENT_WEIGHT
) -> Tensor:
    """The loss of a part of latents: mean over the batch, in dB.

    Shape: all `[batch, latents, frames]` -> scalar.
    """
    energies = [energy(x) for x in (part - target, part, target, mixture - target, mixture)]
    return _loss(energies, absent_weight)


def share_loss(
    shares: Tensor,
    own: Tensor,
    rest: Tensor,
    absent_weight: float = ABSENT_WEIGHT,
    calibration: float = CALIBRATION,
) -> Tensor:
    """The loss of shares of bands, before any sound is made: mean over the batch, in dB.

    A share m of two uncorrelated sounds has the error `(1 - m)^2 own + m^2 rest`. Half of the loss weighs bands by
    their power, as `separation_loss` does; half by power over the square root of their mean power, so that quiet bands
    count too. The logarithm favours confident shares even if some are wrong; the cross entropy, smallest where a share
    is its expected value, corrects that.

    Shape: shares and powers `[batch, steps, bands]` -> scalar.
    """
    whole = own + rest
    flatter = whole.mean(1, keepdim=True)
    flatter = (flatter + 1e-6 * flatter.amax(2, keepdim=True) + 1e-12).rsqrt()
    errors = (1 - shares).square() * own + shares.square() * rest
    powers = (errors, shares.square() * whole, own, rest, whole)
    losses = [
        _loss([(power * weight).sum((1, 2)) + 1e-9 for power in powers], absent_weight)
        for weight in (torch.ones(()), flatter)
    ]
    loss = torch.stack(losses).mean()
    return loss + calibration * _cross_entropy(shares, own, whole) if calibration else loss


def _cross_entropy(shares: Tensor, own: Tensor, whole: Tensor) -> Tensor:
    """Cross entropy of the shares in nats; bands and steps are weighted by the square root of their power."""
    weights = whole.sqrt()
    weights = weights / (weights.sum((1, 2), keepdim=True) + 1e-9)
    truth = own / (whole + 1e-12)
    entropies = torch.nn.functional.binary_cross_entropy(
        shares.clamp(1e-5, 1 - 1e-5), truth, reduction="none"
    )
    return (weights * entropies).sum((1, 2)).mean()


def _loss(energies: list[Tensor], absent_weight: float) -> Tensor:
    """The loss, from the energies of error, part, target, rest and mixture, `[batch]` each.

    The ratios are those of arXiv 1811.02508, with floors in place of its scale. In a mixture: the error's energy over
    the target's and over the rest's, in equal parts, so that the concept disappears and the rest is spared. Alone: the
    error's over the target's. Where the concept doesn't sound: the part's over the mixture's.
    """
    error, part, own, rest, whole = energies
    floor, alone_floor = (10 ** (decibels / 10) * whole for decibels in (FLOOR_DB, ALONE_FLOOR_DB))
    mixed = 5 * torch.log10((error + floor).square() / ((own + floor) * (rest + floor)))
    alone = 5 * torch.log10((error + alone_floor) / whole)
    absent = absent_weight * 10 * torch.log10((part + alone_floor) / whole)
    losses = torch.where(rest > 1e-6 * whole, mixed, alone)
    return torch.where(own > 1e-6 * whole, losses, absent).mean()


def energy(x: Tensor) -> Tensor:
    """Energy of each item. `[batch, latents, frames]` -> `[batch]`."""
    return x.square().sum((1, 2)) + 1e-9
