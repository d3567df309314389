"""What an edit does to sound, in numbers, each with a 95 % bootstrap interval over the items."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from training.metrics.bootstrap import mean_of
from training.metrics.distances import spectral_distance

SAMPLE_RATE = 44100
Figure = dict[str, Any]


def mean_with_interval(values: Tensor, groups: Sequence[Hashable] = ()) -> Figure:
    """The mean of a tensor `[items]` with its bootstrap interval (`bootstrap.mean_of`), as a dictionary for JSON."""
    return asdict(mean_of(values.double().numpy(), groups))


def distances(first: Tensor, second: Tensor) -> Tensor:
    """`spectral_distance` of each item. `[items, samples]` twice -> `[items]`."""
    return torch.stack([spectral_distance(a[None], b[None]) for a, b in zip(first, second, strict=True)])


def distance_recovered(unsteered: Tensor, steered: Tensor, oracle: Tensor, target: Tensor) -> Figure:
    """How far the edit goes from the unsteered sound towards the oracle, in distance to the target; 1 is the oracle."""
    start, here, best = (distances(sound, target) for sound in (unsteered, steered, oracle))
    gone = (start.mean() - here.mean()) / (start.mean() - best.mean())
    each = (start - here) / (start.mean() - best.mean())
    return mean_with_interval(each) | {
        "mean": round(float(gone), 4),
        "distance_unsteered": round(float(start.mean()), 4),
        "distance_steered": round(float(here.mean()), 4),
        "distance_oracle": round(float(best.mean()), 4),
    }
