"""The edits of a RAVE's latents that experiments compare: the stops themselves, baselines, bounds and controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.control_edits import ConstantEdit, RandomEdit
from training.banks.stop import Stop
from training.find.rave.static_addition import unit_level_mean
from training.metrics.auroc import auroc_of_columns
from training.sae.model import SAE

RANKED_FEATURES = 64
LatentEdit = Callable[[Tensor, Mapping[str, float]], Tensor]
"""Latents `[items, latents, frames]` and values by stop -> steered latents."""


@dataclass(frozen=True)
class Solos:
    """Training latents of each concept, `[frames, latents]`, and clip means of the features, to make baselines from."""

    frames: dict[str, Tensor]
    means: dict[str, Tensor]


def solo_statistics(sae: SAE, latents: Mapping[str, Tensor]) -> Solos:
    """`latents`: `[clips, latents, frames]` by concept."""
    with torch.no_grad():
        means = {
            name: torch.stack([sae.encode(sae.normalise(clip.T)).mean(0) for clip in z])
            for name, z in latents.items()
        }
    return Solos({name: z.transpose(1, 2).flatten(0, 1) for name, z in latents.items()}, means)


def by_bank(bank: StopBank) -> LatentEdit:
    """The bank's own edit."""
    return _named(bank, ConstantEdit(bank))


def static(bank: StopBank) -> LatentEdit:
    """Every stop's static counterpart: constant removal weights and write vectors, fitted on the same recordings."""
    return by_bank(replace(bank, stops=tuple(stop.static() for stop in bank.stops)))


def ranked(bank: StopBank, solos: Solos) -> LatentEdit:
    """-1 completely removes the features of the highest AUROC over clip means; +1 is the static counterpart's."""

    def rank(stop: Stop) -> Stop:
        other = [name for name in solos.means if name != stop.slug]
        means = torch.cat([solos.means[stop.slug], *(solos.means[name] for name in other)])
        labels = torch.arange(len(means)) < len(solos.means[stop.slug])
        best = auroc_of_columns(means, labels).topk(RANKED_FEATURES).indices
        weights = torch.zeros_like(stop.removal_weights).index_fill_(0, best, 1.0)
        return replace(stop.static(), removal_weights=weights)

    return by_bank(replace(bank, stops=tuple(rank(stop) for stop in bank.stops)))


def difference_of_means(bank: StopBank, solos: Solos) -> LatentEdit:
    """-1 takes away, +1 adds the concept's mean direction, at the frame's level; no SAE."""
    directions = {}
    for stop in bank.stops:
        own = unit_level_mean(solos.frames[stop.slug])
        rest = torch.stack([unit_level_mean(z) for name, z in solos.frames.items() if name != stop.slug])
        directions[stop.slug] = own - rest.mean(0)

    def edit(z: Tensor, values: Mapping[str, float]) -> Tensor:
        level = z.norm(dim=1, keepdim=True)
        return z + sum(
            (value * level * directions[name][None, :, None] for name, value in values.items()),
            torch.zeros(()),
        )

    return edit


def free_map(bank: StopBank, solos: Solos, seed: int = 0) -> LatentEdit:
    """The best linear map from a mixture's frame to the concept's, without an SAE: the bound of memoryless linear edits."""
    generator = torch.Generator().manual_seed(seed)
    maps = {}
    count = min(len(z) for z in solos.frames.values())
    shuffled = {
        name: z[torch.randperm(len(z), generator=generator)[:count]] for name, z in solos.frames.items()
    }
    mixed = sum(shuffled.values(), torch.zeros(()))
    for name, wanted in shuffled.items():
        sources, targets = torch.cat([mixed, wanted]), torch.cat([wanted, wanted])
        maps[name] = torch.linalg.lstsq(sources, targets).solution.T

    def edit(z: Tensor, values: Mapping[str, float]) -> Tensor:
        return z + sum((value * (maps[name] @ z) for name, value in values.items()), torch.zeros(()))

    return edit


def random_like(bank: StopBank, seed: int) -> LatentEdit:
    """The control: random features, each frame's edit as large as the bank's own."""
    return _named(bank, RandomEdit(bank, seed))


def by_random_sae(bank: StopBank, solos: Solos, seed: int) -> LatentEdit:
    """The control of the SAE: one with random weights, its features ranked as in `ranked`.

    Its edits are scaled to the size of the bank's own, frame by frame.
    """
    sae = random_sae(bank.sae, seed)
    own = ConstantEdit(bank)
    with torch.no_grad():
        means = {
            name: torch.stack([sae.encode(frames).mean(0) for frames in _in_clips(bank, z)])
            for name, z in solos.frames.items()
        }
    chosen = {}
    for stop in bank.stops:
        every = torch.cat([means[stop.slug], *(found for name, found in means.items() if name != stop.slug)])
        labels = torch.arange(len(every)) < len(means[stop.slug])
        best = auroc_of_columns(every, labels).topk(min(RANKED_FEATURES, every.shape[1])).indices
        chosen[stop.slug] = torch.zeros(every.shape[1]).index_fill_(0, best, 1.0)

    @torch.no_grad()
    def edit(z: Tensor, values: Mapping[str, float]) -> Tensor:
        knobs = [values.get(stop.slug, 0.0) for stop in bank.stops]
        size = (own(z, knobs) - z).norm(dim=1, keepdim=True)
        weights = sum((value * chosen[name] for name, value in values.items()), torch.zeros(()))
        features = sae.encode(bank.sae.normalise(z.transpose(1, 2))) * weights
        change = (features @ sae.W_dec).transpose(1, 2)
        return z + change * size / change.norm(dim=1, keepdim=True).clamp(min=1e-9)

    return edit


@torch.no_grad()
def random_sae(sae: SAE, seed: int, directions: Tensor | None = None) -> SAE:
    """An untrained TopK SAE for the same frames: as many active features, random directions and their transpose.

    Args:
        seed: seed of the random directions; take one that no SAE that is measured started from.
        directions: these directions instead, `[n_features, d_in]`.
    """
    made = SAE(replace(sae.config, architecture="topk", seed=seed))
    made.mean, made.scale = sae.mean, sae.scale
    if directions is not None:
        made.start_from(directions)
    return made.requires_grad_(False)


def _in_clips(bank: StopBank, frames: Tensor, length: int = 128) -> list[Tensor]:
    """Normalised frames, cut into pieces of one length. `[frames, width]` -> `[length, width]` each."""
    return [part for part in bank.sae.normalise(frames).split(length) if len(part) == length]


def _named(bank: StopBank, edit: ConstantEdit) -> LatentEdit:
    return lambda z, values: edit(z, [values.get(stop.slug, 0.0) for stop in bank.stops])
