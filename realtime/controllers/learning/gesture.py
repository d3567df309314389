"""A gesture while it is made: it ends when the moved source stops sending, whatever others send."""

from collections.abc import Sequence
from typing import Any

from realtime.controllers.learning.detect import recognise
from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.learning.received_sources import NOISE, Received, SourceData, group_by_source

QUIET_S = 0.8
"""A gesture is over when its source has sent nothing for this long."""
HELD_S = 3.0
"""How long a held pad is waited for: its note-off may never come."""
ENDLESS_S = 5.0
"""A source that keeps sending for this long after another one has stopped isn't moved by a hand."""


class Gesture:
    """Collects messages until something has been moved and let go.

    Args:
        quiet_s: seconds of silence that end it.
    """

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._received: list[Received] = []

    def add(self, device: str, message: Any, time: float) -> None:
        """Receive one message; those that no hand sends, such as clocks and SysEx, are ignored."""
        if hasattr(message, "channel"):
            self._received.append((device, message, time))

    def learned(self, now: float) -> LearnedSource | None:
        """The source that was moved; None until the gesture is over."""
        moved = [each for each in group_by_source(self._received) if each.movement > NOISE]
        if not moved:
            self._received = [each for each in self._received if now - each[2] < self._quiet_s]
            return None
        moving = [each for each in moved if not self._is_quiet(each, now)]
        quiet = [each for each in moved if each not in moving]
        if not quiet or self._waits_for(moving, quiet, now):
            return None
        return recognise(self._received, leave={each.source for each in moving})

    def _is_quiet(self, sent: SourceData, now: float) -> bool:
        silence = now - sent.times[-1]
        held = sent.source.kind == "note" and sent.data[-1] > 0
        return silence >= (max(HELD_S, self._quiet_s) if held else self._quiet_s)

    def _waits_for(self, moving: Sequence[SourceData], quiet: Sequence[SourceData], now: float) -> bool:
        """Whether a source that still moves may be the one that is meant."""
        best = max(quiet, key=lambda each: each.movement)
        larger = any(each.movement >= best.movement for each in moving)
        return larger and now - best.times[-1] < ENDLESS_S
