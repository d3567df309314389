"""What a stop by features does on held-out sound: its concept's solos, others', and what stays of mixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.types import JsonObject
from training.metrics.separation import decibels, si_sdr
from training.recipes.separator.measure.figures import estimate
from training.separation.separator import Analysis, Separator

Shares = Callable[[Tensor, Tensor], Tensor]
"""A function that computes each band's share from the trunk's output and its maps; `Head` is one."""


@dataclass(frozen=True)
class HeldOut:
    """Latents `[clips, latents, frames]` of a concept and of others, and what the separator makes of them and of their sums."""

    wanted: Tensor
    rest: Tensor
    solos: Analysis
    others: Analysis
    mixtures: Analysis


@torch.no_grad()
def held_out(separator: Separator, wanted: Tensor, rest: Tensor) -> HeldOut:
    """The held-out sounds, analysed once for all stops."""
    return HeldOut(wanted, rest, *(separator.analyse(each) for each in (wanted, rest, wanted + rest)))


@torch.no_grad()
def measured(separator: Separator, sounds: HeldOut, shares: Shares) -> JsonObject:
    """Means with 95 % intervals and medians over clips, in dB."""

    def left(analysis: Analysis, latents: Tensor) -> Tensor:
        return (latents - separator.filtered(analysis, shares(analysis.trunk, analysis.detail))).flatten(1)

    wanted, rest, mixture = sounds.wanted.flatten(1), sounds.rest.flatten(1), sounds.wanted + sounds.rest
    before = si_sdr(mixture.flatten(1), rest)
    return {
        "solo_falls_db": estimate(-decibels(left(sounds.solos, sounds.wanted), wanted)),
        "others_fall_db": estimate(-decibels(left(sounds.others, sounds.rest), rest)),
        "rest_gains_db": estimate(si_sdr(left(sounds.mixtures, mixture), rest) - before),
    }
