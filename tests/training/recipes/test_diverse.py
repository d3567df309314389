"""The committed figures of the diverse set: whole, of the set that the recipe plans, and controls where they belong."""

import json
from typing import Any

import pytest

from drawstop.files import sha256_file
from tests.helpers.repository import DEMO
from training.evaluation.experiments.learning_curves.experiment import CHANCE, PERMUTED, SIZES
from training.evaluation.experiments.learning_curves.samples import (
    LOG_MEL,
    MEANS,
    RANDOM_FEATURES,
    RANDOM_SAE,
    SAE_FEATURES,
)
from training.evaluation.results import Result, from_json
from training.recipes.diverse.plan import plan
from training.recipes.diverse.render import counts_of

METHODS = {SAE_FEATURES, MEANS, LOG_MEL, RANDOM_FEATURES, RANDOM_SAE}


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DEMO / "diverse_figures.json").read_text())
    return content


@pytest.fixture(scope="module")
def growth(figures: dict[str, Any]) -> Result:
    return from_json(figures["sections"][0])


def test_the_figures_are_of_the_shipped_rave_and_of_the_set_that_is_planned(figures: dict[str, Any]) -> None:
    assert figures["rave"] == sha256_file(DEMO / "rave.ts")
    assert figures["counts"] == counts_of(plan())
    assert figures["counts"]["recordings"] >= 240


def test_at_least_eight_concepts_are_measured_by_every_method_at_ten_and_ten(growth: Result) -> None:
    assert growth.metrics["size"] == 10
    assert growth.settings["features"] <= 5
    assert len(growth.metrics["auroc"]) >= 8
    for by_method in growth.metrics["auroc"].values():
        assert set(by_method) == METHODS
        for estimate in by_method.values():
            assert 0 <= estimate["low"] <= estimate["mean"] <= estimate["high"] <= 1


def test_every_concept_is_heard_in_tests_of_known_and_of_unheard_timbres(figures: dict[str, Any]) -> None:
    for counts in figures["test_counts"].values():
        assert min(counts.values()) >= 8


def test_permuted_labels_are_at_chance(growth: Result) -> None:
    assert growth.settings["permutations"] >= 50
    assert CHANCE[0] <= growth.metrics[PERMUTED]["mean"] <= CHANCE[1]


def test_chosen_features_beat_random_ones_of_the_same_count_and_more_examples_help(growth: Result) -> None:
    curve = growth.metrics["growth"]
    assert set(curve) == {str(size) for size in SIZES}
    for size in ("10", "20", "50"):
        assert curve[size][SAE_FEATURES]["low"] > curve[size][RANDOM_FEATURES]["mean"]
    assert (
        curve["50"][SAE_FEATURES]["mean"]
        > curve["10"][SAE_FEATURES]["mean"]
        > curve["2"][SAE_FEATURES]["mean"]
    )


def test_the_answer_says_how_many_concepts_reach_the_goal_and_names_those_that_do_not(
    growth: Result,
) -> None:
    means = {concept: by[SAE_FEATURES]["mean"] for concept, by in growth.metrics["auroc"].items()}
    reached = sum(mean >= 0.95 for mean in means.values())
    assert f"{reached} of {len(means)} concepts" in growth.answer
    assert growth.goals[0].reached == (reached == len(means))
    assert all(concept in growth.answer for concept, mean in means.items() if mean < 0.95)


def test_the_curve_over_training_has_a_point_for_each_sae(figures: dict[str, Any]) -> None:
    curve = from_json(figures["sections"][1]).metrics["auroc"]
    assert set(curve) == set(figures["sae"])
    assert len(curve) >= 3
