"""Where a performance sends its blocks, and what every block must be. Without torch: the conductor has none."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]


class BlockSource(Protocol):
    """Where a performance sends its blocks: a player in this process, or one in a process of its own."""

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
        """As freshly prepared."""
        ...


def silence_non_finite(audio: Audio) -> int:
    """Replace NaN and Inf by 0 in place; how many there were."""
    broken = ~np.isfinite(audio)
    count = int(np.count_nonzero(broken))
    if count:
        audio[broken] = 0.0
    return count
