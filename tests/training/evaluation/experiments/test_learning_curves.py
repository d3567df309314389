"""Learning from a few examples, on planted data whose AUROC is known."""

from dataclasses import replace
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from drawstop.errors import DrawstopError
from training.evaluation.experiments.learning_curves.experiment import (
    CHANCE,
    PERMUTED,
    few_examples,
)
from training.evaluation.experiments.learning_curves.samples import (
    LOG_MEL,
    MEANS,
    PERMUTATIONS,
    RANDOM_FEATURES,
    RANDOM_SAE,
    SAE_FEATURES,
    LabelledFeatures,
    permuted_aurocs,
    scores_of,
)
from training.evaluation.experiments.training_sound.experiment import training_growth
from training.evaluation.probes.few_shot import difference_of_means, logistic, ranked
from training.evaluation.results import from_json, to_json
from training.metrics.auroc import auroc, auroc_of_draws

SHIFT = 1.2
"""Standard deviations by which each of a concept's planted features is raised where it sounds."""
PLANTED = {"reed": (3, 11, 30), "drums": (7, 20)}
N_FEATURES = 60
SIDES = {"train": 500, "test": 800}
SAMPLING = 0.03
"""Tolerance of an AUROC of 400 + 400 recordings: three standard errors (Hanley and McNeil 1982)."""


def known_auroc(planted: int) -> float:
    """The AUROC of the best classifier of Gaussians that are `SHIFT` apart in `planted` independent features."""
    return float(norm.cdf(SHIFT * sqrt(planted) / sqrt(2)))


@pytest.fixture(scope="module")
def planted() -> LabelledFeatures:
    rng = np.random.default_rng(0)
    count = sum(SIDES.values())
    labels = rng.random((count, 2)) < 0.5
    features = rng.standard_normal((count, N_FEATURES))
    for column, places in enumerate(PLANTED.values()):
        features[:, places] += SHIFT * labels[:, [column]]
    return LabelledFeatures(
        features=features,
        raw=rng.standard_normal((count, 4)) + 2.0 * labels[:, [0]] * np.array([1, 0, 0, 0]),
        mel=rng.standard_normal((count, 6)),
        labels=labels,
        concepts=tuple(PLANTED),
        splits=["train"] * SIDES["train"] + ["test"] * SIDES["test"],
        random_features=rng.standard_normal((count, N_FEATURES)),
        parts={"some": np.arange(count) % 2 == 0},
    )


def _fewer(examples: LabelledFeatures, tests: int) -> LabelledFeatures:
    """The same with fewer test recordings."""
    kept = slice(0, SIDES["train"] + tests)
    arrays = ("features", "raw", "mel", "labels", "random_features", "splits")
    changed: dict[str, Any] = {name: getattr(examples, name)[kept] for name in arrays}
    return replace(examples, **changed, parts={name: mask[kept] for name, mask in examples.parts.items()})


def mean_auroc(examples: LabelledFeatures, concept: str, size: int, method: str) -> float:
    labels = examples.labels_of(concept)[examples.rows("test")]
    return float(np.mean([auroc(scores, labels) for scores in scores_of(examples, concept, size, 5)[method]]))


@pytest.mark.slow
@pytest.mark.parametrize("concept", PLANTED)
def test_with_many_examples_five_features_reach_the_known_auroc(
    planted: LabelledFeatures, concept: str
) -> None:
    found = mean_auroc(planted, concept, 200, SAE_FEATURES)
    assert found == pytest.approx(known_auroc(len(PLANTED[concept])), abs=SAMPLING)


@pytest.mark.slow
def test_more_examples_never_do_worse_than_the_noise_allows_and_two_do_clearly_worse(
    planted: LabelledFeatures,
) -> None:
    curve = [mean_auroc(planted, "reed", size, SAE_FEATURES) for size in (2, 10, 50, 200)]
    assert curve[0] < curve[2] - 0.1
    assert all(later > earlier - SAMPLING for earlier, later in pairwise(curve))


@pytest.mark.slow
def test_what_holds_no_trace_of_a_concept_stays_at_chance(planted: LabelledFeatures) -> None:
    for method in (LOG_MEL, RANDOM_SAE):
        assert mean_auroc(planted, "reed", 20, method) == pytest.approx(0.5, abs=0.05)
    assert mean_auroc(planted, "drums", 20, MEANS) == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_difference_of_means_reaches_the_known_auroc_of_its_one_direction(planted: LabelledFeatures) -> None:
    assert mean_auroc(planted, "reed", 200, MEANS) == pytest.approx(norm.cdf(sqrt(2)), abs=SAMPLING)


def test_random_features_do_worse_than_chosen_ones(planted: LabelledFeatures) -> None:
    chosen, random = (mean_auroc(planted, "reed", 50, method) for method in (SAE_FEATURES, RANDOM_FEATURES))
    assert chosen > random + 0.15


@pytest.mark.slow
def test_classifiers_of_permuted_labels_are_at_chance_on_average(planted: LabelledFeatures) -> None:
    found = permuted_aurocs(planted, 10)
    assert len(found) == PERMUTATIONS
    assert CHANCE[0] <= float(np.mean(found)) <= CHANCE[1]


