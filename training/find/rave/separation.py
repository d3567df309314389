"""How well a stop separates its concept from everything else, measured on latents."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.banks.stop import Stop
from training.sae.model import SAE


@torch.no_grad()
def separation(
    sae: SAE, stop: Stop, mixtures: tuple[Sequence[Tensor], Sequence[Tensor]], others: Sequence[Tensor]
) -> dict[str, float]:
    """What the stop takes away at -1.

    Args:
        mixtures: latents of mixtures and of the concept in each, `[latents, frames]`.
        others: latents of sounds without the concept.

    Returns:
        `taken_in_mixtures` and `taken_alone`: the share of the concept's energy that is taken (1 all of it, negative
        does harm); `others_touched`: the energy taken from sounds without it, as a share of theirs.
    """
    mixed, wanted = mixtures
    return {
        "taken_in_mixtures": _share(sae, stop, mixed, wanted),
        "taken_alone": _share(sae, stop, wanted, wanted),
        "others_touched": _touched(sae, stop, others),
    }


def error_of(measured: dict[str, float]) -> float:
    """One number to choose between stops: what is left of the concept, in mixtures and alone, and what others lose."""
    return (1 - measured["taken_in_mixtures"]) + (1 - measured["taken_alone"]) + measured["others_touched"]


def removed(sae: SAE, stop: Stop, latents: Tensor) -> Tensor:
    """What the stop takes away at -1, in the model's own units. `[latents, frames]` -> the same."""
    bank = StopBank(sae, (stop,), "")
    values = torch.full((1, 1, latents.shape[-1]), -1.0)
    steered: Tensor = Steering(sae, bank)(latents.unsqueeze(0), values)[0]
    return latents - steered


def taken_features(sae: SAE, stop: Stop, latents: Tensor) -> Tensor:
    """The part of each feature that belongs to the stop. `[latents, frames]` -> `[frames, n_features]`."""
    steering = Steering(sae, StopBank(sae, (stop,), ""))
    z = sae.normalise(latents.T).unsqueeze(0)
    features = steering.features(z)
    off_levels = steering.gate_outputs(z, features)
    taken: Tensor = steering.taken(0, features, off_levels)[0]
    return taken


@torch.no_grad()
def features_used(sae: SAE, stop: Stop, latents: list[Tensor], least: float = 0.01) -> int:
    """How many features carry more than `least` of the mean level that the busiest one has, in what -1 takes away."""
    used = torch.zeros(sae.config.n_features)
    for z in latents:
        used += taken_features(sae, stop, z).mean(0)
    return int((used > least * used.max()).sum())


def _share(sae: SAE, stop: Stop, sources: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    error, energy = torch.zeros(()), torch.zeros(())
    for source, target in zip(sources, wanted, strict=True):
        error += (removed(sae, stop, source) - target).square().sum()
        energy += target.square().sum()
    return round(float(1 - error / energy.clamp(min=1e-12)), 4)


def _touched(sae: SAE, stop: Stop, others: Sequence[Tensor]) -> float:
    taken, energy = torch.zeros(()), torch.zeros(())
    for other in others:
        taken += removed(sae, stop, other).square().sum()
        energy += other.square().sum()
    return round(float(taken / energy.clamp(min=1e-12)), 4)
