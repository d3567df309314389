"""The stage's end of each process: start it, talk to it, end it."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Semaphore
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.instrument_description import InstrumentDescription
from realtime.processes.audio_process import Report
from realtime.processes.child_process import CONTEXT, start_child
from realtime.processes.device_process import DeviceRequest
from realtime.processes.player_client import PlayerRequest, player_fields
from realtime.processes.shared_arrays import Fields, SharedArrays

LOAD_PATIENCE_S = 120.0
OPEN_PATIENCE_S = 15.0
END_PATIENCE_S = 2.0
PROBE_CALLBACKS = 20
PROBE_PATIENCE_S = 5.0


class ProcessHandle:
    """A process and the pipe to it."""

    def __init__(self, target: str, *arguments: Any) -> None:
        self._pipe, there = CONTEXT.Pipe()
        self._process: BaseProcess = start_child(target, *arguments, there)
        there.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        """Ask it to end; kill it if it doesn't."""
        with suppress(OSError):  # it may have ended
            self._pipe.send(("end",))
        self._process.join(END_PATIENCE_S)
        self.kill()

    def receive(self, what: str, patience_s: float) -> Any:
        """Its next message.

        Raises:
            DrawstopError: it told an error, ended, or said nothing.
        """
        try:
            if not self._pipe.poll(patience_s):
                raise DrawstopError(f"{what} gave no answer for {patience_s:g} s")
            message = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise DrawstopError(f"{what} has ended without a word; see the lines above") from error
        if message[0] == "error":
            raise DrawstopError(message[1])
        return message

    @property
    def pipe(self) -> Connection:
        """To the process."""
        return self._pipe


class PlayerHandle(ProcessHandle):
    """A process that holds one instrument."""

    def __init__(self, request: PlayerRequest, slot: int, go: Semaphore, wake: Semaphore) -> None:
        self.path = request.path
        self.slot = slot
        self.death_reported = False
        self.digest = sha256_file(request.path)
        self._shared: SharedArrays | None = None
        super().__init__("realtime.processes.player_process:run_player", request, go, wake)

    def wait_loaded(self) -> None:
        """Wait until the instrument is loaded. Raises DrawstopError if it can't be."""
        self.description: InstrumentDescription = self.receive(self.path.name, LOAD_PATIENCE_S)[1]

    def trial(self, block: int) -> Sequence[float]:
        """The seconds that each of some blocks of this length takes."""
        self._pipe.send(("trial", block))
        seconds: Sequence[float] = self.receive(self.path.name, LOAD_PATIENCE_S)[1]
        return seconds

    def begin(self, block: int) -> None:
        """Warm up for this block; then it plays what the conductor sends."""
        self._shared = SharedArrays(player_fields(self.description, block))
        self._pipe.send(("play", self._shared.descriptor, block))
        self.real_time: bool = self.receive(self.path.name, LOAD_PATIENCE_S)[1]

    @property
    def descriptor(self) -> tuple[Fields, str]:
        """The arrays that the conductor attaches to."""
        assert self._shared is not None
        return self._shared.descriptor

    def take_longest(self) -> float:
        """The longest block since this was last asked, in seconds."""
        if self._shared is None:
            return 0.0
        longest = float(self._shared["longest"][0])
        self._shared["longest"][0] = 0.0
        return longest

    def error_counts(self) -> tuple[int, int]:
        """Blocks that failed, samples that weren't finite."""
        if self._shared is None:
            return 0, 0
        return int(self._shared["error_counts"][0]), int(self._shared["error_counts"][1])

    def end(self) -> None:
        """End the process and free its memory."""
        super().end()
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.close()


class DeviceHandle(ProcessHandle):
    """A process that holds the open device. Raises DrawstopError if it can't be opened."""

    def __init__(self, line: SharedArrays, request: DeviceRequest, wake: Semaphore, name: str) -> None:
        super().__init__("realtime.processes.device_process:run_device", line.descriptor, request, wake)
        self.name = name
        self.channels = (request.channels_in, request.channels_out)
        try:
            _, self.rate, self.latency_s = self.receive("the sound device", OPEN_PATIENCE_S)
            self.host_block = self._probe(line)
        except DrawstopError:
            self.kill()
            raise

    def _probe(self, line: SharedArrays) -> int:
        """The device's largest block, seen over some callbacks."""
        deadline = time.monotonic() + PROBE_PATIENCE_S
        while line["callbacks"][0] < PROBE_CALLBACKS:
            if time.monotonic() > deadline or not self.alive:
                raise DrawstopError(
                    "the sound device opens but brings no sound; try another: drawstop devices"
                )
            time.sleep(0.01)
        return int(line["frames"][1])


class AudioProcessHandle(ProcessHandle):
    """The conductor's process. Safe to use from several threads."""

    def __init__(self, wake: Semaphore, goes: tuple[Semaphore, Semaphore]) -> None:
        super().__init__("realtime.processes.audio_process:run_audio_process", wake, goes)
        self._lock = threading.Lock()

    def wait_ready(self) -> None:
        """Wait until it listens."""
        self.real_time: bool = self.receive("the conductor", OPEN_PATIENCE_S)[1]

    def tell(self, *command: Any) -> None:
        """Send a command that has no answer."""
        with self._lock:
            self._send(command)

    def report(self) -> Report:
        """How it goes."""
        with self._lock:
            self._send(("report",))
            report: Report = self.receive("the conductor", OPEN_PATIENCE_S)[1]
        return report

    def swap(self, *arguments: Any) -> str | None:
        """Let a player in; why not, if it is refused."""
        with self._lock:
            self._send(("swap", *arguments))
            refused: str | None = self.receive("the conductor", OPEN_PATIENCE_S)[1]
        return refused

    def _send(self, command: tuple[Any, ...]) -> None:
        try:
            self._pipe.send(command)
        except OSError as error:
            raise DrawstopError(
                "the conductor's process has ended; what was recorded is kept. Start again"
            ) from error

    def finish(self) -> Report:
        """End the performance: a fade, the session closed, the last report."""
        with self._lock:
            try:
                self._send(("report",))
                self.receive("the conductor", OPEN_PATIENCE_S)
                self._send(("end",))
                report: Report = self.receive("the conductor", OPEN_PATIENCE_S)[1]
            except DrawstopError:
                report = Report()
        self.kill()
        return report
