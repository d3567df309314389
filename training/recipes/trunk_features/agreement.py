"""Stops by an SAE's features beyond one seed: are the features found again, do the knobs agree, do two work at once?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from drawstop.types import JsonObject
from training.metrics.separation import decibels
from training.recipes.trunk_features.dictionaries import Dictionary
from training.recipes.trunk_features.stops import FeatureStop, moved
from training.separation.separator import Analysis, Separator

SAME = 0.7
"""Cosine from which two directions count as one."""

Knob = tuple[Dictionary, FeatureStop]


def found_again(first: Knob, second: Knob) -> JsonObject:
    """The share of a stop's features that the other dictionary, and the other stop, have too, weighted by their scales.

    Two features count as the same from a cosine of `SAME` between their directions.
    """
    own = functional.normalize(first[0].directions[first[1].indices], dim=1)
    every = functional.normalize(second[0].directions, dim=1)
    chosen = every[second[1].indices]
    weights = first[1].scales.abs() / first[1].scales.abs().sum()
    anywhere, in_stop = ((own @ other.T).amax(1) >= SAME for other in (every, chosen))
    return {
        "in_dictionary": round(float(anywhere.float().mean()), 3),
        "in_stop": round(float(in_stop.float().mean()), 3),
        "in_stop_weighted": round(float((in_stop * weights).sum()), 3),
    }


@torch.no_grad()
def falls(
    separator: Separator, question: Tensor, analysis: Analysis, latents: Tensor, knobs: list[Knob]
) -> Tensor:
    """The fall of each clip in dB with knobs at -1, one after the other. `[clips]`."""
    left = latents
    for dictionary, stop in knobs:
        if left is not latents:
            analysis = analysis._replace(frames=separator.last_frames(left))
        trunk = moved(analysis.trunk, dictionary, stop)
        shares, _ = separator.head(trunk, analysis.detail, question.expand(len(trunk), -1))
        left = left - separator.filtered(analysis, shares)
    return -decibels(left.flatten(1), latents.flatten(1))


def agreement(first: Tensor, second: Tensor) -> JsonObject:
    """Two knobs' falls of the same clips: correlation, and the median difference in dB."""
    return {
        "correlation": round(float(np.corrcoef(first.numpy(), second.numpy())[0, 1]), 3),
        "difference_db": round(float((first - second).abs().median()), 2),
    }


def without(dictionary: Dictionary, taken: Tensor) -> Dictionary:
    """A dictionary without some of its features, given by their indices."""
    kept = torch.ones(len(dictionary.directions), dtype=torch.bool)
    kept[taken] = False
    return replace(
        dictionary,
        encode=lambda x: dictionary.encode(x)[..., kept],
        directions=dictionary.directions[kept],
    )
