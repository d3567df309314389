"""How strongly each stop sounds: what the listener leaves in shared memory, and how the stage reads it.

Key idea: the listener leaves sums that only grow, each in the next row of a short ring, and then says how many there are. Whoever
reads takes the difference to what it read last: the mean over exactly the time between, however late it comes,
with no lock that could make anyone wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.processes.shared_arrays import Fields, SharedArrays

ROWS = 16
"""The newest row is read while the next one is written; a reader would have to sleep over 15 of them to see one torn."""
STALE_S = 1.0
"""Levels that are older aren't now: the device is away, or the listener gets no time."""
COUNTS = 3


@dataclass(frozen=True)
class LevelRequest:
    """Whom to listen to, and where to leave the levels."""

    stops: tuple[str, ...]
    """The slugs of the player's instrument."""
    block: int
    inbox: tuple[Fields, str]
    levels: tuple[Fields, str]


def level_fields(stops: int) -> Fields:
    """The listener's arrays. A row: frames, blocks heard, blocks skipped, then per stop its level summed over the frames."""
    return {"rows": ((ROWS, COUNTS + stops), "float64"), "written": ((1,), "int64")}


class LevelWriter:
    """The listener's side."""

    def __init__(self, shared: SharedArrays) -> None:
        self._shared = shared
        self._total = np.zeros(shared["rows"].shape[1])

    def write(self, levels: npt.NDArray[np.float32], heard: int, skipped: int) -> None:
        """Add what was heard since the last time.

        Args:
            levels: 0..1, `[stops, frames]`.
            heard: blocks that these frames come from.
            skipped: blocks before them that weren't heard.
        """
        self._total += [levels.shape[1], heard, skipped, *levels.sum(axis=1, dtype=np.float64)]
        written = int(self._shared["written"][0]) + 1
        self._shared["rows"][written % ROWS] = self._total
        self._shared["written"][0] = written


@dataclass(frozen=True)
class Tally:
    """What was heard over a performance, perhaps of several instruments one after the other."""

    frames: dict[str, float]
    """Frames in which each stop could be heard."""
    sums: dict[str, float]
    heard_blocks: int = 0
    skipped_blocks: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            _added(self.frames, other.frames),
            _added(self.sums, other.sums),
            self.heard_blocks + other.heard_blocks,
            self.skipped_blocks + other.skipped_blocks,
        )

    def means(self) -> dict[str, float]:
        """Each stop's mean level."""
        return {slug: self.sums[slug] / frames for slug, frames in self.frames.items() if frames}


class LevelReader:
    """The stage's side.

    Args:
        shared: what the listener writes.
        stops: the slugs of its stops, in their order.
    """

    def __init__(self, shared: SharedArrays, stops: Sequence[str]) -> None:
        self._shared, self._stops = shared, tuple(stops)
        self._row = np.zeros(COUNTS + len(self._stops))
        self._levels: dict[str, float] = {}
        self._fresh_at = float("-inf")

    def read(self, now: float) -> dict[str, float]:
        """Each stop's mean level since the last time that there was news; none where that is longer ago than `STALE_S`.

        Args:
            now: seconds, of any clock that only goes on.
        """
        row = self._shared["rows"][int(self._shared["written"][0]) % ROWS].copy()
        new = row - self._row
        if new[0] > 0:
            means = np.clip(new[COUNTS:] / new[0], 0.0, 1.0)
            self._levels = dict(zip(self._stops, means.tolist(), strict=True))
            self._row, self._fresh_at = row, now
        return self._levels if now - self._fresh_at <= STALE_S else {}

    def tally(self) -> Tally:
        """All that was heard up to the last `read`."""
        frames, heard, skipped = self._row[:COUNTS].tolist()
        sums = dict(zip(self._stops, self._row[COUNTS:].tolist(), strict=True))
        return Tally(dict.fromkeys(self._stops, frames), sums, int(heard), int(skipped))


def _added(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return {slug: one.get(slug, 0.0) + other.get(slug, 0.0) for slug in one | other}
