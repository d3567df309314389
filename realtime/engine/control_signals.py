"""Events to signals: piecewise linear, exact to the sample.

The signals are smoothed where they are used: stops inside the instrument, so that they move alike in
every host, the engine's parameters in the channel strip. Here a value only has to begin at its own sample.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.names import did_you_mean
from realtime.engine.control_event import ControlEvent

State = Mapping[str, npt.NDArray[Any]]
"""What the next block depends on, as arrays that a file can hold."""


class Ranged(Protocol):
    """A target of signals: a stop, or a parameter of the engine."""

    @property
    def slug(self) -> str: ...
    @property
    def minimum(self) -> float: ...
    @property
    def maximum(self) -> float: ...
    @property
    def default(self) -> float: ...


class KnobSignals:
    """Holds the values of some targets and writes them out as signals, one block after another."""

    def __init__(self, targets: Sequence[Ranged]) -> None:
        self._ramps = {target.slug: LinearRamp(target.default) for target in targets}
        self._indices = {slug: index for index, slug in enumerate(self._ramps)}
        self._defaults = [target.default for target in targets]

    def fill(self, events: Iterable[ControlEvent], start: int, out: npt.NDArray[np.float32]) -> None:
        """Write the signals of samples start .. start + n - 1. Events for other targets are left out.

        Args:
            events: those of this block, sorted by time.
            start: input sample of the block's first column.
            out: written in place.

        Shape:
            out: `[targets, n]`
        """
        written = dict.fromkeys(self._ramps, 0)
        for event in events:
            ramp = self._ramps.get(event.slug)
            if ramp is not None:
                begin = written[event.slug]
                written[event.slug] = event.sample - start
                ramp.write(out[self._indices[event.slug], begin : event.sample - start])
                ramp.start(event.value, event.ramp_samples)
        for (slug, ramp), row in zip(self._ramps.items(), out, strict=True):
            ramp.write(row[written[slug] :])

    @property
    def values(self) -> dict[str, float]:
        """The value that each target has, or is on its way to, by slug."""
        return {slug: ramp.goal for slug, ramp in self._ramps.items()}

    @property
    def state(self) -> State:
        """Each target's goal, the samples that are left to it, and the step of each, by slug."""
        return {slug: np.array([ramp.goal, ramp.left, ramp.step]) for slug, ramp in self._ramps.items()}

    def restore(self, state: State) -> None:
        """Go on from this `state`, where a target of that name is here."""
        for slug in self._ramps.keys() & state.keys():
            goal, left, step = state[slug].tolist()
            self._ramps[slug] = LinearRamp(goal, int(left), step)

    def take_over(self, other: "KnobSignals") -> None:
        """Go on as these signals do, where a target of that name is here."""
        self.restore(other.state)

    def reset(self) -> None:
        """Set every target back to its default, at once."""
        for ramp, default in zip(self._ramps.values(), self._defaults, strict=True):
            ramp.start(default, 0)


@dataclass
class LinearRamp:
    """One value that moves in straight lines: it stands at `goal`, or is `left` samples away from it, in steps of `step`."""

    goal: float
    left: int = 0
    step: float = 0.0

    def start(self, value: float, samples: int) -> None:
        """Move to a value from the next sample on, in a straight line; the last of `samples` samples has the value."""
        now = self.goal - self.left * self.step
        value = float(np.float32(value))
        self.left, self.goal = samples, value
        self.step = (value - now) / samples if samples else 0.0

    def write(self, out: npt.NDArray[np.float32]) -> None:
        """Write the next samples in place. `[n]`"""
        moving = min(self.left, len(out))
        if moving:
            ahead = np.arange(self.left - 1, self.left - 1 - moving, -1)
            out[:moving] = self.goal - self.step * ahead
            self.left -= moving
        out[moving:] = self.goal


def check_event(event: ControlEvent, targets: Mapping[str, Ranged]) -> None:
    """Refuse an event that no target takes.

    Raises:
        DrawstopError: an unknown target, or a value out of its range.
    """
    target = targets.get(event.slug)
    if target is None:
        known = ", ".join(slug for slug in targets if "." not in slug) or "none"
        raise DrawstopError(
            f"this instrument has no stop {event.slug!r}; its stops are: {known}{did_you_mean(event.slug, known.split(', '))}"
        )
    if event.ramp_samples < 0:
        raise DrawstopError(f"a ramp takes 0 samples or more, got {event.ramp_samples}")
    if not math.isfinite(event.value) or not target.minimum <= event.value <= target.maximum:
        raise DrawstopError(
            f"stop {event.slug!r} takes {target.minimum:g} to {target.maximum:g}, got {event.value:g}; "
            "scale the controller to that range"
        )
