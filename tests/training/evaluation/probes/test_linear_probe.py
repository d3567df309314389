"""Probes on numbers whose truth is known: Gaussian shifts, labels without meaning, recordings that can be recognised."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm

from drawstop.errors import DrawstopError
from training.evaluation.probes.linear_probe import (
    FIVE,
    LOGISTIC,
    ONE,
    PERMUTATIONS,
    SPARSE,
    Probe,
    answers,
    calibration_error,
    calibration_floor,
    fit,
    folds_of,
    out_of_fold,
    permuted,
    score,
)

CHANCE = (0.45, 0.55)
"""Bounds of the mean of 50 permutations."""


def shifted(count: int, shift: float, extra: int = 0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One number whose means lie `shift` standard deviations apart, and others that say nothing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2 == 1
    x = rng.standard_normal((count, 1 + extra))
    x[:, 0] += shift * labels
    return x, labels


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("probe", [LOGISTIC, ONE], ids=lambda probe: probe.name)
def test_auroc_of_a_gaussian_shift_lies_within_its_interval(shift: float, probe: Probe) -> None:
    x, labels = shifted(600, shift)
    seen = score(out_of_fold(probe, x, labels, range(600), 0), resamples=300).auroc
    assert seen.low is not None and seen.high is not None
    assert seen.low <= norm.cdf(shift / sqrt(2)) <= seen.high


@pytest.mark.slow
def test_accuracy_and_brier_score_of_a_gaussian_shift_lie_within_their_intervals() -> None:
    x, labels = shifted(600, 1.5)
    seen = score(out_of_fold(LOGISTIC, x, labels, range(600), 0), resamples=300)
    exact = 1 / (1 + np.exp(-1.5 * (np.random.default_rng(1).standard_normal(100000) + 0.75)))
    assert seen.accuracy.low <= norm.cdf(0.75) <= seen.accuracy.high
    assert seen.brier.low <= float(np.mean(np.square(1 - exact))) <= seen.brier.high


@pytest.mark.slow
def test_one_and_five_feature_probes_use_that_many_and_find_the_informative_one() -> None:
    x, labels = shifted(200, 2.5, extra=300)
    chosen = [set(np.flatnonzero(fit(probe, x, labels)[0].get_support())) for probe in (ONE, FIVE)]
    assert chosen[0] == {0}
    assert len(chosen[1]) == 5 and 0 in chosen[1]


@pytest.mark.slow
def test_the_sparse_probe_leaves_most_weights_at_0() -> None:
    x, labels = shifted(100, 3.0, extra=200)
    weights = fit(SPARSE, x, labels)[-1].coef_[0]
    assert weights[0] != 0
    assert np.mean(weights == 0) > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("probe", [FIVE, LOGISTIC], ids=lambda probe: probe.name)
def test_permuted_labels_are_at_chance(probe: Probe) -> None:
    x, labels = shifted(40, 3.0, extra=20)
    seen = permuted(probe, x, labels, range(40), seed=0)
    assert len(seen) == PERMUTATIONS
    assert CHANCE[0] <= seen.mean() <= CHANCE[1]


@pytest.mark.slow
def test_features_chosen_outside_the_folds_would_be_caught_by_permuted_labels() -> None:
    x, labels = shifted(40, 0.0, extra=2000)
    best = fit(FIVE, x, labels)[0].get_support()
    assert out_of_fold(LOGISTIC, x[:, best], labels, range(40), 0).auroc() > 0.8
    inside = [out_of_fold(FIVE, x, labels, range(40), seed).auroc() for seed in range(4)]
    assert np.mean(inside) < 0.7


def test_no_group_is_in_two_folds() -> None:
    groups = [f"track {i // 3}" for i in range(60)]
    folds = folds_of(np.arange(60) // 3 % 2 == 0, groups, 0)
    assert len(set(folds)) == 5
    assert all(len({fold for fold, own in zip(folds, groups, strict=True) if own == g}) == 1 for g in groups)


@pytest.mark.slow
def test_probabilities_are_calibrated_where_the_model_is_true() -> None:
    x, labels = shifted(2000, 1.5, extra=3)
    found = out_of_fold(LOGISTIC, x, labels, range(2000), 0)
    floor = calibration_floor(found.probabilities)
    assert calibration_error(found.probabilities, labels) < 2 * floor < 0.06
    overconfident = np.clip(2 * found.probabilities - 0.5, 0, 1)
    assert calibration_error(overconfident, labels) > 3 * floor


def test_calibration_error_of_two_bins_by_hand() -> None:
    p = np.array([0.15, 0.15, 0.85, 0.85])
    assert calibration_error(p, np.array([False, True, True, True])) == pytest.approx(0.35 / 2 + 0.15 / 2)


def test_scale_and_count_of_numbers_do_not_change_a_probe() -> None:
    x, labels = shifted(80, 1.0, extra=5)
    alone = answers(fit(LOGISTIC, x, labels), x)
    assert np.allclose(answers(fit(LOGISTIC, 1000 * x, labels), 1000 * x), alone, atol=1e-4)
    twice = np.concatenate([x, x], 1)
    assert np.allclose(answers(fit(LOGISTIC, twice, labels), twice), alone, atol=1e-3)


def test_same_seed_same_answers() -> None:
    x, labels = shifted(50, 1.0, extra=20)
    runs = [out_of_fold(SPARSE, x, labels, range(50), 3).probabilities for _ in range(2)]
    assert np.array_equal(runs[0], runs[1])


def test_a_constant_feature_is_never_chosen() -> None:
    x, labels = shifted(40, 0.5)
    x = np.concatenate([np.full((40, 3), 0.1), x], 1)
    assert fit(ONE, x, labels)[0].get_support().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("labels", "groups", "says"),
    [
        ([True, False], ["a", "b"], "1 with and 1 without"),
        ([True] * 20, range(20), "20 with and 0 without"),
        ([True] * 10 + [False] * 10, ["one file"] * 20, "1 with and 1 without"),
    ],
)
def test_too_few_recordings_are_refused_in_words(labels: list[bool], groups: list[str], says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        out_of_fold(LOGISTIC, np.zeros((len(labels), 2)), np.array(labels), groups, 0)
