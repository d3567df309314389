"""A model whose effects are known by construction: two tones that stops take away and bring in."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.helpers.evidence.evidence_tones import RATE, Tones, tones_of
from training.evaluation.experiments.several_stops.experiment import several_stops_result
from training.evaluation.experiments.steering.experiment import steering_result
from training.evaluation.playback.playback import MEANS, RANDOM, STOP
from training.evaluation.results import Result
from training.metrics.sound_changes import sound_changes

pytestmark = pytest.mark.slow

HERTZ = {"low": 440.0, "high": 1760.0}
CONCEPTS = tuple(HERTZ)
OBEYING = 0.75
"""The share of the clips in which the weak edit does anything."""


@pytest.fixture(scope="module")
def tones() -> Tones:
    return tones_of(HERTZ)


@pytest.fixture(scope="module")
def result(tones: Tones, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return steering_result(tones, tmp_path_factory.mktemp("evidence"))


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_stop_that_works_is_reported_to_work(result: Result, concept: str) -> None:
    own = result.metrics[concept][STOP]
    for key, turned in (("alone", 0.0), ("mixed", 0.0), ("without", 1.0)):
        predictions = own[key]["heard"]["fork"]
        assert predictions["turned"]["mean"] == turned
        assert predictions["at 0"]["mean"] == 1 - turned
        assert all(moved["mean"] == 0 for moved in predictions["others"].values())
    assert all(goal.reached for goal in result.goals), [g for g in result.goals if not g.reached]


@pytest.mark.parametrize("concept", CONCEPTS)
def test_an_effect_in_three_quarters_of_the_clips_lies_within_its_interval(
    result: Result, concept: str
) -> None:
    weak = result.metrics[concept][MEANS]
    for key, known in (("alone", 1 - OBEYING), ("mixed", 1 - OBEYING), ("without", OBEYING)):
        found = weak[key]["heard"]["fork"]["turned"]
        assert found["low"] <= known <= found["high"]
        assert 0 < found["high"] - found["low"] < 0.6


@pytest.mark.parametrize("concept", CONCEPTS)
def test_an_edit_that_does_nothing_is_reported_to_do_nothing(result: Result, concept: str) -> None:
    nothing = result.metrics[concept][RANDOM]
    for key in ("alone", "mixed", "without"):
        predictions = nothing[key]["heard"]["fork"]
        assert predictions["turned"] == predictions["at 0"]
        assert nothing[key]["changed"]["level"]["mean"] == 0


def test_an_even_knob_has_a_spearman_of_one(result: Result) -> None:
    for concept in CONCEPTS:
        for side in ("minus", "plus"):
            curve = result.metrics[concept]["dose"][side]["fork"]
            assert curve["per clip"]["mean"] == pytest.approx(1.0)


def test_two_stops_that_do_not_disturb_each_other_keep_all_they_do(tones: Tones) -> None:
    found = several_stops_result(tones)
    assert len(found.goals) == 4
    assert all(goal.reached for goal in found.goals)
    for cell in found.metrics["pairs"].values():
        for name in CONCEPTS:
            assert cell[name]["fork"]["kept"]["mean"] == pytest.approx(1.0)


def test_sounds_to_listen_to_are_written(result: Result, tmp_path: Path) -> None:
    players = [
        block for block in result.content if hasattr(block, "rows") and block.title.startswith("Listen")
    ]
    assert len(players) == len(CONCEPTS)


def test_a_change_of_level_timbre_and_noise_is_measured_in_decibels() -> None:
    time = torch.arange(RATE) / RATE
    tone = 0.1 * torch.sin(2 * torch.pi * 440 * time)[None]
    noise = 0.02 * torch.randn(1, RATE, generator=torch.Generator().manual_seed(0))
    softer = sound_changes(tone, tone / 2, RATE)
    assert float(softer["level"]) == pytest.approx(-6.02, abs=0.01)
    assert float(softer["timbre"]) == pytest.approx(0, abs=0.01)
    noisier = sound_changes(tone, tone + noise, RATE)
    assert float(noisier["noisiness"]) > 3
    assert float(noisier["timbre"]) > 3
    assert np.isfinite(float(noisier["spectrum"]))
