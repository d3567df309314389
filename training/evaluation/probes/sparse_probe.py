"""k-sparse probing: how well an SAE's k best features alone classify a concept (Gurnee et al. 2023, arXiv 2305.01610).

Key idea: a dictionary is good where one feature classifies as well as a probe of all numbers. Splits are by recording:
the features are chosen, and the classifier is fitted, on other recordings than those it is tested on.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from drawstop.errors import DrawstopError
from training.metrics.auroc import auroc, auroc_estimate
from training.metrics.bootstrap import Estimate, interval

KS = (1, 5, 20)
FOLDS = 5
PERMUTATIONS = 10
_PENALTY = 1.0  # of standardised features: scikit-learn's default C
_TINY = 1e-12

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class SparseProbe:
    """How well k numbers of a recording classify a concept, cross-validated.

    Attributes:
        auroc: with a 95 % interval over recordings; .5 is chance.
        accuracy: balanced: the mean of both classes' shares of right predictions.
        permuted: the mean AUROC of the same procedure with permuted labels; None where it wasn't measured.
    """

    k: int
    auroc: Estimate
    accuracy: Estimate
    permuted: float | None


def probe(
    means: Tensor,
    labels: Sequence[bool],
    k: int,
    groups: Sequence[Hashable] = (),
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> SparseProbe:
    """Cross-validates a probe of the k best columns.

    Args:
        means: clip means `[recordings, columns]`.
        labels: whether each recording has the concept.
        groups: the group of each recording: it stays on one side of a split and is bootstrapped whole. Without groups,
            every recording is its own.
        permutations: how often the whole procedure is repeated with permuted labels.

    Raises:
        DrawstopError: fewer than two groups of a class.
    """
    x, y = means.double().numpy(), np.asarray(labels, dtype=bool)
    names = list(groups) if len(groups) else list(range(len(y)))
    _refuse_too_few(y, names)
    scores = held_out_scores(x, y, k, names, seed)
    by_seed = range(seed + 1, seed + 1 + permutations)
    permuted = [_permuted(x, y, k, names, each) for each in by_seed]
    return SparseProbe(
        k,
        auroc_estimate(scores, y, names, seed=seed),
        interval(lambda indices: _balanced(scores[indices] > 0, y[indices]), len(y), names, seed),
        round(float(np.mean(permuted)), 4) if permuted else None,
    )


def held_out_scores(x: Scores, y: NDArray[np.bool_], k: int, groups: Sequence[Hashable], seed: int) -> Scores:
    """Each recording's log-odds by a probe that never saw its group. `[recordings, columns]` -> `[recordings]`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    number = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    numbers = np.array([number[name] for name in groups])
    folds = min(FOLDS, *(len(set(numbers[y == side])) for side in (True, False)))
    scores = np.zeros(len(y))
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fit, held_out in cut.split(x, y, numbers):
        if y[fit].all() or not y[fit].any():
            continue
        chosen = best_columns(x[fit], y[fit], k)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=_PENALTY, max_iter=1000))
        scores[held_out] = model.fit(x[fit][:, chosen], y[fit]).decision_function(x[held_out][:, chosen])
    return scores


def best_columns(x: Scores, y: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """The k columns whose class means are furthest apart, in standard deviations. `[recordings, columns]` -> `[k]`."""
    apart = np.abs(x[y].mean(0) - x[~y].mean(0)) / (x.std(0) + _TINY)
    return np.argsort(-apart, kind="stable")[:k]


def _permuted(x: Scores, y: NDArray[np.bool_], k: int, groups: Sequence[Hashable], seed: int) -> float:
    labels = np.random.default_rng(seed).permutation(y)
    return auroc(held_out_scores(x, labels, k, groups, seed), labels)


def _balanced(predicted: NDArray[np.bool_], labels: NDArray[np.bool_]) -> float:
    if labels.all() or not labels.any():
        return float("nan")
    return float((predicted[labels].mean() + (~predicted[~labels]).mean()) / 2)


def _refuse_too_few(labels: NDArray[np.bool_], groups: Sequence[Hashable]) -> None:
    for side, name in ((True, "with"), (False, "without")):
        found = len({group for group, label in zip(groups, labels, strict=True) if bool(label) == side})
        if found < 2:
            raise DrawstopError(
                f"expected at least 2 recordings with the concept and 2 without it to cross-validate, got {found} {name}: "
                "add recordings of tracks of their own"
            )
