"""Demonstrates leakage: splits single moments of recordings at random, the mistake that splitting by recording avoids.

Key idea: moments of one recording are alike, so a probe trained on some recognises the others. With permuted labels
nothing can be learned; an AUROC above .5 shows the leak.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.probes.linear_probe import (
    FOLDS,
    LOGISTIC,
    Indices,
    Numbers,
    folds_of,
    out_of_fold,
    permuted_labels,
)
from training.metrics.types import Bools

MOMENTS_EACH = 12
"""Most moments of one recording: enough to show the leak."""
LEAK_PERMUTATIONS = 5


@dataclass(frozen=True)
class Leakage:
    """AUROC of single moments, split by moment and by recording.

    Attributes:
        by_moment, by_recording: with the true labels.
        dealt_by_moment, dealt_by_recording: the mean over permuted labels.
    """

    by_moment: float
    by_recording: float
    dealt_by_moment: float
    dealt_by_recording: float


def leakage(
    moments: Sequence[Numbers],
    labels: Bools,
    groups: Sequence[Hashable],
    seed: int,
    permutations: int = LEAK_PERMUTATIONS,
) -> Leakage:
    """Compares a split by moments with a split by group.

    Args:
        moments: each recording's frames or short windows, `[moments, numbers]`; some are used, evenly over time.
        labels: the label of each recording, `[n]`.
        permutations: how often labels are permuted.

    Raises:
        DrawstopError: too few recordings of a kind.
    """
    rng = np.random.default_rng(seed)
    chosen = [
        each[np.unique(np.linspace(0, len(each) - 1, MOMENTS_EACH).astype(np.int64))] for each in moments
    ]
    x = np.concatenate(chosen)
    owner = np.repeat(np.arange(len(chosen)), [len(each) for each in chosen])
    permuted = [permuted_labels(labels, groups, rng) for _ in range(permutations)]
    both = np.array([_both(x, owner, each, groups, seed) for each in [labels, *permuted]])
    (by_moment, by_recording), means = both[0], both[1:].mean(0)
    return Leakage(float(by_moment), float(by_recording), float(means[0]), float(means[1]))


def _both(
    x: Numbers, owner: Indices, labels: Bools, groups: Sequence[Hashable], seed: int
) -> tuple[float, float]:
    """AUROC with the moments split at random, and split by group."""
    of_moments, moment_groups = labels[owner], [groups[i] for i in owner]
    leaking = np.random.default_rng(seed).integers(FOLDS, size=len(x))
    found = [
        out_of_fold(LOGISTIC, x, of_moments, moment_groups, seed, folds).auroc()
        for folds in (leaking, folds_of(labels, groups, seed)[owner])
    ]
    return found[0], found[1]
