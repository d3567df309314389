"""Converts a knob's position to a stop's value, and back: dead zone, curve, range.

Dead zone and curve map 0..1 to 0..1 and are exact at both ends; the linear curve is exact in the middle too, so that a
centred knob gives exactly 0.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from drawstop.errors import DrawstopError

CurveName = Literal["linear", "exponential", "s-curve", "steps", "table"]
BEND = 4.0
"""The exponent of the exponential curve: the middle position gives an eighth (1 / (e² + 1)) of the value."""


@dataclass(frozen=True)
class Curve:
    """A monotonic function of 0..1 onto values in 0..1.

    Args:
        name: `linear`, `exponential` ((e^(4p) − 1) / (e^4 − 1)), `s-curve` (3p² − 2p³), `steps` or `table`.
        steps: for `steps`: the number of values.
        table: for `table`: points (position, value) joined by straight lines, from position 0 to 1, all rising or all
            falling.
    """

    name: CurveName = "linear"
    steps: int = 0
    table: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in get_args(CurveName):
            raise DrawstopError(f"a curve is one of {', '.join(get_args(CurveName))}; got {self.name!r}")
        if self.name == "steps" and self.steps < 2:
            raise DrawstopError(f"a curve of steps needs at least 2, got {self.steps}")
        if self.name == "table":
            _check_table(self.table)

    def __call__(self, position: float) -> float:
        """The value at a position."""
        match self.name:
            case "exponential":
                return math.expm1(BEND * position) / math.expm1(BEND)
            case "s-curve":
                return position * position * (3.0 - 2.0 * position)
            case "steps":
                return min(int(position * self.steps), self.steps - 1) / (self.steps - 1)
            case "table":
                positions, values = zip(*self.table, strict=True)
                return float(np.interp(position, positions, values))
        return position

    def inverse(self, value: float) -> float:
        """A position that gives a value; the nearest if none does."""
        match self.name:
            case "exponential":
                return math.log1p(value * math.expm1(BEND)) / BEND
            case "s-curve":
                return 0.5 - math.sin(math.asin(1.0 - 2.0 * value) / 3.0)
            case "steps":
                return (round(value * (self.steps - 1)) + 0.5) / self.steps
            case "table":
                positions, values = zip(*sorted(self.table, key=lambda point: point[1]), strict=True)
                return float(np.interp(value, values, positions))
        return value


LINEAR = Curve()


@dataclass(frozen=True)
class Response:
    """The function from a knob's position to a stop's value.

    Args:
        low: value at position 0; above `high` for a reversed knob.
        high: value at position 1.
        curve: the curve between them.
        dead_zone: fraction of the travel, around the middle, that counts as the middle.
    """

    low: float = -1.0
    high: float = 1.0
    curve: Curve = LINEAR
    dead_zone: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.dead_zone < 1.0:
            raise DrawstopError(f"a dead zone is a share of the way, 0 to below 1; got {self.dead_zone:g}")
        if self.low == self.high or not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise DrawstopError(f"a range has two different ends, got {self.low:g} and {self.high:g}")

    def __call__(self, position: float) -> float:
        """The value at a position in 0 to 1."""
        fraction = self.curve(_without_zone(position, self.dead_zone))
        return self.low * (1.0 - fraction) + self.high * fraction

    def inverse(self, value: float) -> float:
        """A position in 0 to 1 that gives a value; the nearest end for a value out of the range."""
        fraction = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return _with_zone(min(max(self.curve.inverse(fraction), 0.0), 1.0), self.dead_zone)


def _without_zone(position: float, zone: float) -> float:
    """The position with the zone around the middle cut out and the rest stretched to 0..1."""
    offset = position - 0.5
    beyond = abs(offset) - zone / 2
    return 0.5 if beyond <= 0 else 0.5 + math.copysign(beyond / (1.0 - zone), offset)


def _with_zone(position: float, zone: float) -> float:
    """The inverse of `_without_zone`."""
    offset = position - 0.5
    return 0.5 if offset == 0 else 0.5 + math.copysign(abs(offset) * (1.0 - zone) + zone / 2, offset)


def _check_table(table: Sequence[tuple[float, float]]) -> None:
    positions, values = [point[0] for point in table], [point[1] for point in table]
    if len(table) < 2 or positions[0] != 0.0 or positions[-1] != 1.0:
        raise DrawstopError(f"a table of points goes from position 0 to position 1, got {list(table)}")
    if any(later <= earlier for earlier, later in itertools.pairwise(positions)):
        raise DrawstopError(f"the positions of a table rise from point to point, got {positions}")
    steps = np.diff(values)
    if not ((steps > 0).all() or (steps < 0).all()) or min(values) < 0.0 or max(values) > 1.0:
        raise DrawstopError(f"the values of a table rise, or fall, within 0..1, got {values}")
