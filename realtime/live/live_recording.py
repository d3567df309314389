"""Begins and ends recordings of a performance while it plays."""

import importlib.metadata
import platform
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from drawstop import __version__
from drawstop.errors import DrawstopError, reason_of
from drawstop.front.calling import program
from realtime.backends.choice import OPENVINO
from realtime.live.process_handles import AudioProcessHandle, PlayerHandle
from realtime.processes.messages import EndSession, RecordSession, Report
from realtime.recording.session_file import MEMORY, SessionAbout, begin_session

LONGEST_NAME = 60
"""Characters of a session's name; file systems take some more."""


class Recorded(Protocol):
    """The performance that is recorded, as far as this knows it."""

    @property
    def player(self) -> PlayerHandle:
        """The player of the instrument that came in last."""
        ...

    @property
    def audio(self) -> AudioProcessHandle:
        """The audio process."""
        ...

    def session_about(self) -> SessionAbout:
        """What session.json says of a session that begins now."""
        ...


class LiveRecording:
    """The recordings of a performance, one at a time. Safe to use from several threads.

    Args:
        performance: what is recorded.
        folder: where sessions that are begun by name go, a folder each.
        show_line: takes a line for the user.

    Attributes:
        swap_lock: held while a recording begins; whoever lets an instrument in holds it meanwhile.
        folders: those of all sessions, the newest last.
    """

    def __init__(self, performance: Recorded, folder: Path, show_line: Callable[[str], None]) -> None:
        self._performance, self._folder, self._show_line = performance, folder, show_line
        self.swap_lock, self._lock = threading.Lock(), threading.Lock()
        self.folders: list[Path] = []
        self._thread = ThreadPoolExecutor(1, "recording")
        self._busy = self._on = False

    @property
    def current(self) -> Path | None:
        """The folder of the session that is being recorded; None: none is."""
        return self.folders[-1] if self._on else None

    def begin_at_start(self, folder: Path, instrument: Path) -> None:
        """Record from the performance's first sample on, into a new folder. Raises DrawstopError if it can't be made."""
        begin_session(folder, self._performance.session_about(), instrument)
        self.folders.append(folder)
        self._on = True

    def begin(self, name: str = "") -> None:
        """Record from now on, into a new folder of this name, or of the time's; doesn't wait.

        Raises:
            DrawstopError: a session is being recorded already.
        """
        with self._lock:
            if self._on or self._busy:
                raise DrawstopError("a session is being recorded already; end it first")
            self._busy = True
        self._thread.submit(self._begin, folder_name(name))

    def end(self) -> None:
        """End the recording; doesn't wait. Raises DrawstopError if there is none."""
        if not self._on:
            raise DrawstopError("nothing is being recorded")
        self._performance.audio.send(EndSession())

    def watch(self, report: Report, rate: int) -> None:
        """Take notice of a recording that has ended."""
        if self._on and report.sessions == len(self.folders) and not report.recording:
            self._on = False
            folder = self.folders[-1]
            self._show_line(
                report.problem
                or f"Recorded {report.recorded_samples / rate:.1f} s: {program()} render --session {folder} -o {folder.name}.wav"
            )

    def close(self) -> None:
        """Wait until a recording that is beginning has begun."""
        self._thread.shutdown()

    def _begin(self, name: str) -> None:
        try:
            with self.swap_lock:
                folder = _free_folder(self._folder / name)
                self._record_into(folder)
        except DrawstopError as error:
            self._show_line(f"not recorded: {error}")
        except OSError as error:
            self._show_line(f"not recorded: {reason_of(error)}")
        else:
            self._show_line(f"Recording into {folder}")
        finally:
            self._busy = False

    def _record_into(self, folder: Path) -> None:
        player, audio = self._performance.player, self._performance.audio
        if not player.alive:
            raise DrawstopError("the instrument has crashed; record when it plays again")
        about = replace(self._performance.session_about(), from_middle=True)
        begin_session(folder, about, player.path)
        player.save_state(folder / MEMORY)
        refusal = audio.record(RecordSession(str(folder), from_middle=True))
        if refusal:
            raise DrawstopError(refusal)
        self.folders.append(folder)
        self._on = True


def folder_name(name: str) -> str:
    """A folder's name for a session's: letters, digits and a few signs, so that it stays where it belongs.

    >>> folder_name("Vers 1, été"), folder_name("../../etc/passwd"), folder_name(" .. ")[:2]
    ('Vers-1-été', 'etc-passwd', '20')
    """
    words = "".join(each if each.isalnum() or each in "_" else " " for each in name).split()
    return "-".join(words)[:LONGEST_NAME] or time.strftime("%Y-%m-%d-%H%M%S")


def versions(backend: str) -> dict[str, str]:
    """The versions on which a session's bits depend."""
    names = ["torch", "numpy", *(["openvino"] if backend == OPENVINO else [])]
    found = {name: importlib.metadata.version(name) for name in names}
    return found | {
        "drawstop": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def _free_folder(folder: Path) -> Path:
    """This folder, or the first with a number behind its name that isn't there yet."""
    number, found = 1, folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found
