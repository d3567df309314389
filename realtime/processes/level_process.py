"""A process that listens: it hears what a player is sent, and tells how strongly each stop sounds.

Key idea: the player's inbox keeps the last 64 blocks anyway. The listener looks into it now and then, and never makes anyone
wait or do more: who plays can't tell whether someone listens. What it has no time for, it skips.
"""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from drawstop.errors import DrawstopError
from realtime.engine import instrument_file
from realtime.engine.instrument_file import Instrument
from realtime.engine.instrument_player import WARM_UP_BLOCKS
from realtime.processes.child_process import begin_child, freeze_garbage, orphaned
from realtime.processes.level_memory import LevelRequest, LevelWriter
from realtime.processes.player_client import SLOTS
from realtime.processes.shared_arrays import SharedArrays

NICENESS = 10
"""Everything else goes first, where the system's scheduler heeds it."""
PIECE_S = 0.08
"""Blocks are heard together in pieces of about so long: one call for 4096 samples costs a third of eight for 512."""
PAUSE_S = PIECE_S / 4
"""Between two looks into the inbox: an event would be work for who plays."""
LAG_S = 0.3
"""Being farther behind than this isn't now any more: what waits is skipped."""


class LevelMeter:
    """Hears what one player is sent, from now on.

    Args:
        instrument: a copy of the player's, of which the listener becomes the only user.
        block: samples per block.
        inbox: the player's arrays; they are only read.
        writer: where the levels go.
    """

    def __init__(self, instrument: Instrument, block: int, inbox: SharedArrays, writer: LevelWriter) -> None:
        self._instrument, self._inbox, self._writer = instrument, inbox, writer
        self._channels = instrument.description.channels_in
        per_second = instrument.description.sample_rate / block
        self.piece = min(max(1, round(PIECE_S * per_second)), SLOTS // 4)
        """Blocks that are heard together."""
        self._most = min(max(2 * self.piece, round(LAG_S * per_second)), SLOTS * 3 // 4)
        self._skipped = 0
        silence = np.zeros((self._channels, self.piece * block), dtype=np.float32)
        for _ in range(WARM_UP_BLOCKS):
            self._listen(silence)
        instrument.reset()
        self._next = int(inbox["sent"][0])

    def hear(self) -> bool:
        """Hear the next piece, if it is there."""
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
        self._writer.write(self._listen(sound), self.piece, self._skipped)
        self._skipped = 0
        return True

    def _skip(self, blocks: int) -> None:
        self._next += blocks
        self._skipped += blocks

    def _listen(self, sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """`[channels, samples]` -> levels `[stops, frames]`; 0 for what is no number, whose cause is forgotten."""
        with torch.inference_mode():
            heard = self._instrument.module.listen(torch.from_numpy(sound)[None])
        levels: npt.NDArray[np.float32] = heard[0].numpy()
        if not np.isfinite(levels).all():
            self._instrument.reset()
            levels = np.nan_to_num(levels, posinf=0.0, neginf=0.0)
        return levels


def run_level_process(path: Path, sounding: bool, parent: Connection) -> None:
    """The process: load, wait for a `LevelRequest`, and listen until the parent says anything more or is gone.

    Args:
        sounding: whether a performance runs already, so that loading must go behind it.

    Tells `("loaded",)`, then `("ready",)`; `("error", one line)` where it can't, or can't any more, and ends.
    """
    begin_child()
    if sounding:
        _go_behind()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        _load_and_listen(path, sounding, parent)
    except (EOFError, OSError):  # the parent is gone
        return
    except DrawstopError as error:
        parent.send(("error", str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a script raises is told in one line
        reason = str(error).strip().splitlines() or [type(error).__name__]
        parent.send(("error", f"{path.name} can't listen ({reason[-1]}); bake it again"))


def _go_behind() -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _load_and_listen(path: Path, sounding: bool, parent: Connection) -> None:
    instrument = instrument_file.load(path)
    parent.send(("loaded",))
    while not parent.poll(PAUSE_S):
        if orphaned():
            return
    request: LevelRequest = parent.recv()
    if request.stops != tuple(stop.slug for stop in instrument.description.stops):
        raise DrawstopError(f"{path.name} isn't the file that plays any more")
    writer = LevelWriter(SharedArrays(*request.levels))
    listener = LevelMeter(instrument, request.block, SharedArrays(*request.inbox), writer)
    freeze_garbage()
    if not sounding:
        _go_behind()
    parent.send(("ready",))
    while not parent.poll(0 if listener.hear() else PAUSE_S) and not orphaned():
        pass
