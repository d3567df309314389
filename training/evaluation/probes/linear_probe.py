"""Linear probes: how well a concept is read from numbers of recordings, by recordings that the probe never saw.

Key idea: everything that a probe is made of, the choice of features too, happens inside the training folds, and a group
(a track, an artist) lies wholly in one fold.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drawstop.errors import DrawstopError
from training.metrics import auroc as ranks
from training.metrics.bootstrap import RESAMPLES, Estimate, interval
from training.metrics.types import Bools

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

FOLDS = 5
LEAST_GROUPS = 4
"""Recordings with and without a concept, of different groups: each fold must learn from some and ask others."""
BINS = 10
"""Of the calibration error, of equal width (Guo et al. 2017)."""
PERMUTATIONS = 50
_MOST_ITERATIONS = 5000


@dataclass(frozen=True)
class Probe:
    """A logistic regression on standardised numbers.

    Attributes:
        name: what tables call it.
        penalty: l2, or l1, which leaves most weights at 0.
        strength: the inverse of the penalty, scikit-learn's C: of l2 for the mean over weights, so that it says the same
            whatever their count.
        top: how many features it may use, those whose means differ most in the training fold; None: all.
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
    """How likely the concept is in each row. `[n, numbers]` -> `[n]` in 0..1."""
    likely: Numbers = fitted.predict_proba(np.asarray(x, dtype=np.float64))[:, 1]
    return likely


def _difference(x: Numbers, labels: Bools) -> Numbers:
    """How far apart each feature's means with and without lie, in standard deviations; 0 for a constant."""
    one, other = x[labels], x[~labels]
    spread = np.sqrt((one.var(0) * len(one) + other.var(0) * len(other)) / len(x))
    apart = np.abs(one.mean(0) - other.mean(0))
    finest = 1e-9 * np.abs(x).max(0)
    return np.divide(apart, spread + finest, out=np.zeros_like(apart), where=apart > finest)


def folds_of(labels: Bools, groups: Sequence[Hashable], seed: int, folds: int = FOLDS) -> Places:
    """The fold of each recording, `[n]`: no group in two folds, and the labels dealt evenly.

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
    dealer = StratifiedGroupKFold(min(folds, fewest), shuffle=True, random_state=seed)
    found = np.zeros(len(labels), dtype=np.int64)
    for fold, (_, test) in enumerate(dealer.split(np.zeros(len(labels)), labels, numbers)):
        found[test] = fold
    return found


def fewest_groups(labels: Bools, groups: Sequence[Hashable]) -> int:
    """How many groups the rarer side has."""
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
    """A probe's answers about recordings that it didn't learn from.

    Attributes:
        probabilities: `[n]`.  labels: what is true, `[n]`.  folds: `[n]`.
        groups: what a bootstrap draws as a whole.
    """

    probabilities: Numbers
    labels: Bools
    folds: Places
    groups: tuple[Hashable, ...]


def out_of_fold(
    probe: Probe,
    x: ArrayLike,
    labels: Bools,
    groups: Sequence[Hashable],
    seed: int,
    folds: Places | None = None,
) -> OutOfFold:
    """Cross-validates a probe by group, or in other folds `[n]`. Shape: x `[n, numbers]`, labels `[n]`. Raises as `folds_of`."""
    from sklearn import config_context

    numbers = np.asarray(x, dtype=np.float64)
    folds = folds_of(labels, groups, seed) if folds is None else folds
    found = np.zeros(len(labels))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for fold in range(folds.max() + 1):
            asked = folds == fold
            found[asked] = _learn_and_ask(probe, numbers, labels, asked)
    return OutOfFold(found, labels, folds, tuple(groups))


def _learn_and_ask(probe: Probe, x: Numbers, labels: Bools, asked: Bools) -> Numbers:
    """Answers about some rows from the others; their share of the label, where they have one kind only."""
    known = labels[~asked]
    if known.all() or not known.any():
        return np.full(int(asked.sum()), known.mean())
    return answers(fit(probe, x[~asked], known), x[asked])


@dataclass(frozen=True)
class Score:
    """How good a probe's answers are.

    Attributes:
        auroc: see `auroc`.
        accuracy: share of right answers, at a probability of .5.
        calibration_error: see `calibration_error`.  floor: what it would be, were the probabilities exact.
        brier: mean square of probability less truth: 0 is best, .25 is to say .5 always.
    """

    auroc: Estimate
    accuracy: Estimate
    calibration_error: Estimate
    floor: float
    brier: Estimate


def score(found: OutOfFold, seed: int = 0, resamples: int = RESAMPLES) -> Score:
    """The figures with 95 % bootstrap intervals over groups."""
    p, y = found.probabilities, found.labels
    count, groups = len(y), found.groups
    right, squares = (p > 0.5) == y, np.square(p - y)
    bounds = partial(interval, count=count, groups=groups, seed=seed, resamples=resamples)
    return Score(
        auroc_estimate(found, seed, resamples),
        bounds(lambda places: float(right[places].mean())),
        bounds(lambda places: calibration_error(p[places], y[places])),
        calibration_floor(p, seed),
        bounds(lambda places: float(squares[places].mean())),
    )


def auroc(found: OutOfFold) -> float:
    """The chance that a recording with the concept is found likelier to have it than one of its fold without, ties counted
    half; see `ranks.line_of`."""
    return ranks.auroc(found.probabilities, found.labels, found.folds)


def auroc_estimate(found: OutOfFold, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """`auroc` with its 95 % bootstrap interval over groups."""
    return ranks.auroc_estimate(found.probabilities, found.labels, found.groups, found.folds, seed, resamples)


def calibration_error(probabilities: Numbers, labels: Bools) -> float:
    """Expected calibration error: how far, on average, shares of truth lie from the probabilities (Guo et al. 2017, eq. 3)."""
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    surplus = np.bincount(bins, weights=probabilities - labels, minlength=BINS)
    return float(np.abs(surplus).sum() / len(labels))


def calibration_floor(probabilities: Numbers, seed: int = 0, draws: int = 200) -> float:
    """What `calibration_error` is for so few recordings if the probabilities are exact: labels drawn from them."""
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
    """AUROC of the same probe in the same folds where labels are dealt anew, `[permutations]`: about .5, or the way of
    testing leaks.

    A group whose recordings share their label keeps them together, so that knowing the group would help, were it possible.
    """
    rng, folds = np.random.default_rng(seed), folds_of(labels, groups, seed)
    dealt = [shuffled(labels, groups, rng) for _ in range(permutations)]
    return np.array([auroc(out_of_fold(probe, x, each, groups, seed, folds)) for each in dealt])


def shuffled(labels: Bools, groups: Sequence[Hashable], rng: np.random.Generator) -> Bools:
    """The labels in another order: by group where each group has one label, else by recording."""
    of_group: dict[Hashable, set[bool]] = {}
    for group, label in zip(groups, labels.tolist(), strict=True):
        of_group.setdefault(group, set()).add(label)
    if any(len(kinds) > 1 for kinds in of_group.values()):
        return rng.permutation(labels)
    dealt = rng.permutation([next(iter(kinds)) for kinds in of_group.values()])
    by_group = dict(zip(of_group, dealt, strict=True))
    return np.array([by_group[group] for group in groups], dtype=bool)
