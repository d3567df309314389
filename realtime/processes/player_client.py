"""The audio process's end of a player in a process of its own.

Key idea: a performance hands blocks to a `RemotePlayer` as it would to a player in its own process. They cross
in shared memory; releasing a semaphore says that a block waits, releasing another that a block is played.
"""

from dataclasses import dataclass
from multiprocessing.synchronize import Semaphore
from pathlib import Path

from drawstop.instrument_description import InstrumentDescription
from drawstop.types import Audio
from realtime.processes.duration_histogram import BINS
from realtime.processes.shared_arrays import Descriptor, Fields, SharedArrays

SLOTS = 64
"""Blocks that may wait for a player; when an overload fills them, further blocks are skipped."""
UNSET = -1.0
"""Stands in the array of ramps for None: the ramp stays as it is."""


@dataclass(frozen=True)
class PlayerSettings:
    """The instrument of a player's process, and how it is played."""

    path: Path
    seed: int = 0
    noise: int | None = None
    threads: int = 1
    backend: str = "torchscript"


def player_fields(description: InstrumentDescription, block: int) -> Fields:
    """A player's shared arrays: a ring of blocks in, a ring of blocks out."""
    rows = description.channels_in + len(description.stops)
    return {
        "inbox": ((SLOTS, rows, block), "float32"),
        "outbox": ((SLOTS, description.channels_out, block), "float32"),
        "ramp": ((SLOTS,), "float64"),
        "reset": ((SLOTS,), "int64"),
        "save": ((SLOTS,), "int64"),  # whether the state before this block is to be written
        "sent": ((1,), "int64"),
        "played": ((1,), "int64"),
        "durations": ((BINS,), "int64"),
        "longest": ((1,), "float64"),  # seconds; the reader clears it
        "error_counts": ((2,), "int64"),  # blocks that failed, samples that weren't finite
    }


class RemotePlayer:
    """A `BlockSource` whose blocks are played in another process.

    Args:
        descriptor: the player's shared arrays.
        work_ready: released when a block waits for the player.
    """

    def __init__(self, descriptor: Descriptor, work_ready: Semaphore) -> None:
        self.shared = SharedArrays(*descriptor)
        self._work_ready = work_ready
        self._collected = int(self.shared["played"][0])
        self._save = False

    def prepare(self, block: int) -> None:
        """Nothing: the process has warmed up already."""

    def reset(self) -> None:
        """Nothing: the process is fresh."""

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Send the next block; False if there's no room for it."""
        sent = int(self.shared["sent"][0])
        if sent - self._collected >= SLOTS:
            return False
        slot = sent % SLOTS
        self.shared["inbox"][slot] = block
        self.shared["ramp"][slot] = UNSET if ramp_s is None else ramp_s
        self.shared["reset"][slot] = reset
        self.shared["save"][slot] = self._save
        self._save = False
        self.shared["sent"][0] = sent + 1
        self._work_ready.release()
        return True

    def save_state(self) -> None:
        """Have the instrument's state written as it is before the next block, by a process that took `SaveState`."""
        self._save = True

    def collect(self) -> Audio | None:
        """The oldest block played and not collected; None if there is none yet."""
        if self._collected >= int(self.shared["played"][0]):
            return None
        played: Audio = self.shared["outbox"][self._collected % SLOTS].copy()
        self._collected += 1
        return played
