"""Measures a separated stop on held-out recordings, against the true parts and beside random queries."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from drawstop.progress import StepReport
from drawstop.types import JsonObject
from training.banks.separated_bank import DEEPEST_DB, SHALLOWEST_DB, SeparatedBank
from training.banks.separated_edit import AnalysisCache, RandomSeparatedEdit, SeparatedEdit
from training.metrics.separation import decibels, si_sdr

DRAWS = 5
"""Random queries per clip, for the control."""

MATERIALS = 3
"""Mixtures, solos and others."""


def measure_separation(
    bank: SeparatedBank,
    wanted: Tensor,
    rest: Tensor,
    solos: Tensor,
    others: Tensor,
    seed: int,
    progress: StepReport | None = None,
    cache: AnalysisCache | None = None,
) -> JsonObject:
    """Medians over clips, in dB; None without clips.

    Latents are those of an orthonormal transform, so that energies and ratios are those of the sound.

    Args:
        bank: a bank with the one stop that is measured.
        wanted, rest: the two parts of each mixture, latents `[clips, latents, frames]`.
        solos, others: recordings with the concept alone, and without it.
        cache: shared with other edits of the same recordings.
    """
    cache = cache or AnalysisCache(bank.separator, most=1)
    edits = [
        SeparatedEdit(bank, cache),
        *(RandomSeparatedEdit(bank, 1000 * seed + draw, cache) for draw in range(DRAWS)),
    ]
    mixtures, done = wanted + rest, 0

    def edited(edit: SeparatedEdit | RandomSeparatedEdit, latents: Tensor) -> Tensor:
        nonlocal done
        result, done = edit(latents, [-1.0]), done + 1
        if progress:
            progress(done, MATERIALS * len(edits))
        return result

    mixed = [_gain(edited(edit, mixtures), mixtures, rest) for edit in edits]
    alone = [_fall(edited(edit, solos), solos) for edit in edits]
    spared = [_fall(edited(edit, others), others) for edit in edits]
    figures: JsonObject = {
        "clips": {"mixtures": len(rest), "solos": len(solos), "others": len(others)},
        "random_draws": DRAWS,
    }
    for name, values in (("rest_gains_db", mixed), ("solo_falls_db", alone), ("others_fall_db", spared)):
        figures[name] = {"stop": _median(values[0]), "random": _median(torch.cat(values[1:]))}
    return figures


def depth_of(bank: SeparatedBank, solos: Tensor) -> float:
    """How far solos fall at -1, in dB: the median, within what a stop can state. Latents `[clips, latents, frames]`."""
    fall = _median(_fall(SeparatedEdit(bank)(solos, [-1.0]), solos))
    return min(max(fall if fall is not None else SHALLOWEST_DB, SHALLOWEST_DB), DEEPEST_DB)


def _gain(edited: Tensor, mixture: Tensor, rest: Tensor) -> Tensor:
    """By how much SI-SDR against the rest rises. `[clips, latents, frames]` -> `[clips]`."""
    return si_sdr(edited.flatten(1), rest.flatten(1)) - si_sdr(mixture.flatten(1), rest.flatten(1))


def _fall(edited: Tensor, original: Tensor) -> Tensor:
    return -decibels(edited.flatten(1), original.flatten(1))


def _median(values: Tensor) -> float | None:
    if not len(values):
        return None
    middle = float(values.double().quantile(0.5))
    return round(middle, 2) if math.isfinite(middle) else None
