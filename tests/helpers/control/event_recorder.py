"""The engine's side of a parameter store in tests: keeps the events that it is sent."""

from collections.abc import Iterable

from realtime.engine.control_event import ControlEvent


class EventRecorder:
    """An `EngineTarget` that keeps its events.

    Attributes:
        sample: the clock; tests set it.
        events: the events, in the order in which they came.
    """

    def __init__(self, sample_rate: int = 44100, sample: int = 0) -> None:
        self.sample_rate, self.sample = sample_rate, sample
        self.events = list[ControlEvent]()

    def now(self) -> int:
        return self.sample

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        self.events.extend(events)
