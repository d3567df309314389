"""Stops whose only free numbers are scales of a dictionary's activities.

Every stop asks the head the same question, the mean of all queries that the network was trained on. What tells one stop from
another is how it scales activities: with scales a of activities f of directions d, the head reads

    trunk + sum_i a_i f_i(trunk) d_i

From all activities the weakest are left out step by step, and what stays is fitted once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.find.separated.fit import AnalysedMixtures
from training.recipes.trunk_features.dictionaries import Dictionary
from training.separation.loss import share_loss
from training.separation.separator import Separator

COUNTS = (32, 8, 1)
"""Activities that a stop may scale, after all of them."""
STEPS, STEPS_EACH, BATCH, RATE = 200, 80, 12, 0.05


@dataclass(frozen=True)
class FeatureStop:
    """Activities and the scales they are given. Both `[count]`."""

    indices: Tensor
    scales: Tensor


def moved(trunk: Tensor, dictionary: Dictionary, stop: FeatureStop) -> Tensor:
    """The trunk as a stop scales it. `[..., channels]` -> the same."""
    activities = dictionary.encode(trunk)[..., stop.indices]
    return trunk + (activities * stop.scales) @ dictionary.directions[stop.indices]


def stops_by_count(
    separator: Separator,
    question: Tensor,
    dictionary: Dictionary,
    pool: AnalysedMixtures,
    generator: torch.Generator,
) -> Iterator[tuple[str, FeatureStop]]:
    """A stop of all activities, then ones of fewer and fewer.

    Args:
        question: the query that every stop asks, `[query_size]`.
        pool: mixtures to fit on.
    """
    with torch.no_grad():
        activities = dictionary.encode(pool.trunk)
    strength = activities.square().mean((0, 1)).sqrt() * dictionary.directions.norm(dim=1)
    stop = FeatureStop(torch.arange(len(strength)), torch.zeros(len(strength)))
    for count in (len(strength), *COUNTS):
        if count < len(stop.indices):
            kept = (stop.scales.abs() * strength[stop.indices]).topk(count).indices
            stop = FeatureStop(stop.indices[kept], stop.scales[kept])
        steps = STEPS if count == len(strength) else STEPS_EACH
        chosen = activities[..., stop.indices], dictionary.directions[stop.indices]
        scales = _fitted(separator, question, chosen, stop.scales, pool, steps, generator)
        stop = FeatureStop(stop.indices, scales)
        yield ("all" if count == len(strength) else str(count)), stop


def _fitted(
    separator: Separator,
    question: Tensor,
    chosen: tuple[Tensor, Tensor],
    start: Tensor,
    pool: AnalysedMixtures,
    steps: int,
    generator: torch.Generator,
) -> Tensor:
    activities, directions = chosen
    scales = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([scales], lr=RATE, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, RATE / 20)
    for _ in range(steps):
        drawn = torch.randint(len(pool.trunk), (BATCH,), generator=generator)
        trunk = pool.trunk[drawn] + (activities[drawn] * scales) @ directions
        shares, _ = separator.head(trunk, pool.maps[drawn].float(), question.expand(BATCH, -1))
        optimizer.zero_grad()
        share_loss(shares, pool.own[drawn], pool.rest[drawn], calibration=0.0).backward()
        optimizer.step()
        schedule.step()
    return scales.detach()
