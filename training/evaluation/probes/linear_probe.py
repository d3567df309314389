"""Linear probes: how well numbers of recordings classify a concept, on recordings that the probe never saw.

Key idea: all fitting, the choice of features too, happens inside the training folds, and a group (a track, an artist)
lies wholly in one fold.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drawstop.errors import DrawstopError
from training.metrics.auroc import auroc, auroc_estimate
from training.metrics.bootstrap import RESAMPLES, Estimate, interval
from training.metrics.types import Bools

Numbers: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

FOLDS = 5
LEAST_GROUPS = 4
"""Least number of groups with a concept, and as many without: every fold must train on some and test on others."""
BINS = 10
"""Bins of the calibration error, of equal width (Guo et al. 2017)."""
PERMUTATIONS = 50
_MOST_ITERATIONS = 5000


@dataclass(frozen=True)
class Probe:
    """A logistic regression on standardised numbers.

    Attributes:
        name: its name in tables.
        penalty: l2, or l1, which leaves most weights at 0.
        strength: the inverse of the penalty, scikit-learn's C; for l2 it is divided by the number of weights, so that
            one value suits any number.
        top: most features that it uses, those whose means differ most in the training folds; None: all.
    """

    name: str
    penalty: Literal["l2", "l1"] = "l2"
    strength: float = 10.0
    top: int | None = None


LOGISTIC = Probe("logistic")
SPARSE = Probe("sparse", "l1", 1.0)
ONE = Probe("one feature", top=1)
FIVE = Probe("five features", top=5)


def fit(probe: Probe, x: ArrayLike, labels: Bools) -> Any:
    """A fitted scikit-learn pipeline with `predict_proba`. Shape: x `[n, numbers]`, labels `[n]` of both kinds."""
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    numbers = np.asarray(x, dtype=np.float64)
    used = min(probe.top or numbers.shape[1], numbers.shape[1])
    if probe.penalty == "l1":
        model = LogisticRegression(
            C=probe.strength, l1_ratio=1.0, solver="liblinear", random_state=0, max_iter=_MOST_ITERATIONS
        )
    else:
        model = LogisticRegression(C=probe.strength / used, max_iter=_MOST_ITERATIONS)
    choice = [] if probe.top is None else [SelectKBest(_difference, k=used)]
    return make_pipeline(*choice, StandardScaler(), model).fit(numbers, labels)


def answers(fitted: Any, x: ArrayLike) -> Numbers:
    """The probability of the concept in each row. `[n, numbers]` -> `[n]` in 0..1."""
    likely: Numbers = fitted.predict_proba(np.asarray(x, dtype=np.float64))[:, 1]
    return likely


def _difference(x: Numbers, labels: Bools) -> Numbers:
    """The distance of each feature's means with and without the concept, in standard deviations; 0 for a constant."""
    one, other = x[labels], x[~labels]
    spread = np.sqrt((one.var(0) * len(one) + other.var(0) * len(other)) / len(x))
    apart = np.abs(one.mean(0) - other.mean(0))
    finest = 1e-9 * np.abs(x).max(0)
    return np.divide(apart, spread + finest, out=np.zeros_like(apart), where=apart > finest)


