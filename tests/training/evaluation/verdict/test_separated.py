"""The words of a separated stop's verdict follow its figures."""

from typing import Any

import pytest

from training.evaluation.verdict.separated import separated_verdict

FOUND = {"recordings_with": 10, "recordings_without": 10}


def figures(fall: float, others: float, random: float = 3.0, clips: int = 12) -> dict[str, Any]:
    return {
        "clips": {"mixtures": clips, "solos": clips, "others": clips},
        "solo_falls_db": {"stop": fall, "random": random},
        "rest_gains_db": {"stop": 4.0, "random": -0.5},
        "others_fall_db": {"stop": others, "random": 2.0},
    }


@pytest.mark.parametrize(
    ("fall", "others", "random", "level"),
    [
        (20.0, 0.5, 3.0, "well"),
        (20.0, 2.0, 3.0, "partly"),
        (8.0, 0.5, 1.0, "partly"),
        (20.0, 6.0, 3.0, "weak"),
        (20.0, 0.5, 16.0, "weak"),
        (4.0, 0.1, 0.0, "weak"),
    ],
)
def test_it_removes_well_where_the_concept_falls_others_stay_and_a_random_query_does_less(
    fall: float, others: float, random: float, level: str
) -> None:
    verdict = separated_verdict(figures(fall, others, random), FOUND)
    assert verdict.removes == level
    assert f"falls by {fall:.0f} dB (random query {random:.0f})" in verdict.sentences[0]
    assert bool(verdict.advice) == (level != "well")


def test_few_unseen_clips_carry_no_verdict() -> None:
    assert separated_verdict(figures(20.0, 0.5, clips=3), FOUND).removes == "unknown"


def test_few_recordings_are_named_as_a_reason() -> None:
    verdict = separated_verdict(figures(8.0, 0.5), FOUND | {"recordings_with": 4})
    assert "4 recordings of a kind are few" in verdict.advice[0]
