"""Classifiers from a handful of recordings with a concept and as many without.

Key idea: with 10 + 10 recordings and hundreds of features some feature splits them perfectly by luck, so features are ranked by
their shift between the two against their spread, where the spread is shrunk towards what the feature has over all recordings
(the "fudge factor" of SAM: Tusher, Tibshirani and Chu 2001), which needs no label. Features that fall count as much as those
that rise: with rising ones alone, classifiers of permuted labels learn that something plays and come out above chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = 5
"""Most features that a few-shot classifier uses."""

Values = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
FewShotScore = Callable[[Values], Values]
"""Gives each row of `[n, d]` a score, higher where the concept is more likely: `[n]`."""

_SHRINKAGE = 0.5
_STRENGTH = 0.1  # scikit-learn's C
_LEAST_SPREAD = 1e-9


def five_features(x: Values, labels: Mask, spread: Values, count: int = FEATURES) -> FewShotScore:
    """Logistic regression on the `count` features that separate the two kinds of recordings best.

    Args:
        x: `[n, n_features]`.  labels: `[n]`.
        spread: `[n_features]`, each feature's standard deviation over recordings without labels.
    """
    return logistic(x, labels, ranked(x, labels, spread)[:count])


def ranked(x: Values, labels: Mask, spread: Values) -> NDArray[np.int64]:
    """Features, those that differ most with the concept, up or down, first: `[n_features]`."""
    with_, without = x[labels], x[~labels]
    noise = np.sqrt((with_.var(0) + without.var(0)) / 2) + _SHRINKAGE * spread + _LEAST_SPREAD
    return np.argsort(-np.abs(with_.mean(0) - without.mean(0)) / noise, kind="stable")


def logistic(x: Values, labels: Mask, chosen: NDArray[np.int64] | None = None) -> FewShotScore:
    """Logistic regression on standardised columns, with an L2 penalty.

    Args:
        chosen: the columns to use; None takes all.
    """
    from sklearn.linear_model import LogisticRegression

    columns = np.arange(x.shape[1]) if chosen is None else chosen
    x = x.astype(np.float64)  # lbfgs may stall in single precision
    centre, scale = x[:, columns].mean(0), x[:, columns].std(0) + _LEAST_SPREAD
    model = LogisticRegression(C=_STRENGTH, max_iter=500).fit((x[:, columns] - centre) / scale, labels)

    def score(rows: Values) -> Values:
        found: Values = model.decision_function((rows[:, columns] - centre) / scale)
        return found

    return score


def difference_of_means(x: Values, labels: Mask, spread: Values | float = 1.0) -> FewShotScore:
    """The projection on the mean with the concept less the mean without it (AxBench's DiffMean, arXiv 2501.17148), of columns in
    units of their `spread`."""
    units = np.square(spread) + _LEAST_SPREAD
    direction = (x[labels].mean(0) - x[~labels].mean(0)) / units
    return lambda rows: rows @ direction
