"""One instrument of a performance, from its first block on. During a swap there are two, which are cross-faded."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from drawstop.instrument_description import InstrumentDescription
from drawstop.types import Audio
from realtime.engine.block_source import BlockSource
from realtime.engine.channel_strip import DelayLine, match_channels
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import KnobSignals


@dataclass
class InstrumentSlot:
    """An instrument with its knobs, its delayed dry sound, and the blocks that it has played."""

    source: BlockSource
    description: InstrumentDescription
    whole_from: int
    """Index of the block from which on it got every one."""
    fade_at: int | None
    """Input sample at which its sound begins to fade in; None while that isn't decided."""
    knobs: KnobSignals
    dry: DelayLine
    sent: deque[int] = field(default_factory=deque)
    """Indices of the blocks that the source has and hasn't played yet."""
    done: dict[int, Audio] = field(default_factory=dict)
    """Played blocks by their index."""
    alive: bool = True

    def block(self, driven: Audio, events: Sequence[ControlEvent], start: int) -> Audio:
        """The block that the source gets: sound in the instrument's channels, then a row per stop's knob.

        Args:
            driven: the performance's input at its gain, `[channels, n]`.
            events: those of this block.
            start: the block's first input sample.
        """
        channels, length = self.description.channels_in, driven.shape[1]
        block = np.empty((channels + len(self.description.stops), length), dtype=np.float32)
        block[:channels] = match_channels(driven, channels)
        self.knobs.fill(events, start, block[channels:])
        return block

    def send(self, index: int, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Send block `index` to the source; False if it has no room."""
        taken = self.source.submit(block, ramp_s, reset)
        if taken:
            self.sent.append(index)
        return taken

    def poll(self) -> None:
        """Collect the blocks that the source has played."""
        while self.sent and (played := self.source.collect()) is not None:
            self.done[self.sent.popleft()] = played

    def is_settled(self, index: int) -> bool:
        """Whether nothing more is to be expected of this block: it is played, was never sent, or the source is dead."""
        return index in self.done or index not in self.sent or not self.alive

    def forget(self, index: int) -> None:
        """Drop the played blocks up to this one."""
        for done in [done for done in self.done if done <= index]:
            del self.done[done]
