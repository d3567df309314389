"""Events from any thread to the one that plays, in order of their sample times."""

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from realtime.engine.control_event import ControlEvent


class EventQueue:
    """Holds events until the block in which they begin to hold.

    Of late events for one target only the last one is kept: after a storm, or while no device brings blocks, the
    next block finds no more of them than there are targets.

    `schedule` may be called from another thread than the rest: events cross over in a deque, without a lock.
    """

    def __init__(self) -> None:
        self._inbox: deque[ControlEvent] = deque()
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, ControlEvent]] = []
        self._late: dict[str, ControlEvent] = {}

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue events; of two for one target at one sample the later scheduled wins."""
        self._inbox.extend(events)

    def take_in(self, start: int) -> None:
        """Sort what has come, the next block beginning at sample `start`; `due` does it too."""
        while self._inbox:
            event = self._inbox.popleft()
            if event.sample < start:
                self._late.pop(event.slug, None)  # so that the order is that of the last ones
                self._late[event.slug] = event
            else:
                heapq.heappush(self._waiting, (event.sample, next(self._order), event))

    def due(self, start: int, stop: int) -> list[ControlEvent]:
        """Take out the events before sample `stop`, sorted; those that are late come at `start`."""
        self.take_in(start)
        found = [_moved(event, start) for event in self._late.values()]
        self._late.clear()
        while self._waiting and self._waiting[0][0] < stop:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    def clear(self) -> None:
        """Forget everything that waits."""
        self._inbox.clear()
        self._waiting.clear()
        self._late.clear()


def _moved(event: ControlEvent, sample: int) -> ControlEvent:
    """A late event at a later sample; a glide still ends where it would have."""
    return replace(event, sample=sample, glide=max(0, event.glide - (sample - event.sample)))