def folds_of(labels: Bools, groups: Sequence[Hashable], seed: int, folds: int = FOLDS) -> Indices:
    """The fold of each recording, `[n]`: no group is in two folds, and labels are spread evenly over the folds.

    Raises:
        DrawstopError: too few groups with or without the concept.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    fewest = fewest_groups(labels, groups)
    if fewest < LEAST_GROUPS:
        raise DrawstopError(
            f"expected at least {LEAST_GROUPS} different recordings with a concept and {LEAST_GROUPS} without it to "
            f"cross-validate a probe, got {_counted(labels, groups)}; 10 of each give a first answer"
        )
    names = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    numbers = [names[group] for group in groups]
    splitter = StratifiedGroupKFold(min(folds, fewest), shuffle=True, random_state=seed)
    found = np.zeros(len(labels), dtype=np.int64)
    for fold, (_, test) in enumerate(splitter.split(np.zeros(len(labels)), labels, numbers)):
        found[test] = fold
    return found


def fewest_groups(labels: Bools, groups: Sequence[Hashable]) -> int:
    """The number of groups with the concept or without it, whichever is smaller."""
    return min(
        len({g for g, own in zip(groups, labels, strict=True) if own == side}) for side in (True, False)
    )


def _counted(labels: Bools, groups: Sequence[Hashable]) -> str:
    counts = [
        len({g for g, own in zip(groups, labels, strict=True) if own == side}) for side in (True, False)
    ]
    return f"{counts[0]} with and {counts[1]} without"


@dataclass(frozen=True)
class OutOfFold:
    """A probe's probabilities for recordings that it didn't learn from.

    Attributes:
        probabilities: `[n]`.  labels: the true ones, `[n]`.  folds: `[n]`.
        groups: the group of each recording, which a bootstrap draws as a whole.
    """

    probabilities: Numbers
    labels: Bools
    folds: Indices
    groups: tuple[Hashable, ...]

    def auroc(self) -> float:
        """AUROC of the out-of-fold probabilities.

        The chance that a recording with the concept gets a higher probability than one without it in the same fold.
        Ties count half (`metrics.auroc.auroc`).
        """
        return auroc(self.probabilities, self.labels, self.folds)

    def auroc_estimate(self, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
        """`auroc` with its 95 % bootstrap interval over groups."""
        return auroc_estimate(self.probabilities, self.labels, self.groups, self.folds, seed, resamples)


def out_of_fold(
    probe: Probe,
    x: ArrayLike,
    labels: Bools,
    groups: Sequence[Hashable],
    seed: int,
    folds: Indices | None = None,
) -> OutOfFold:
    """Cross-validates a probe by group, or in other folds `[n]`. Shape: x `[n, numbers]`, labels `[n]`. Raises as `folds_of`."""
    from sklearn import config_context

    numbers = np.asarray(x, dtype=np.float64)
    folds = folds_of(labels, groups, seed) if folds is None else folds
    found = np.zeros(len(labels))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for fold in range(folds.max() + 1):
            held_out = folds == fold
            found[held_out] = _fit_and_predict(probe, numbers, labels, held_out)
    return OutOfFold(found, labels, folds, tuple(groups))


def _fit_and_predict(probe: Probe, x: Numbers, labels: Bools, held_out: Bools) -> Numbers:
    """Probabilities of the held-out rows by a probe of the others; all 0 or all 1 where the others have one label."""
    known = labels[~held_out]
    if known.all() or not known.any():
        return np.full(int(held_out.sum()), known.mean())
    return answers(fit(probe, x[~held_out], known), x[held_out])


@dataclass(frozen=True)
class Score:
    """How good a probe's probabilities are.

    Attributes:
        auroc: see `OutOfFold.auroc`.
        accuracy: share of right predictions, at a threshold of .5.
        calibration_error: see `calibration_error`.  floor: its value if the probabilities were exact.
        brier: mean squared difference of probability and label: 0 is best, .25 is that of always saying .5.
    """

    auroc: Estimate
    accuracy: Estimate
    calibration_error: Estimate
    floor: float
    brier: Estimate


def score(found: OutOfFold, seed: int = 0, resamples: int = RESAMPLES) -> Score:
    """The scores with 95 % bootstrap intervals over groups."""
    p, y = found.probabilities, found.labels
    count, groups = len(y), found.groups
    right, squares = (p > 0.5) == y, np.square(p - y)
    bounds = partial(interval, count=count, groups=groups, seed=seed, resamples=resamples)
    return Score(
        found.auroc_estimate(seed, resamples),
        bounds(lambda indices: float(right[indices].mean())),
        bounds(lambda indices: calibration_error(p[indices], y[indices])),
        calibration_floor(p, seed),
        bounds(lambda indices: float(squares[indices].mean())),
    )


def calibration_error(probabilities: Numbers, labels: Bools) -> float:
    """Expected calibration error: mean distance of probabilities and shares of positives (Guo et al. 2017, eq. 3)."""
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    surplus = np.bincount(bins, weights=probabilities - labels, minlength=BINS)
    return float(np.abs(surplus).sum() / len(labels))


def calibration_floor(probabilities: Numbers, seed: int = 0, draws: int = 200) -> float:
    """The `calibration_error` of as many recordings with exact probabilities: labels are drawn from them."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((draws, len(probabilities))) < probabilities
    return float(np.mean([calibration_error(probabilities, labels) for labels in drawn]))


def permuted(
    probe: Probe,
    x: ArrayLike,
    labels: Bools,
    groups: Sequence[Hashable],
    seed: int,
    permutations: int = PERMUTATIONS,
) -> Numbers:
    """AUROC of the same probe and folds with permuted labels, `[permutations]`: about .5, unless the procedure leaks.

    Where each group has one label, groups are permuted, so that a leak by group would show.
    """
    rng, folds = np.random.default_rng(seed), folds_of(labels, groups, seed)
    drawn = [permuted_labels(labels, groups, rng) for _ in range(permutations)]
    return np.array([out_of_fold(probe, x, each, groups, seed, folds).auroc() for each in drawn])


def permuted_labels(labels: Bools, groups: Sequence[Hashable], rng: np.random.Generator) -> Bools:
    """The labels, permuted: by group where each group has one label, else by recording."""
    of_group: dict[Hashable, set[bool]] = {}
    for group, label in zip(groups, labels.tolist(), strict=True):
        of_group.setdefault(group, set()).add(label)
    if any(len(kinds) > 1 for kinds in of_group.values()):
        return rng.permutation(labels)
    permutation = rng.permutation([next(iter(kinds)) for kinds in of_group.values()])
    by_group = dict(zip(of_group, permutation, strict=True))
    return np.array([by_group[group] for group in groups], dtype=bool)
