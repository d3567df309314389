"""Events from any thread to the one that plays, in order of their sample times."""

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from realtime.controls.events import ControlEvent


class EventQueue:
    """Holds events until the block in which they begin to hold.

    `schedule` may be called from another thread than `due`: events cross over in a deque, without a lock.
    """

    def __init__(self) -> None:
        self._inbox: deque[ControlEvent] = deque()
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, ControlEvent]] = []

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue events; of two for one target at one sample the later scheduled wins."""
        self._inbox.extend(events)

    def due(self, start: int, stop: int) -> list[ControlEvent]:
        """Take out the events before sample `stop`, sorted; those that are late come at `start`."""
        while self._inbox:
            event = self._inbox.popleft()
            heapq.heappush(self._waiting, (event.sample, next(self._order), event))
        found = []
        while self._waiting and self._waiting[0][0] < stop:
            event = heapq.heappop(self._waiting)[2]
            found.append(event if event.sample >= start else replace(event, sample=start))
        return found

    def clear(self) -> None:
        """Forget everything that waits."""
        self._inbox.clear()
        self._waiting.clear()
