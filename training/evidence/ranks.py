"""AUROC: the chance that a recording with the concept scores above one without, and how sure that is.

Key idea: the AUROC is the mean of the matrix of pairwise wins, so a bootstrap resample is two vectors of counts around it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evidence.intervals import DIGITS
from training.evidence.section import Estimate

RESAMPLES = 500
_TAILS = (0.025, 0.975)

Values = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def auroc(scores: Values, labels: Mask) -> float:
    """The area under the ROC curve, ties counting half; NaN where a class is missing (Hanley and McNeil 1982).

    Shape: both `[n]`.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    wins = _wins(scores, labels)
    return float(wins.mean()) if wins.size else float("nan")


def auroc_of_draws(scores: Values, labels: Mask, groups: Sequence[Hashable] = (), seed: int = 0) -> Estimate:
    """The mean AUROC of several classifiers of one kind, with its 95 % bootstrap interval over both classifiers and
    recordings.

    Args:
        scores: `[draws, n]`, of each classifier on the same recordings.
        labels: `[n]`.
        groups: of each recording, what is drawn as a whole; without, each recording for itself.
    """
    if labels.all() or not labels.any():
        return Estimate(None, n=len(labels))
    wins = np.stack([_wins(each, labels) for each in scores])
    rng = np.random.default_rng(seed)
    weights = _resampled(rng, len(labels), groups)
    with_, without = weights[:, labels], weights[:, ~labels]
    chosen = _resampled(rng, len(scores), ())
    won = (wins.reshape(-1, wins.shape[-1]) @ without.T).reshape(*wins.shape[:2], RESAMPLES)
    won = np.einsum("rd,dpr,rp->r", chosen, won, with_, optimize=True)
    pairs = len(scores) * with_.sum(1) * without.sum(1)
    drawn = won[pairs > 0] / pairs[pairs > 0]
    low, high = np.quantile(drawn, _TAILS)
    return Estimate(
        round(float(wins.mean()), DIGITS), round(float(low), DIGITS), round(float(high), DIGITS), len(labels)
    )


def _wins(scores: Values, labels: Mask) -> NDArray[np.float64]:
    """1 where a recording with scores above one without, a half where they are equal: `[with, without]`."""
    difference = scores[labels][:, None] - scores[~labels][None]
    return 0.5 * (np.sign(difference) + 1)


def _resampled(rng: np.random.Generator, count: int, groups: Sequence[Hashable]) -> NDArray[np.float64]:
    """How often each item is drawn, for each resample: `[RESAMPLES, count]`."""
    numbers = {group: i for i, group in enumerate(dict.fromkeys(groups or range(count)))}
    draws = rng.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), RESAMPLES)
    return draws[:, [numbers[group] for group in groups or range(count)]].astype(np.float64)
