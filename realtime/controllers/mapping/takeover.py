"""Takeover: how a knob takes over a stop whose value differs from the knob's position.

They differ after a scene, another client's movement or a change of the knobs' page. A knob only sends its position: if
the stop simply followed, it would jump. Everything here is in positions of 0 to 1, before any curve.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from drawstop.errors import DrawstopError

TakeoverName = Literal["jump", "pickup", "scale", "relative"]
CLOSE = 1.5 / 127
"""A knob this near to its stop holds it: one step of 7 bits, and rounding."""
NEAR = 0.1
"""A knob that has been out of sight and is this near to where it was has hardly been turned."""
STEEPEST = 4.0
"""With `scale`, the greatest ratio of the stop's movement to the knob's. Without a limit, the knob's last step to an end
would move the stop all the way to its end."""


def check_takeover(name: str) -> TakeoverName:
    """The name, if it is one of the takeover modes. Raises DrawstopError for any other."""
    if name not in get_args(TakeoverName):
        raise DrawstopError(f"takeover is one of {', '.join(get_args(TakeoverName))}; got {name!r}")
    return name  # type: ignore[return-value]


@dataclass
class Takeover:
    """The takeover of one knob.

    * `jump`: the stop goes to the knob's position at once.
    * `pickup`: the stop stays until the knob comes near it or passes it. The first movement after that is no larger
      than the knob's own last movement plus `CLOSE`.
    * `scale`: the stop moves in the knob's direction, faster or slower, so that both reach the end together; at most
      `STEEPEST` times as fast as the knob.
    * `relative`: the stop moves by the same distance as the knob, within its range.

    Attributes:
        name: the takeover mode.
        holds: whether the stop follows the knob.
    """

    name: TakeoverName = "pickup"
    holds: bool = False
    _knob: float | None = None
    _stop: float | None = None
    _unseen: bool = False

    def __call__(self, knob: float, stop: float) -> float | None:
        """The stop's new position; None if it stays.

        Args:
            knob: the knob's present position.
            stop: the stop's present position.
        """
        last_knob, self._knob = self._knob, knob
        if self._unseen and last_knob is not None and abs(knob - last_knob) > NEAR:
            last_knob = None
        self._unseen = False
        if self._stop is None or abs(stop - self._stop) > 1e-6:
            self.holds = False  # something else has moved the stop
        target = self._target(last_knob, knob, stop)
        self._stop = stop if target is None else target
        return target

    def turned_unused(self, knob: float) -> None:
        """Note that the knob was turned to a position while it had another job; it takes over anew from there."""
        self.holds, self._knob = False, knob

    def go_on_from(self, other: "Takeover") -> None:
        """Take over the position of the same knob from before its settings were edited."""
        self._knob = other._knob

    def lose_sight(self) -> None:
        """Record that the device is unplugged, so that its knob may be turned unnoticed.

        If the knob comes back near its old position, it keeps control; otherwise takeover begins anew.
        """
        self.holds, self._unseen = False, True

    def _target(self, last_knob: float | None, knob: float, stop: float) -> float | None:
        if self.name == "jump" or (self.holds and self.name != "relative"):
            return knob
        if self.name == "pickup":
            passed = last_knob is not None and min(last_knob, knob) <= stop <= max(last_knob, knob)
            self.holds = passed or abs(knob - stop) <= CLOSE
            return knob if self.holds else None
        if last_knob is None:
            self.holds = abs(knob - stop) <= CLOSE and self.name == "scale"
            return knob if self.holds else None
        if self.name == "relative":
            return min(max(stop + knob - last_knob, 0.0), 1.0)
        return self._scaled(last_knob, knob, stop)

    def _scaled(self, last_knob: float, knob: float, stop: float) -> float:
        upward = knob > last_knob
        stop_room, knob_room = (1.0 - stop, 1.0 - last_knob) if upward else (stop, last_knob)
        slope = min(stop_room / knob_room, STEEPEST) if knob_room > 0 else 0.0
        target = min(max(stop + (knob - last_knob) * slope, 0.0), 1.0)
        self.holds = abs(target - knob) <= CLOSE / 8
        return knob if self.holds else target
