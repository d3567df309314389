"""The stage's end of the listener: one for the instrument that came in last, as long as levels are wanted."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.live.process_handles import LOAD_PATIENCE_S, PlayerHandle, ProcessHandle
from realtime.processes.level_memory import LevelReader, LevelRequest, Tally, level_fields
from realtime.processes.shared_arrays import SharedArrays


class LevelProcessHandle(ProcessHandle):
    """A process that listens to what a player is sent."""

    def __init__(self, path: Path, sounding: bool) -> None:
        self._shared: SharedArrays | None = None
        super().__init__("realtime.processes.level_process:run_level_process", path, sounding)

    def wait(self) -> None:
        """Wait until it has loaded, or the second time until it listens. Raises DrawstopError if it can't."""
        self.receive("the listener", LOAD_PATIENCE_S)

    def begin(self, player: PlayerHandle, block: int) -> None:
        """Let it listen to this player, of the instrument that it was started with, as soon as it has loaded."""
        stops = tuple(stop.slug for stop in player.description.stops)
        self._shared = SharedArrays(level_fields(len(stops)))
        self.reader = LevelReader(self._shared, stops)
        with suppress(OSError):  # it has ended, which is told by `trouble`
            self.pipe.send(LevelRequest(stops, block, player.descriptor, self._shared.descriptor))

    def trouble(self) -> str | None:
        """Why it doesn't listen any more."""
        try:
            while self.pipe.poll(0):
                message = self.pipe.recv()
                if message[0] == "error":
                    return str(message[1])
        except (EOFError, OSError):
            return "the listener has ended"
        return None if self.alive else "the listener has ended"

    def close(self) -> None:
        """End it at once: it holds nothing that could be lost."""
        self.kill()
        if self._shared is not None:
            self._shared.close()


class LevelClient:
    """The levels of a performance, from any thread; it goes on without them where a listener can't be had.

    Args:
        wanted: whether there are to be any; without, nothing here does anything.
        notes: lines for the user.
    """

    def __init__(self, wanted: bool, notes: list[str]) -> None:
        self.wanted, self._notes = wanted, notes
        self._early: LevelProcessHandle | None = None  # of the first instrument, until it plays
        self._listener: LevelProcessHandle | None = None
        self._before = Tally({}, {})
        self._lock = threading.RLock()
        self._closed = False

    def load(self, path: Path) -> None:
        """Load the first instrument, while its player does."""
        if self.wanted:
            self._early = LevelProcessHandle(path, sounding=False)

    def wait_loaded(self, description: InstrumentDescription) -> None:
        """Wait for that. Raises DrawstopError if levels are wanted and this instrument has none."""
        if self._early is not None:
            description.method("listen")
            self._early.wait()

    def follow(self, player: PlayerHandle, block: int) -> None:
        """Listen to this player from now on; until its listener has loaded there are no levels."""
        with self._lock:
            self._leave()
            if self.wanted and not self._closed:
                try:
                    player.description.method("listen")
                except DrawstopError as error:
                    self._notes.append(f"no levels: {error}")
                    return
                self._listener, self._early = (
                    self._early or LevelProcessHandle(player.path, sounding=True),
                    None,
                )
                self._listener.begin(player, block)

    def wait_ready(self) -> None:
        """Wait until it listens. Raises DrawstopError if it can't."""
        if self._listener is not None:
            self._listener.wait()

    def watch(self) -> None:
        """Tell it, once, if the listener has ended."""
        with self._lock:
            trouble = None if self._listener is None else self._listener.trouble()
            if trouble is not None:
                self._leave()
                self._notes.append(
                    f"no levels: {trouble}; the sound goes on, the next instrument's levels come again"
                )

    def levels(self) -> dict[str, float]:
        """How strongly each stop sounds now, 0..1; none where nobody listens. To be asked ten times a second."""
        with self._lock:
            return {} if self._listener is None else self._listener.reader.read(time.monotonic())

    def figures(self) -> dict[str, Any]:
        """For `--json`: each stop's mean level, blocks heard and skipped; nothing where no levels were wanted."""
        if not self.wanted:
            return {}
        with self._lock:
            tally = self._tally()
        return {
            "levels": {
                "mean": tally.means(),
                "heard_blocks": tally.heard_blocks,
                "skipped_blocks": tally.skipped_blocks,
            }
        }

    def close(self) -> None:
        """End it for good; `figures` stay."""
        with self._lock:
            self._closed = True
            self._leave()
            if self._early is not None:
                self._early.close()

    def _leave(self) -> None:
        self.levels()  # the last news
        self._before, listener = self._tally(), self._listener
        self._listener = None
        if listener is not None:
            listener.close()

    def _tally(self) -> Tally:
        return self._before if self._listener is None else self._before + self._listener.reader.tally()
