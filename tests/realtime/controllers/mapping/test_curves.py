"""Positions to values and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.curves import Curve, Response

SMOOTH = (
    Curve(),
    Curve("exponential"),
    Curve("s-curve"),
    Curve("table", table=((0.0, 0.1), (0.3, 0.2), (1.0, 1.0))),
    Curve("table", table=((0.0, 1.0), (0.5, 0.9), (1.0, 0.0))),
)
ROUNDING = 1e-9
SHARE = st.floats(0.0, 1.0)


@pytest.mark.slow
@given(st.sampled_from(SMOOTH), SHARE)
def test_the_inverse_of_a_curve_gives_the_position_back(curve: Curve, position: float) -> None:
    back = curve(curve.inverse(curve(position)))
    assert math.isclose(back, curve(position), abs_tol=ROUNDING)


@given(st.sampled_from(SMOOTH), SHARE, st.floats(0.0, 0.9), st.floats(-1, 1), st.floats(-1, 1))
def test_the_inverse_of_a_response_gives_the_value_back(
    curve: Curve, position: float, dead_zone: float, low: float, high: float
) -> None:
    if abs(low - high) < 1e-3:
        return
    response = Response(low, high, curve, dead_zone)
    value = response(position)
    assert min(low, high) - ROUNDING <= value <= max(low, high) + ROUNDING
    assert math.isclose(response(response.inverse(value)), value, abs_tol=1e-6)


@given(st.integers(2, 128), SHARE)
def test_steps_have_as_many_values_as_they_say_and_an_inverse_within_each(
    steps: int, position: float
) -> None:
    curve = Curve("steps", steps=steps)
    values = {curve(p / 1000) for p in range(1001)}
    assert len(values) == steps
    assert curve(curve.inverse(curve(position))) == curve(position)


def test_the_ends_and_the_middle_are_exact() -> None:
    for curve in (Curve(), Curve("exponential"), Curve("s-curve")):
        assert (curve(0.0), curve(1.0)) == (0.0, 1.0)
    assert Response()(0.5) == 0.0
    assert [Response(1.0, -1.0)(p) for p in (0.0, 0.5, 1.0)] == [1.0, 0.0, -1.0]
    zone = Response(dead_zone=0.2)
    assert [zone(p) for p in (0.0, 0.41, 0.5, 0.59, 1.0)] == [-1.0, 0.0, 0.0, 0.0, 1.0]


def test_every_14_bit_position_has_a_value_of_its_own() -> None:
    response = Response(dead_zone=0.0)
    assert len({response(data / 16383) for data in range(16384)}) == 16384


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Curve("wavy"), "a curve is one of linear"),
        (lambda: Curve("steps", steps=1), "at least 2, got 1"),
        (lambda: Curve("table", table=((0.0, 0.0),)), "from position 0 to position 1"),
        (lambda: Curve("table", table=((0.0, 0.0), (0.6, 0.5), (0.5, 0.6), (1.0, 1.0))), "rise from point"),
        (lambda: Curve("table", table=((0.0, 0.0), (0.5, 0.9), (1.0, 0.5))), "rise, or fall"),
        (lambda: Response(dead_zone=1.0), "0 to below 1; got 1"),
        (lambda: Response(0.5, 0.5), "two different ends"),
    ],
)
def test_what_is_no_curve_is_refused(wrong, says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        wrong()
