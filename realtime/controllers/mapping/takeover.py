"""What a knob does when it doesn't stand where its stop stands: after a scene, another client's move, a bank change.

A knob only says where it is. If the stop simply followed, it would jump. All of this is in positions of 0 to 1, before
any curve.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from drawstop.errors import DrawstopError

TakeoverName = Literal["jump", "pickup", "scale", "relative"]
CLOSE = 1.5 / 127
"""A knob this near to its stop holds it: one step of 7 bits, and rounding."""
STEEPEST = 4.0
"""With `scale`, the most that a stop moves for the knob's movement. Without it, the last step to an end would take the
stop all the rest of the way."""


def check_takeover(name: str) -> TakeoverName:
    """The name of a way to take over. Raises DrawstopError for any other."""
    if name not in get_args(TakeoverName):
        raise DrawstopError(f"takeover is one of {', '.join(get_args(TakeoverName))}; got {name!r}")
    return name  # type: ignore[return-value]


@dataclass
class Takeover:
    """One knob's way to its stop.

    * `jump`: the stop goes where the knob is. Any jump.
    * `pickup`: nothing, until the knob comes near the stop or passes it. The stop then moves by no more than the knob
      just did, and `CLOSE`.
    * `scale`: the stop goes the knob's way, as much faster or slower as brings both to the end together, at most
      `STEEPEST` times as fast.
    * `relative`: the stop moves by what the knob moves, within its range.

    Attributes:
        name: the way.
        holds: whether knob and stop go together.
    """

    name: TakeoverName = "pickup"
    holds: bool = False
    _knob: float | None = None
    _stop: float | None = None

    def __call__(self, knob: float, stop: float) -> float | None:
        """Where the stop goes now; None if it stays.

        Args:
            knob: where the knob is now.
            stop: where the stop is now.
        """
        before, self._knob = self._knob, knob
        if self._stop is None or abs(stop - self._stop) > 1e-6:
            self.holds = False  # somebody else has moved it
        goal = self._goal(before, knob, stop)
        self._stop = stop if goal is None else goal
        return goal

    def _goal(self, before: float | None, knob: float, stop: float) -> float | None:
        if self.name == "jump" or (self.holds and self.name != "relative"):
            return knob
        if self.name == "pickup":
            passed = before is not None and min(before, knob) <= stop <= max(before, knob)
            self.holds = passed or abs(knob - stop) <= CLOSE
            return knob if self.holds else None
        if before is None:
            self.holds = abs(knob - stop) <= CLOSE and self.name == "scale"
            return knob if self.holds else None
        if self.name == "relative":
            return min(max(stop + knob - before, 0.0), 1.0)
        return self._scaled(before, knob, stop)

    def _scaled(self, before: float, knob: float, stop: float) -> float:
        room, way = (1.0 - stop, 1.0 - before) if knob > before else (stop, before)
        slope = min(room / way, STEEPEST) if way > 0 else 0.0
        goal = min(max(stop + (knob - before) * slope, 0.0), 1.0)
        self.holds = abs(goal - knob) <= CLOSE / 8
        return knob if self.holds else goal
