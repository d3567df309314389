"""Where a whole command stands: which step of how many, and how long the rest will take."""

import pytest

from drawstop.progress import Overall

PLAN = [("listening", 10.0), ("fitting", 60.0), ("measuring", 30.0)]
GUESS = 0.85
"""How far the guess midway may be from the truth, as a share of it, where steps take twice or half of what was planned."""


def test_the_step_and_the_rest_are_said_as_the_work_goes_on() -> None:
    overall = Overall(PLAN)
    overall.report("listening", 0, 5, 0.0)
    assert overall.text == "step 1 of 3"
    assert overall.report("listening", 5, 5, 100.0) == pytest.approx(0.1)
    assert overall.text == "step 1 of 3, about 15 min left"
    assert overall.report("fitting", 30, 60, 400.0) == pytest.approx(0.4)
    assert overall.text == "step 2 of 3, about 10 min left"
    assert overall.report("measuring", 1, 1, 1000.0) == 1
    assert overall.text == "step 3 of 3"


@pytest.mark.parametrize("speeds", [(1, 1, 1), (2, 1, 0.5), (0.5, 1, 2)])
def test_shown_durations_are_near_the_true_ones(speeds: tuple[float, float, float]) -> None:
    overall, now, shown = Overall(PLAN), 0.0, []
    for (name, share), speed in zip(PLAN, speeds, strict=True):
        for done in range(11):
            part = overall.report(name, done, 10, now)
            if "left" in overall.text and 0.3 < part < 0.6:
                minutes = float(overall.text.split("about ")[1].split()[0])
                shown.append((now, minutes * 60))
            now += share * speed * 2 * (done < 10)
    assert shown
    for at, left in shown:
        assert abs(left / (now - at) - 1) < GUESS


def test_steps_that_were_stored_do_not_shorten_the_rest() -> None:
    overall = Overall(PLAN)
    overall.report("measuring", 0, 10, 0.0)
    overall.report("measuring", 5, 10, 300.0)
    assert overall.text == "step 3 of 3, about 5 min left"


def test_a_share_never_falls_and_names_outside_the_plan_change_nothing() -> None:
    overall = Overall(PLAN)
    overall.report("fitting", 5, 10, 1.0)
    assert overall.report("listening", 1, 10, 2.0) == pytest.approx(0.4)
    assert overall.report("other", 1, 10, 3.0) == pytest.approx(0.4)


def test_of_a_single_kind_of_step_its_count_is_shown() -> None:
    overall = Overall([("experiments", 1.0)])
    overall.report("experiments", 2, 8, 0.0)
    assert overall.text == "step 3 of 8"
