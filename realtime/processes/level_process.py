"""The level process: it measures how strongly each stop sounds in the blocks that a player gets.

Key idea: the player's inbox holds the last 64 blocks anyway. The level process reads it now and then and writes nothing there,
so playing takes neither longer nor more work with it than without. Blocks that it has no time for are skipped.
"""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from drawstop.errors import DrawstopError
from realtime.engine import instrument_file
from realtime.engine.instrument_file import LoadedInstrument
from realtime.engine.instrument_player import WARM_UP_BLOCKS
from realtime.processes.child_process import begin_child, freeze_garbage, orphaned
from realtime.processes.level_memory import LevelWriter
from realtime.processes.messages import Failed, LevelsLoaded, MeasureLevels, Ready
from realtime.processes.player_client import SLOTS
from realtime.processes.shared_arrays import SharedArrays

NICENESS = 10
"""All other processes go first, where the system's scheduler heeds it."""
PIECE_S = 0.08
"""Blocks are measured together in pieces of about so long: one call for 4096 samples costs a third of eight for 512."""
PAUSE_S = PIECE_S / 4
"""Between two looks into the inbox: releasing a semaphore would be work for the audio process."""
LAG_S = 0.3
"""If it falls farther behind than this, it skips the blocks that wait."""


class LevelMeter:
    """Measures the levels of the blocks that one player gets, from now on.

    Args:
        instrument: a copy of the player's; the meter becomes its only user.
        block: samples per block.
        inbox: the player's arrays; they are only read.
        writer: takes the levels.

    Attributes:
        piece: blocks that are measured together.
    """

    def __init__(
        self, instrument: LoadedInstrument, block: int, inbox: SharedArrays, writer: LevelWriter
    ) -> None:
        self._instrument, self._inbox, self._writer = instrument, inbox, writer
        self._channels = instrument.description.channels_in
        per_second = instrument.description.sample_rate / block
        self.piece = min(max(1, round(PIECE_S * per_second)), SLOTS // 4)
        self._most = min(max(2 * self.piece, round(LAG_S * per_second)), SLOTS * 3 // 4)
        self._skipped = 0
        silence = np.zeros((self._channels, self.piece * block), dtype=np.float32)
        for _ in range(WARM_UP_BLOCKS):
            self._levels(silence)
        instrument.reset()
        self._next = int(inbox["sent"][0])

    def measure_next(self) -> bool:
        """Measure the next piece; False if it isn't there yet."""
        waiting = int(self._inbox["sent"][0]) - self._next
        if waiting > self._most:
            self._skip(waiting - self.piece)
        elif waiting < self.piece:
            return False
        first = self._next
        slots = np.arange(first, first + self.piece) % SLOTS
        sound = np.concatenate(self._inbox["inbox"][slots, : self._channels], axis=1)
        cleared = bool(self._inbox["reset"][slots].any())
        if int(self._inbox["sent"][0]) - first >= SLOTS:  # written over while we read
            self._skip(self.piece)
            return True
        if cleared:
            self._instrument.reset()
        self._next += self.piece
        self._writer.write(self._levels(sound), self.piece, self._skipped)
        self._skipped = 0
        return True

    def _skip(self, blocks: int) -> None:
        self._next += blocks
        self._skipped += blocks

    def _levels(self, sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """`[channels, samples]` -> levels `[stops, frames]`; a level that is no number becomes 0 and resets the instrument."""
        with torch.inference_mode():
            result = self._instrument.module.listen(torch.from_numpy(sound)[None])
        levels: npt.NDArray[np.float32] = result[0].numpy()
        if not np.isfinite(levels).all():
            self._instrument.reset()
            levels = np.nan_to_num(levels, posinf=0.0, neginf=0.0)
        return levels


def run_level_process(path: Path, sounding: bool, parent: Connection) -> None:
    """The process: load, wait for `MeasureLevels`, and measure until the parent sends another message or is gone.

    Args:
        sounding: whether a performance runs already; then loading, too, runs at the lowest priority.

    Sends `LevelsLoaded`, then `Ready`; or `Failed` where it can't, or can't any more, and ends.
    """
    begin_child()
    if sounding:
        lower_priority()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        _load_and_measure(path, sounding, parent)
    except (EOFError, OSError):  # the parent is gone
        return
    except DrawstopError as error:
        parent.send(Failed(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a script raises becomes one line
        reason = str(error).strip().splitlines() or [type(error).__name__]
        parent.send(Failed(f"{path.name} can't listen ({reason[-1]}); bake it again"))


def lower_priority() -> None:
    """Let other processes go first, where the system has such a thing."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _load_and_measure(path: Path, sounding: bool, parent: Connection) -> None:
    instrument = instrument_file.load(path)
    parent.send(LevelsLoaded())
    while not parent.poll(PAUSE_S):
        if orphaned():
            return
    request: MeasureLevels = parent.recv()
    if request.stops != tuple(stop.slug for stop in instrument.description.stops):
        raise DrawstopError(f"{path.name} isn't the file that plays any more")
    writer = LevelWriter(SharedArrays(*request.levels))
    meter = LevelMeter(instrument, request.block, SharedArrays(*request.player), writer)
    freeze_garbage()
    if not sounding:
        lower_priority()
    parent.send(Ready())
    while not parent.poll(0 if meter.measure_next() else PAUSE_S) and not orphaned():
        pass
