"""The supervisor's end of the level process: one process for the instrument that came in last, if levels are wanted."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.live.process_handles import LOAD_PATIENCE_S, PlayerHandle, ProcessHandle
from realtime.processes.level_memory import LevelReader, Tally, level_fields
from realtime.processes.messages import Failed, LevelsLoaded, MeasureLevels, Ready
from realtime.processes.shared_arrays import SharedArrays


class LevelProcessHandle(ProcessHandle):
    """A level process: it measures the levels of the blocks that a player gets."""

    def __init__(self, path: Path, sounding: bool) -> None:
        self._shared: SharedArrays | None = None
        target = "realtime.processes.level_process:run_level_process"
        super().__init__("the level process", target, path, sounding)

    def wait_loaded(self) -> None:
        """Wait until it has loaded. Raises DrawstopError if it can't."""
        self.receive(LevelsLoaded, LOAD_PATIENCE_S)

    def wait_ready(self) -> None:
        """Wait until it measures. Raises DrawstopError if it can't."""
        self.receive(Ready, LOAD_PATIENCE_S)

    def begin(self, player: PlayerHandle, block: int) -> None:
        """Let it measure what this player gets as soon as it has loaded; the player's instrument must be the same."""
        stops = tuple(stop.slug for stop in player.description.stops)
        self._shared = SharedArrays(level_fields(len(stops)))
        self.reader = LevelReader(self._shared, stops)
        with suppress(OSError):  # it has ended: `trouble` says so
            self.pipe.send(MeasureLevels(stops, block, player.descriptor, self._shared.descriptor))

    def trouble(self) -> str | None:
        """The reason why it no longer measures; None if it does."""
        try:
            while self.pipe.poll(0):
                message = self.pipe.recv()
                if isinstance(message, Failed):
                    return message.reason
        except (EOFError, OSError):
            return "the level process has ended"
        return None if self.alive else "the level process has ended"

    def close(self) -> None:
        """End it at once: it holds nothing that could be lost."""
        self.kill()
        if self._shared is not None:
            self._shared.close()


class LevelClient:
    """The levels of a performance, from any thread. Where no level process can run, the performance goes on without levels.

    Args:
        wanted: whether there are to be levels; without, nothing here does anything.
        notes: lines for the user.
    """

    def __init__(self, wanted: bool, notes: list[str]) -> None:
        self.wanted, self._notes = wanted, notes
        self._first: LevelProcessHandle | None = None  # of the first instrument, until it plays
        self._process: LevelProcessHandle | None = None
        self._before = Tally({}, {})
        self._lock = threading.RLock()
        self._closed = False

    def load(self, path: Path) -> None:
        """Begin to load the first instrument, while its player does."""
        if self.wanted:
            self._first = LevelProcessHandle(path, sounding=False)

    def wait_loaded(self, description: InstrumentDescription) -> None:
        """Wait until the first instrument is loaded. Raises DrawstopError if it has no levels."""
        if self._first is not None:
            description.method("listen")
            self._first.wait_loaded()

    def follow(self, player: PlayerHandle, block: int) -> None:
        """Measure this player's levels from now on; there are none until its level process has loaded."""
        with self._lock:
            self._leave()
            if self.wanted and not self._closed:
                try:
                    player.description.method("listen")
                except DrawstopError as error:
                    self._notes.append(f"no levels: {error}")
                    return
                self._process = self._first or LevelProcessHandle(player.path, sounding=True)
                self._first = None
                self._process.begin(player, block)

    def wait_ready(self) -> None:
        """Wait until levels are measured. Raises DrawstopError if they can't be."""
        if self._process is not None:
            self._process.wait_ready()

    def watch(self) -> None:
        """Note, once, that the level process has ended."""
        with self._lock:
            trouble = None if self._process is None else self._process.trouble()
            if trouble is not None:
                self._leave()
                self._notes.append(
                    f"no levels: {trouble}; the sound goes on, the next instrument's levels come again"
                )

    def levels(self) -> dict[str, float]:
        """Each stop's level now, 0..1; empty where none is measured. To be called ten times a second."""
        with self._lock:
            return {} if self._process is None else self._process.reader.read(time.monotonic())

    def summary(self) -> dict[str, Any]:
        """For `--json`: each stop's mean level, blocks measured and skipped; empty where no levels were wanted."""
        if not self.wanted:
            return {}
        with self._lock:
            tally = self._tally()
        return {
            "levels": {
                "mean": tally.means(),
                "heard_blocks": tally.measured_blocks,
                "skipped_blocks": tally.skipped_blocks,
            }
        }

    def close(self) -> None:
        """End the level process for good; `summary` stays."""
        with self._lock:
            self._closed = True
            self._leave()
            if self._first is not None:
                self._first.close()

    def _leave(self) -> None:
        self.levels()  # up to the last row
        self._before, process = self._tally(), self._process
        self._process = None
        if process is not None:
            process.close()

    def _tally(self) -> Tally:
        return self._before if self._process is None else self._before + self._process.reader.tally()
