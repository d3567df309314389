"""Events to signals: piecewise constant, exact to the sample.

Smoothing proper happens where a signal is used: inside the instrument for its stops, so that every host hears
the same movement, and at the desk for its faders. Here a value only has to begin at its own sample.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent


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
        self._rows = {target.slug: row for row, target in enumerate(targets)}
        self._defaults = np.array([target.default for target in targets], dtype=np.float32)
        self._values = self._defaults.copy()

    def fill(self, events: Iterable[ControlEvent], start: int, out: npt.NDArray[np.float32]) -> None:
        """Write the signals of samples start .. start + n - 1. Events for other targets are left out.

        Args:
            events: those of this block, sorted by time.
            start: input sample of the block's first column.
            out: written in place.

        Shape:
            out: `[targets, n]`
        """
        out[:] = self._values[:, None]
        for event in events:
            row = self._rows.get(event.slug)
            if row is not None:
                out[row, event.sample - start :] = event.value
                self._values[row] = event.value

    @property
    def values(self) -> dict[str, float]:
        """Each target's value after the last block."""
        return {slug: float(self._values[row]) for slug, row in self._rows.items()}

    def take_over(self, values: Mapping[str, float]) -> None:
        """Begin from these values, where a target of that name is here."""
        for slug, value in values.items():
            if slug in self._rows:
                self._values[self._rows[slug]] = value

    def reset(self) -> None:
        """Every target back to its default."""
        self._values[:] = self._defaults


def check_event(event: ControlEvent, targets: Mapping[str, Ranged]) -> None:
    """Refuse what no target takes.

    Raises:
        DrawstopError: an unknown target, or a value out of its range.
    """
    target = targets.get(event.slug)
    if target is None:
        known = ", ".join(slug for slug in targets if "." not in slug) or "none"
        raise DrawstopError(f"this instrument has no stop {event.slug!r}; its stops are: {known}")
    if not math.isfinite(event.value) or not target.minimum <= event.value <= target.maximum:
        raise DrawstopError(
            f"stop {event.slug!r} takes {target.minimum:g} to {target.maximum:g}, got {event.value:g}; "
            "scale the controller to that range"
        )
