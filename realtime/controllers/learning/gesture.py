"""A gesture while it is made: it ends when the source that was moved falls silent, whatever others send."""

from collections.abc import Sequence
from typing import Any

from realtime.controllers.learning.detect import recognise
from realtime.controllers.learning.heard import NOISE, Heard, Received, heard_sources
from realtime.controllers.learning.learned import LearnedSource

QUIET_S = 0.8
"""A gesture is over when its source has sent nothing for so long."""
HELD_S = 3.0
"""A pad that is held is waited for so long; its note-off may never come."""
ENDLESS_S = 5.0
"""A source that goes on for so long after another one has fallen silent is moved by no hand."""


class Gesture:
    """Collects messages until something has been moved and let go.

    Args:
        quiet_s: seconds of silence that end it.
    """

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._received: list[Received] = []

    def add(self, device: str, message: Any, time: float) -> None:
        """Receive one message. Clocks, SysEx and the like, which no hand sends, are passed over."""
        if hasattr(message, "channel"):
            self._received.append((device, message, time))

    def learned(self, now: float) -> LearnedSource | None:
        """The source that was moved, if the gesture is over; None: not yet."""
        heard = heard_sources(self._received)
        moved = [each for each in heard if each.movement > NOISE]
        if not moved:
            self._received = [each for each in self._received if now - each[2] < self._quiet_s]
            return None
        moving = [each for each in moved if not self._is_quiet(each, now)]
        quiet = [each for each in moved if each not in moving]
        if not quiet or self._waits_for(moving, quiet, now):
            return None
        return recognise(self._received, leave={each.source for each in moving})

    def _is_quiet(self, heard: Heard, now: float) -> bool:
        silence = now - heard.times[-1]
        held = heard.source.kind == "note" and heard.data[-1] > 0
        return silence >= (max(HELD_S, self._quiet_s) if held else self._quiet_s)

    def _waits_for(self, moving: Sequence[Heard], quiet: Sequence[Heard], now: float) -> bool:
        """Whether something moves still that may be what is meant."""
        best = max(quiet, key=lambda each: each.movement)
        larger = any(each.movement >= best.movement for each in moving)
        return larger and now - best.times[-1] < ENDLESS_S
