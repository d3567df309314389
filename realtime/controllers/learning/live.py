"""Learning while a performance plays: the next gesture on a controller becomes a stop's knob."""

import threading
from typing import Any

from realtime.controllers.learning.gesture import Gesture
from realtime.controllers.learning.learned import LearnedSource


class LiveLearning:
    """Waits for a gesture for one stop at a time. Safe to use from several threads.

    Attributes:
        stop: the slug of the stop that waits; empty if none does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gesture = Gesture()
        self.stop = ""

    def start(self, stop: str) -> None:
        """Wait for this stop's controller from now on, in place of any other's; "": no longer wait."""
        with self._lock:
            self._gesture, self.stop = Gesture(), stop

    def take(self, device: str, message: Any, time: float) -> bool:
        """Take a message into the gesture; False if no stop waits.

        Args:
            device: the input's name.
            message: mido's message.
            time: when it came, on the clock of `time.monotonic`.
        """
        with self._lock:
            if not self.stop or not hasattr(message, "channel"):
                return False
            self._gesture.add(device, message, time)
            return True

    def learned(self, now: float) -> tuple[str, LearnedSource] | None:
        """The stop and its source, once, when the gesture is over; to be called now and then."""
        with self._lock:
            learned = self._gesture.learned(now) if self.stop else None
            if learned is None:
                return None
            stop, self.stop = self.stop, ""
            return stop, learned
