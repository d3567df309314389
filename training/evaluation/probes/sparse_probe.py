"""k-sparse probing: how well a concept is told by an SAE's k best features alone (Gurnee et al. 2023, arXiv 2305.01610).

Key idea: a dictionary is good where one feature says what a probe of all numbers says. Everything is counted by recording:
the features are chosen, and the classifier is fitted, on other recordings than those it is judged on.
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
    """What k numbers of a recording tell of a concept, cross-validated.

    Attributes:
        auroc: with a 95 % interval over recordings; .5 is chance.
        accuracy: balanced: the mean of both classes' shares.
        permuted: the mean AUROC of the same under permuted labels; None where it wasn't asked for.
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
        labels: of each recording.
        groups: what must stay on one side of a split; without: each recording for itself. They are bootstrapped whole.
        permutations: how often the whole procedure is done with permuted labels; 0 leaves it out.

    Raises:
        DrawstopError: fewer than two groups of a class.
    """
    x, y = means.double().numpy(), np.asarray(labels, dtype=bool)
    names = list(groups) if len(groups) else list(range(len(y)))
    _refuse_too_few(y, names)
    scores = held_out_scores(x, y, k, names, seed)
    by_seed = range(seed + 1, seed + 1 + permutations)
    shuffled = [_permuted(x, y, k, names, each) for each in by_seed]
    return SparseProbe(
        k,
        auroc_estimate(scores, y, names, seed=seed),
        interval(lambda places: _balanced(scores[places] > 0, y[places]), len(y), names, seed),
        round(float(np.mean(shuffled)), 4) if shuffled else None,
    )


def held_out_scores(x: Scores, y: NDArray[np.bool_], k: int, groups: Sequence[Hashable], seed: int) -> Scores:
    """The log-odds that each recording is given by a probe that never saw its group. `[recordings, columns]` ->
    `[recordings]`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    number = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    numbers = np.array([number[name] for name in groups])
    folds = min(FOLDS, *(len(set(numbers[y == side])) for side in (True, False)))
    scores = np.zeros(len(y))
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fit, judged in cut.split(x, y, numbers):
        if y[fit].all() or not y[fit].any():
            continue
        chosen = best_columns(x[fit], y[fit], k)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=_PENALTY, max_iter=1000))
        scores[judged] = model.fit(x[fit][:, chosen], y[fit]).decision_function(x[judged][:, chosen])
    return scores


def best_columns(x: Scores, y: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """The k columns whose class means are furthest apart, in standard deviations. `[recordings, columns]` -> `[k]`."""
    apart = np.abs(x[y].mean(0) - x[~y].mean(0)) / (x.std(0) + _TINY)
    return np.argsort(-apart, kind="stable")[:k]


def _permuted(x: Scores, y: NDArray[np.bool_], k: int, groups: Sequence[Hashable], seed: int) -> float:
    shuffled = np.random.default_rng(seed).permutation(y)
    return auroc(held_out_scores(x, shuffled, k, groups, seed), shuffled)


def _balanced(said: NDArray[np.bool_], labels: NDArray[np.bool_]) -> float:
    if labels.all() or not labels.any():
        return float("nan")
    return float((said[labels].mean() + (~said[~labels]).mean()) / 2)


def _refuse_too_few(labels: NDArray[np.bool_], groups: Sequence[Hashable]) -> None:
    for side, name in ((True, "with"), (False, "without")):
        found = len({group for group, label in zip(groups, labels, strict=True) if bool(label) == side})
        if found < 2:
            raise DrawstopError(
                f"expected at least 2 recordings with the concept and 2 without it to cross-validate, got {found} {name}: "
                "add recordings of tracks of their own"
            )
