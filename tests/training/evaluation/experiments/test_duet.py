"""Guitar music with a male voice, where what happens is known; and the committed figures of the example RAVE."""

import json

import pytest

from tests.helpers.evidence.evidence_tones import Tones, tones_of
from tests.helpers.repository import DEMO
from training.evaluation.experiments.several_stops import duet
from training.evaluation.experiments.several_stops.experiment import several_stops_result
from training.evaluation.playback.playback import RANDOM, STOP
from training.evaluation.results import Result, from_json

FIGURES = DEMO / "duet_figures.json"
HERTZ = {duet.GUITAR: 440.0, duet.MALE: 1760.0, duet.FEMALE: 990.0}


@pytest.fixture(scope="module")
def tones() -> Tones:
    return tones_of(HERTZ)


def predictions(cell: dict[str, object], edit: str) -> dict[str, float]:
    shares = cell[edit]["fork"]  # type: ignore[index]
    return {concept: estimate["mean"] for concept, estimate in shares.items()}


@pytest.mark.slow
def test_every_way_ends_in_a_guitar_and_a_man_and_a_random_edit_leaves_what_was(tones: Tones) -> None:
    result = several_stops_result(tones)
    cases = result.metrics["duet"]["cases"]
    assert list(cases) == [case.title for case in duet.CASES]
    for case in duet.CASES:
        cell = cases[case.title]
        before = {concept: float(concept in case.before) for concept in HERTZ}
        assert predictions(cell, duet.REST) == predictions(cell, RANDOM) == before
        assert predictions(cell, STOP) == {duet.GUITAR: 1.0, duet.MALE: 1.0, duet.FEMALE: 0.0}
        assert cell["clips"] == tones.options.most_clips
    truth = result.metrics["duet"][duet.TRUTH]
    assert predictions(truth, duet.REST) == {duet.GUITAR: 1.0, duet.MALE: 1.0, duet.FEMALE: 0.0}
    ways = [goal for goal in result.goals if "male voice, out of" in goal.goal]
    assert len(ways) == len(duet.CASES) and all(goal.reached for goal in ways)
    assert "3 of 3 ways" in result.answer
    titles = [block.title for block in result.content if hasattr(block, "title")]
    assert sum("male voice, out of" in title for title in titles) == len(duet.CASES)


def test_without_a_stop_for_women_two_ways_are_left(tones: Tones) -> None:
    two = tones_of({duet.GUITAR: 440.0, duet.MALE: 1760.0})
    assert list(duet.measure(two, two.edits())["cases"]) == [case.title for case in duet.CASES[:2]]
    assert not duet.possible(["guitar", "voice"])


def test_an_edit_that_brings_in_nothing_reaches_no_way(tones: Tones) -> None:
    idle = {STOP: "none", RANDOM: "none"}
    assert not any(goal.reached for goal in duet.goals(duet.measure(tones, idle)))


@pytest.fixture(scope="module")
def committed() -> dict[str, Result]:
    return {result.slug: result for result in map(from_json, json.loads(FIGURES.read_text()))}


def test_the_committed_figures_are_of_men_and_women_by_two_classifiers_that_know_them(
    committed: dict[str, Result],
) -> None:
    assert set(committed) == {"steering", "together", "separability"}
    classifiers = committed["steering"].metrics["ears"]
    assert len(classifiers) == 2
    assert all(set(classifier["as recorded"]) == set(HERTZ) for classifier in classifiers.values())
    for concept in HERTZ:
        assert classifiers["judge"]["as recorded"][concept]["auroc"] > 0.9


def test_the_committed_goals_say_what_the_committed_figures_say(committed: dict[str, Result]) -> None:
    together = committed["together"]
    cases = together.metrics["duet"]["cases"]
    assert set(cases) == {case.title for case in duet.CASES}
    for case in duet.CASES:
        cell = cases[case.title]
        measured = [
            (
                cell[STOP][classifier][concept]["mean"],
                cell[RANDOM][classifier][concept]["mean"],
                concept in case.before,
            )
            for classifier in cell[STOP]
            for concept in (duet.GUITAR, duet.MALE)
        ]
        reached = all(
            share >= duet.DETECTED_GOAL and (share > random or there) for share, random, there in measured
        )
        [goal] = [goal for goal in together.goals if case.title in goal.goal]
        assert goal.reached == reached
        assert cell["clips"] >= 8
