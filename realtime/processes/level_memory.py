"""The stops' levels (how strongly each sounds) in shared memory: the level process writes them, the supervisor reads them.

Key idea: the level process writes sums that only grow, each into the next row of a short ring, and then their number. A
reader takes the difference to its last row: the mean over exactly the time between, however late it reads,
with no lock that could make a process wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.processes.shared_arrays import Fields, SharedArrays

ROWS = 16
"""The newest row is read while the next one is written; a reader would have to sleep over 15 of them to see one torn."""
STALE_S = 1.0
"""Levels that are older count as none: the device is away, or the level process gets no time."""
COUNTS = 3
"""Columns of a row before the stops': frames, blocks measured, blocks skipped."""


def level_fields(stops: int) -> Fields:
    """The shared arrays. A row: frames, blocks measured, blocks skipped, then per stop its level summed over the frames."""
    return {"rows": ((ROWS, COUNTS + stops), "float64"), "written": ((1,), "int64")}


class LevelWriter:
    """The level process's end: adds up levels and writes the sums."""

    def __init__(self, shared: SharedArrays) -> None:
        self._shared = shared
        self._total = np.zeros(shared["rows"].shape[1])

    def write(self, levels: npt.NDArray[np.float32], measured: int, skipped: int) -> None:
        """Add the levels that were measured since the last time.

        Args:
            levels: 0..1, `[stops, frames]`.
            measured: blocks that these frames come from.
            skipped: blocks before them that weren't measured.
        """
        self._total += [levels.shape[1], measured, skipped, *levels.sum(axis=1, dtype=np.float64)]
        written = int(self._shared["written"][0]) + 1
        self._shared["rows"][written % ROWS] = self._total
        self._shared["written"][0] = written


@dataclass(frozen=True)
class Tally:
    """The levels of a whole performance, perhaps of several instruments one after the other."""

    frames: dict[str, float]
    """Frames in which each stop was measured."""
    sums: dict[str, float]
    """Each stop's level, summed over these frames."""
    measured_blocks: int = 0
    skipped_blocks: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            _added(self.frames, other.frames),
            _added(self.sums, other.sums),
            self.measured_blocks + other.measured_blocks,
            self.skipped_blocks + other.skipped_blocks,
        )

    def means(self) -> dict[str, float]:
        """Each stop's mean level."""
        return {slug: self.sums[slug] / frames for slug, frames in self.frames.items() if frames}


class LevelReader:
    """The supervisor's end: reads means.

    Args:
        shared: arrays that a `LevelWriter` writes.
        stops: the slugs of the stops, in their order.
    """

    def __init__(self, shared: SharedArrays, stops: Sequence[str]) -> None:
        self._shared, self._stops = shared, tuple(stops)
        self._row = np.zeros(COUNTS + len(self._stops))
        self._levels: dict[str, float] = {}
        self._fresh_at = float("-inf")

    def read(self, now: float) -> dict[str, float]:
        """Each stop's mean level since the last new row; none if that came longer than `STALE_S` ago.

        Args:
            now: seconds, of any clock that never goes back.
        """
        row = self._shared["rows"][int(self._shared["written"][0]) % ROWS].copy()
        new = row - self._row
        if new[0] > 0:
            means = np.clip(new[COUNTS:] / new[0], 0.0, 1.0)
            self._levels = dict(zip(self._stops, means.tolist(), strict=True))
            self._row, self._fresh_at = row, now
        return self._levels if now - self._fresh_at <= STALE_S else {}

    def tally(self) -> Tally:
        """The levels of all that was measured up to the last `read`."""
        frames, measured, skipped = self._row[:COUNTS].tolist()
        sums = dict(zip(self._stops, self._row[COUNTS:].tolist(), strict=True))
        return Tally(dict.fromkeys(self._stops, frames), sums, int(measured), int(skipped))


def _added(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return {slug: one.get(slug, 0.0) + other.get(slug, 0.0) for slug in one | other}
