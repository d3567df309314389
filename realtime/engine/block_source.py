"""The interface by which a performance plays an instrument, block by block. Without torch: the audio process has none."""

from collections import deque
from typing import Protocol

import numpy as np

from drawstop.instrument_description import InstrumentDescription
from drawstop.types import Audio
from realtime.engine.channel_strip import match_channels


class BlockSource(Protocol):
    """An instrument that plays blocks: in this process, or in one of its own."""

    def prepare(self, block: int) -> None:
        """Warm up for blocks of this many samples, then reset. Slow."""
        ...

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Hand over the next block, `[channels_in + stops, n]`; False if there's no room for it."""
        ...

    def collect(self) -> Audio | None:
        """The oldest block played and not collected, `[channels_out, n]`; None if there is none yet."""
        ...

    def reset(self) -> None:
        """Return to the state after `prepare`."""
        ...


class PassThrough:
    """A `BlockSource` that gives back the sound as it came: for measuring the delay around it."""

    def __init__(self, description: InstrumentDescription) -> None:
        self._channels = (description.channels_in, description.channels_out)
        self._played: deque[Audio] = deque()

    def prepare(self, block: int) -> None:
        """Nothing to warm up."""

    def reset(self) -> None:
        """Nothing to clear."""

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Take the next block; always True."""
        self._played.append(match_channels(block[: self._channels[0]], self._channels[1]).copy())
        return True

    def collect(self) -> Audio | None:
        """The oldest block that isn't collected; None if there is none."""
        return self._played.popleft() if self._played else None


def silence_non_finite(audio: Audio) -> int:
    """Replace NaN and Inf by 0 in place; returns their number."""
    broken = ~np.isfinite(audio)
    count = int(np.count_nonzero(broken))
    if count:
        audio[broken] = 0.0
    return count
