"""A knob that doesn't stand where its stop stands: what each way to take over does, and how far it may jump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawstop.base.errors import DrawstopError
from realtime.controls.takeover import CLOSE, STEEPEST, Takeover, check_takeover

ROUNDING = 1e-9
STILL = None
KNOB = (0.9, 0.7, 0.45, 0.4, 0.2)
"""A knob that comes down past a stop at .5, which somebody sets to .8 before the fourth touch."""
TABLE = {
    "jump": (0.9, 0.7, 0.45, 0.4, 0.2),
    "pickup": (STILL, STILL, 0.45, STILL, STILL),
    "scale": (STILL, 0.5 - 0.2 * 0.5 / 0.9, 0.3889 - 0.25 * 0.3889 / 0.7, 0.8 - 0.05 * 0.8 / 0.45, 0.3556),
    "relative": (STILL, 0.3, 0.05, 0.75, 0.55),
}


@pytest.mark.parametrize("name", TABLE)
def test_where_the_stop_goes_touch_by_touch(name) -> None:
    takeover, stop, went = Takeover(name), 0.5, []
    for place, knob in enumerate(KNOB):
        if place == 3:
            stop = 0.8
        goal = takeover(knob, stop)
        went.append(goal)
        stop = stop if goal is None else goal
    assert went == [STILL if x is STILL else pytest.approx(x, abs=1e-3) for x in TABLE[name]]


def test_a_knob_that_is_let_go_and_met_again_holds_again() -> None:
    takeover = Takeover("pickup")
    assert takeover(0.5, 0.5) == 0.5
    assert takeover(0.6, 0.5) == 0.6
    assert takeover(0.7, 0.2) is STILL  # a scene came
    assert takeover(0.1, 0.2) == 0.1
    assert takeover.holds


MOVES = st.lists(
    st.one_of(st.floats(0, 1).map(lambda p: ("knob", p)), st.floats(0, 1).map(lambda p: ("scene", p)))
)


@given(st.sampled_from(["pickup", "scale", "relative"]), st.floats(0, 1), MOVES)
def test_no_stop_jumps_further_than_its_knobs_way_to_take_over_allows(name, stop: float, moves) -> None:
    takeover, before = Takeover(name), None
    for kind, place in moves:
        if kind == "scene":
            stop = place
            continue
        moved = 0.0 if before is None else abs(place - before)
        allowed = {"pickup": moved + CLOSE, "scale": STEEPEST * moved + CLOSE, "relative": moved}[name]
        goal = takeover(place, stop)
        before = place
        if goal is not None:
            assert 0.0 <= goal <= 1.0
            assert abs(goal - stop) <= allowed + ROUNDING
            stop = goal


@given(st.sampled_from(["jump", "pickup", "scale"]), st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1))
def test_a_knob_that_sweeps_all_its_way_twice_holds_its_stop(name, stop: float, moves: list[float]) -> None:
    takeover = Takeover(name)
    sweep = [*moves, *(step / 64 for step in range(65)), *(step / 64 for step in range(64, -1, -1)), 0.25]
    for knob in sweep:
        goal = takeover(knob, stop)
        stop = stop if goal is None else goal
    assert stop == pytest.approx(0.25, abs=CLOSE)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(DrawstopError, match="one of jump, pickup, scale, relative; got 'grab'"):
        check_takeover("grab")
