"""Events to signals: piecewise linear, exact to the sample.

Smoothing proper happens where a signal is used: inside the instrument for its stops, so that every host hears
the same movement, and at the desk for its faders. Here a value only has to begin at its own sample.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from realtime.engine.control_event import ControlEvent


class Ranged(Protocol):
    """What a signal must know of a stop or of a fader."""

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
        self._rows = {target.slug: _Row(target.default) for target in targets}
        self._places = {slug: place for place, slug in enumerate(self._rows)}
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
        written = dict.fromkeys(self._rows, 0)
        for event in events:
            row = self._rows.get(event.slug)
            if row is not None:
                begin = written[event.slug]
                written[event.slug] = event.sample - start
                row.write(out[self._places[event.slug], begin : event.sample - start])
                row.go(event.value, event.glide)
        for (slug, row), line in zip(self._rows.items(), out, strict=True):
            row.write(line[written[slug] :])

    @property
    def values(self) -> dict[str, float]:
        """Where each target stands or travels to."""
        return {slug: row.goal for slug, row in self._rows.items()}

    def take_over(self, other: "KnobSignals") -> None:
        """Go on as these signals do, where a target of that name is here."""
        for slug in self._rows.keys() & other._rows.keys():
            self._rows[slug] = replace(other._rows[slug])

    def reset(self) -> None:
        """Every target back to its default."""
        for row, default in zip(self._rows.values(), self._defaults, strict=True):
            row.go(default, 0)


@dataclass
class _Row:
    """One value: it stands at `goal`, or is `left` samples away from it, in steps of `step`."""

    goal: float
    left: int = 0
    step: float = 0.0

    def go(self, value: float, glide: int) -> None:
        """Travel to a value, from the next sample on; the last of `glide` samples has it."""
        now = self.goal - self.left * self.step
        value = float(np.float32(value))
        self.left, self.goal = glide, value
        self.step = (value - now) / glide if glide else 0.0

    def write(self, out: npt.NDArray[np.float32]) -> None:
        """Write the next samples, `[n]`."""
        moving = min(self.left, len(out))
        if moving:
            ahead = np.arange(self.left - 1, self.left - 1 - moving, -1)
            out[:moving] = self.goal - self.step * ahead
            self.left -= moving
        out[moving:] = self.goal


def check_event(event: ControlEvent, targets: Mapping[str, Ranged]) -> None:
    """Refuse what no target takes.

    Raises:
        DrawstopError: an unknown target, or a value out of its range.
    """
    target = targets.get(event.slug)
    if target is None:
        known = ", ".join(slug for slug in targets if "." not in slug) or "none"
        raise DrawstopError(f"this instrument has no stop {event.slug!r}; its stops are: {known}")
    if event.glide < 0:
        raise DrawstopError(f"a glide takes 0 samples or more, got {event.glide}")
    if not math.isfinite(event.value) or not target.minimum <= event.value <= target.maximum:
        raise DrawstopError(
            f"stop {event.slug!r} takes {target.minimum:g} to {target.maximum:g}, got {event.value:g}; "
            "scale the controller to that range"
        )
