"""Events: a movement of one stop at one sample, and the queue by which events reach the thread that plays."""

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, order=True, slots=True)
class ControlEvent:
    """A stop takes a new knob value from `sample` on, and keeps it until its next event.

    Events sort by time first.

    Args:
        sample: input sample, counted from the engine's last reset, at which the value begins to hold.
        slug: the stop's slug as in the instrument's description.
        value: knob value, within the stop's minimum..maximum (usually -1..1); added to the stop's attribute.
        source: where it came from, for people ("cc 20", "note 60", "test").
        ramp_samples: samples in which the value is reached, in a straight line from where the stop is then; 0: at once.
    """

    sample: int
    slug: str
    value: float
    source: str = ""
    ramp_samples: int = 0

    def shifted(self, samples: int) -> "ControlEvent":
        """The same so many samples later; negative: earlier."""
        return replace(self, sample=self.sample + samples) if samples else self


class EventQueue:
    """Holds events until the block in which they begin to hold.

    Late events for one target count as one, the last: after a storm, or while no device brings blocks, the
    next block gets no more late events than there are targets.

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
        due = [_moved(event, start) for event in self._late.values()]
        self._late.clear()
        while self._waiting and self._waiting[0][0] < stop:
            due.append(heapq.heappop(self._waiting)[2])
        return due

    def shift(self, samples: int) -> None:
        """Delay all waiting events by this many samples; a negative number moves them earlier.

        Late events stay. No other thread may call `schedule` meanwhile.
        """
        moved = [event for _, _, event in sorted(self._waiting)]
        self._waiting.clear()
        for _ in range(len(self._inbox)):
            moved.append(self._inbox.popleft())
        self.schedule(event.shifted(samples) for event in moved)

    def clear(self) -> None:
        """Drop all events that wait."""
        self._inbox.clear()
        self._waiting.clear()
        self._late.clear()


def _moved(event: ControlEvent, sample: int) -> ControlEvent:
    """A late event at a later sample; a ramp still ends at its own sample."""
    return replace(event, sample=sample, ramp_samples=max(0, event.ramp_samples - (sample - event.sample)))