@pytest.mark.slow
def test_permuted_labels_are_at_chance_for_a_rare_concept_with_features_of_its_own(
    planted: LabelledFeatures,
) -> None:
    rng = np.random.default_rng(7)
    labels = rng.random(planted.labels.shape) < 0.1
    features = np.maximum(rng.standard_normal(planted.features.shape) - 1.5, 0)
    for column in range(2):
        features[:, 10 * column : 10 * column + 10] += (
            rng.exponential(1.0, (len(labels), 10)) * labels[:, [column]]
        )
    found = permuted_aurocs(replace(planted, features=features, labels=labels), 10)
    assert CHANCE[0] <= float(np.mean(found)) <= CHANCE[1]


def test_a_draw_is_balanced_of_training_recordings_and_the_same_for_the_same_seed(
    planted: LabelledFeatures,
) -> None:
    rows = planted.draw("reed", 10, 0, seed=0)
    assert rows is not None
    labels = planted.labels_of("reed")[rows]
    assert labels[:10].all() and not labels[10:].any()
    assert len(set(rows)) == 20 and rows.max() < SIDES["train"]
    assert np.array_equal(rows, planted.draw("reed", 10, 0, seed=0))  # type: ignore[arg-type]
    assert not np.array_equal(rows, planted.draw("reed", 10, 1, seed=0))  # type: ignore[arg-type]


def test_test_recordings_never_touch_what_is_learned(planted: LabelledFeatures) -> None:
    changed = replace(planted, features=planted.features.copy())
    changed.features[changed.rows("test")[0]] += 100.0
    before, after = (scores_of(each, "reed", 10, 2)[SAE_FEATURES] for each in (planted, changed))
    assert np.array_equal(before[:, 1:], after[:, 1:])


@pytest.mark.slow
def test_auroc_equals_scikit_learns_with_and_without_ties() -> None:
    from sklearn.metrics import roc_auc_score  # seconds

    rng = np.random.default_rng(1)
    labels = rng.random(200) < 0.3
    for scores in (rng.standard_normal(200), rng.integers(0, 4, 200).astype(float)):
        assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


@pytest.mark.slow
def test_the_interval_holds_the_true_auroc_in_about_95_of_100_samples() -> None:
    rng, held, truth = np.random.default_rng(2), 0, float(norm.cdf(1 / sqrt(2)))
    for seed in range(100):
        labels = np.arange(80) < 40
        estimate = auroc_of_draws((rng.standard_normal(80) + labels)[None], labels, seed=seed)
        assert estimate.low is not None and estimate.high is not None
        held += estimate.low <= truth <= estimate.high
    assert 87 <= held <= 100


def test_an_interval_over_groups_is_wider_where_a_group_speaks_with_one_voice() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(20) % 2 == 0, 10)
    scores = np.repeat(rng.standard_normal(20), 10) + labels
    alone, grouped = (
        auroc_of_draws(scores[None], labels, g) for g in ((), list(np.repeat(np.arange(20), 10)))
    )
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)  # type: ignore[operator]


def test_features_that_rise_and_features_that_fall_are_ranked_before_those_that_stay() -> None:
    labels = np.arange(40) < 20
    x = np.random.default_rng(4).standard_normal((40, 8))
    x[:, 2] += 5 * labels
    x[:, 5] -= 5 * labels
    assert set(ranked(x, labels, np.ones(8))[:2]) == {2, 5}


def test_both_kinds_of_classifier_point_towards_the_concept() -> None:
    labels = np.arange(40) < 20
    x = np.random.default_rng(5).standard_normal((40, 3)) + 3.0 * labels[:, None]
    for learn in (logistic, difference_of_means):
        assert auroc(learn(x, labels)(x), labels) > 0.95


@pytest.mark.slow
def test_the_section_says_who_reached_the_goal_and_comes_back_from_json_the_same_each_time(
    planted: LabelledFeatures,
) -> None:
    planted = _fewer(planted, 120)
    result, again = (few_examples(planted, sizes=(2, 10, 1000), quick=True) for _ in range(2))
    assert result == again
    assert from_json(to_json(result)) == result
    assert list(result.metrics["growth"]) == ["2", "10"]
    goal, chance = result.goals
    assert not goal.reached and "0 of 2 concepts" in goal.seen
    assert chance.reached
    assert CHANCE[0] <= result.metrics[PERMUTED]["mean"] <= CHANCE[1]
    assert set(result.metrics["parts"]["some"]) == set(PLANTED)


def test_more_training_shows_as_a_rising_curve(planted: LabelledFeatures) -> None:
    noise = 3 * np.random.default_rng(6).standard_normal(planted.features.shape)
    result = training_growth({1.0: planted.features + noise, 16.0: planted.features}, planted, quick=True)
    short, long = (result.metrics["auroc"][minutes]["mean"] for minutes in ("1", "16"))
    assert long > short + 0.1


@pytest.mark.parametrize(
    "change, says",
    [
        ({"mel": np.zeros((3, 6))}, "expected a row for each of"),
        ({"concepts": ("reed",)}, "expected labels of 1 concepts, got 2"),
        ({"groups": ["a"]}, "expected a row for each of"),
    ],
)
def test_rows_that_do_not_belong_together_are_refused(
    planted: LabelledFeatures, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(DrawstopError, match=says):
        replace(planted, **change)


def test_too_few_recordings_are_said_so(planted: LabelledFeatures) -> None:
    with pytest.raises(DrawstopError, match="too few recordings"):
        few_examples(planted, sizes=(5000,))
    with pytest.raises(DrawstopError, match="too few recordings"):
        few_examples(replace(planted, labels=np.ones_like(planted.labels)))
