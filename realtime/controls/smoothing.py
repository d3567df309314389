"""Events to knob signals: piecewise constant, exact to the sample.

Smoothing proper (the average over a latent frame and the ramp) happens inside the instrument, so that every
host hears the same movement. Here a value only has to begin at its own sample.
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from drawstop.base.description import StopDescription
from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent


class KnobSignals:
    """Holds the stops' knob values and writes them out as signals, one consecutive block after another.

    `schedule` may be called from another thread than `fill`: events cross over in a deque, without a lock.
    """

    def __init__(self, stops: Sequence[StopDescription]) -> None:
        self._stops = {stop.slug: stop for stop in stops}
        self._rows = {stop.slug: row for row, stop in enumerate(stops)}
        self._values = np.zeros(len(stops), dtype=np.float32)
        self._inbox: deque[ControlEvent] = deque()
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, int, float]] = []

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue events; of two for one stop at one sample the later scheduled wins.

        Raises:
            DrawstopError: an unknown stop or a value out of the stop's range; then no event is queued.
        """
        checked = list(events)
        for event in checked:
            self._check(event)
        self._inbox.extend(checked)

    def fill(self, start: int, out: npt.NDArray[np.float32]) -> None:
        """Write the signals of samples start .. start + n - 1. An event before `start` applies at `start`.

        Args:
            start: input sample of the block's first column.
            out: written in place.

        Shape:
            out: `[stops, n]`
        """
        while self._inbox:
            event = self._inbox.popleft()
            heapq.heappush(
                self._waiting, (event.sample, next(self._order), self._rows[event.slug], event.value)
            )
        out[:] = self._values[:, None]
        stop = start + out.shape[1]
        while self._waiting and self._waiting[0][0] < stop:
            sample, _, row, value = heapq.heappop(self._waiting)
            out[row, max(sample - start, 0) :] = value
            self._values[row] = value

    def reset(self) -> None:
        """Every knob back to 0, nothing queued."""
        self._inbox.clear()
        self._waiting.clear()
        self._values.fill(0.0)

    def _check(self, event: ControlEvent) -> None:
        stop = self._stops.get(event.slug)
        if stop is None:
            known = ", ".join(self._stops) or "none"
            raise DrawstopError(f"this instrument has no stop {event.slug!r}; its stops are: {known}")
        if not math.isfinite(event.value) or not stop.minimum <= event.value <= stop.maximum:
            raise DrawstopError(
                f"stop {event.slug!r} takes {stop.minimum:g} to {stop.maximum:g}, got {event.value:g}; "
                "scale the controller to that range"
            )
