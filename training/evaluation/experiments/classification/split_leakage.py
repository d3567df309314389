"""What a split by moments would claim: the mistake that splitting by recording avoids, made on purpose.

Key idea: moments of one recording are alike, so a probe that has seen some of them recognises the recording, whatever its
label says. With labels dealt anew there is nothing to find; whoever finds something has leaked.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.probes.linear_probe import (
    FOLDS,
    LOGISTIC,
    Numbers,
    Places,
    auroc,
    folds_of,
    out_of_fold,
    shuffled,
)
from training.metrics.types import Bools

MOMENTS_EACH = 12
"""Of a recording, at most: as many as show the mistake."""
DEALS = 5


@dataclass(frozen=True)
class Leakage:
    """AUROC of single moments, split by moment and by recording; of the true labels, and the mean over labels dealt anew."""

    by_moment: float
    by_recording: float
    dealt_by_moment: float
    dealt_by_recording: float


def leakage(
    moments: Sequence[Numbers], labels: Bools, groups: Sequence[Hashable], seed: int, deals: int = DEALS
) -> Leakage:
    """Compares a split by moments with a split by group.

    Args:
        moments: of each recording, frames or short windows, `[moments, numbers]`; some are taken, evenly over time.
        labels: of each recording, `[n]`.
        deals: how often labels are dealt anew.

    Raises:
        DrawstopError: too few recordings of a kind.
    """
    rng = np.random.default_rng(seed)
    chosen = [
        each[np.unique(np.linspace(0, len(each) - 1, MOMENTS_EACH).astype(np.int64))] for each in moments
    ]
    x = np.concatenate(chosen)
    owner = np.repeat(np.arange(len(chosen)), [len(each) for each in chosen])
    dealt = [shuffled(labels, groups, rng) for _ in range(deals)]
    both = np.array([_both(x, owner, each, groups, seed) for each in [labels, *dealt]])
    (by_moment, by_recording), means = both[0], both[1:].mean(0)
    return Leakage(float(by_moment), float(by_recording), float(means[0]), float(means[1]))


def _both(
    x: Numbers, owner: Places, labels: Bools, groups: Sequence[Hashable], seed: int
) -> tuple[float, float]:
    of_moments, moment_groups = labels[owner], [groups[i] for i in owner]
    leaking = np.random.default_rng(seed).integers(FOLDS, size=len(x))
    found = [
        auroc(out_of_fold(LOGISTIC, x, of_moments, moment_groups, seed, folds))
        for folds in (leaking, folds_of(labels, groups, seed)[owner])
    ]
    return found[0], found[1]
