"""The supervisor's end of each process: start it, talk to it, end it."""

import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.instrument_description import InstrumentDescription
from realtime.processes.child_process import CONTEXT, start_child
from realtime.processes.device_process import DeviceSettings
from realtime.processes.device_ring import DeviceRing
from realtime.processes.messages import (
    AudioRequest,
    BlockTimes,
    Decision,
    DeviceOpened,
    End,
    Failed,
    GetReport,
    PlayerLoaded,
    PlayerRequest,
    Ready,
    RecordSession,
    Report,
    SaveState,
    StartPlaying,
    SwapInstrument,
    TryBlock,
)
from realtime.processes.player_client import PlayerSettings, player_fields
from realtime.processes.shared_arrays import Descriptor, SharedArrays

LOAD_PATIENCE_S = 120.0
OPEN_PATIENCE_S = 15.0
END_PATIENCE_S = 2.0
PROBE_CALLBACKS = 20
LONGEST_DELAY_S = 2.0
"""Wireless headphones take a third of a second."""
PROBE_PATIENCE_S = 5.0

Message = TypeVar("Message")


class ProcessHandle:
    """A child process and the pipe to it.

    Args:
        name: for error messages.
        target: `module:function`, called in the child with the arguments and its end of the pipe.
    """

    def __init__(self, name: str, target: str, *arguments: Any) -> None:
        self.name = name
        self._pipe, there = CONTEXT.Pipe()
        self._process: BaseProcess = start_child(target, *arguments, there)
        there.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid or 0

    @property
    def pipe(self) -> Connection:
        """The supervisor's end of the pipe."""
        return self._pipe

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        """Ask the process to end; kill it if it doesn't."""
        with suppress(OSError):  # it may have ended
            self._pipe.send(End())
        self._process.join(END_PATIENCE_S)
        self.kill()

    def receive(self, kind: type[Message], patience_s: float) -> Message:
        """The process's next message, which must be of this kind.

        Raises:
            DrawstopError: it sent `Failed` or another kind, ended, or sent nothing for so long.
        """
        try:
            if not self._pipe.poll(patience_s):
                raise DrawstopError(f"{self.name} gave no answer for {patience_s:g} s")
            message = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise DrawstopError(f"{self.name} has ended without a word; see the lines above") from error
        if isinstance(message, Failed):
            raise DrawstopError(message.reason)
        if not isinstance(message, kind):
            raise DrawstopError(f"expected {kind.__name__} from {self.name}, got {type(message).__name__}")
        return message


class PlayerHandle(ProcessHandle):
    """A process that holds one instrument.

    Attributes:
        slot: 0 or 1: two instruments are held during a swap.
        digest: SHA-256 of the instrument's file.
        death_reported: whether the audio process knows that this process has died.
        started_again: whether another process was asked for in its place.
    """

    def __init__(
        self, settings: PlayerSettings, slot: int, work_ready: Semaphore, block_done: Semaphore
    ) -> None:
        self.path = settings.path
        self.slot = slot
        self.death_reported = self.started_again = False
        self.digest = sha256_file(settings.path)
        self._shared: SharedArrays | None = None
        target = "realtime.processes.player_process:run_player"
        super().__init__(settings.path.name, target, settings, work_ready, block_done)

    def wait_loaded(self) -> None:
        """Wait until the instrument is loaded. Raises DrawstopError if it can't be."""
        self.description: InstrumentDescription = self.receive(PlayerLoaded, LOAD_PATIENCE_S).description

    def trial(self, block: int) -> BlockTimes:
        """Play some blocks of this length; how long each takes."""
        self._send(TryBlock(block))
        return self.receive(BlockTimes, LOAD_PATIENCE_S)

    def begin(self, block: int) -> None:
        """Warm up for this block; from then on it plays what the audio process sends."""
        self._shared = SharedArrays(player_fields(self.description, block))
        self._send(StartPlaying(self._shared.descriptor, block))
        self.real_time = self.receive(Ready, LOAD_PATIENCE_S).real_time

    def save_state(self, path: Path) -> None:
        """Have the instrument's state written to this file, before the next block that is marked for it."""
        self._send(SaveState(str(path)))
        self.receive(Ready, OPEN_PATIENCE_S)

    @property
    def descriptor(self) -> Descriptor:
        """The arguments with which the audio process attaches to the shared arrays."""
        assert self._shared is not None
        return self._shared.descriptor

    def block_times(self) -> npt.NDArray[np.int64]:
        """How long blocks took to play since it began, see `duration_histogram`. `[BINS]`"""
        assert self._shared is not None, "begin() comes first"
        counts: npt.NDArray[np.int64] = self._shared["durations"].copy()
        return counts

    def take_longest(self) -> float:
        """The longest block since the last call, in seconds."""
        if self._shared is None:
            return 0.0
        longest = float(self._shared["longest"][0])
        self._shared["longest"][0] = 0.0
        return longest

    def error_counts(self) -> tuple[int, int]:
        """Numbers of blocks that failed and of samples that weren't finite."""
        if self._shared is None:
            return 0, 0
        return int(self._shared["error_counts"][0]), int(self._shared["error_counts"][1])

    def end(self) -> None:
        """End the process and free its memory."""
        super().end()
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.close()

    def _send(self, request: PlayerRequest) -> None:
        self._pipe.send(request)


def plausible_delay(seconds: float) -> float | None:
    """A device's delay as it says itself; None if it can't be: one whose output is led back into its input adds it up.

    >>> plausible_delay(0.012), plausible_delay(3600.0), plausible_delay(-1.0), plausible_delay(float("nan"))
    (0.012, None, None, None)
    """
    return seconds if 0.0 <= seconds <= LONGEST_DELAY_S else None


class DeviceHandle(ProcessHandle):
    """A process that holds the open device. Raises DrawstopError if it can't be opened."""

    def __init__(
        self, ring: DeviceRing, settings: DeviceSettings, block_done: Semaphore, device_name: str
    ) -> None:
        target = "realtime.processes.device_process:run_device"
        super().__init__("the sound device", target, ring.descriptor, settings, block_done)
        self.device_name = device_name
        self.channels = (settings.channels_in, settings.channels_out)
        try:
            opened = self.receive(DeviceOpened, OPEN_PATIENCE_S)
            self.rate, self.latency_s = opened.rate, plausible_delay(opened.latency_s)
            self.host_block = self._probe(ring)
        except BaseException:  # an interrupt, too
            self.kill()
            raise

    def _probe(self, ring: DeviceRing) -> int:
        """The device's largest block, as seen over some callbacks."""
        deadline = time.monotonic() + PROBE_PATIENCE_S
        while (counters := ring.counters()).callbacks < PROBE_CALLBACKS:
            if time.monotonic() > deadline or not self.alive:
                raise DrawstopError(
                    "the sound device opens but brings no sound; try another: drawstop devices"
                )
            time.sleep(0.01)
        return counters.largest_block


class AudioProcessHandle(ProcessHandle):
    """The audio process. Safe to use from several threads."""

    def __init__(self, block_done: Semaphore, work_ready: tuple[Semaphore, Semaphore]) -> None:
        target = "realtime.processes.audio_process:run_audio_process"
        super().__init__("the audio process", target, block_done, work_ready)
        self._lock = threading.Lock()
        self._is_ready = False

    def wait_ready(self) -> None:
        """Wait until it takes messages."""
        self.receive(Ready, OPEN_PATIENCE_S)
        self._is_ready = True

    def send(self, request: AudioRequest) -> None:
        """Send a message that has no answer."""
        with self._lock:
            self._send(request)

    def report(self) -> Report:
        """The state of the performance."""
        with self._lock:
            self._send(GetReport())
            return self.receive(Report, OPEN_PATIENCE_S)

    def swap(self, request: SwapInstrument) -> str | None:
        """Let another instrument in; the reason if it is refused."""
        return self._refusal(request)

    def record(self, request: RecordSession) -> str | None:
        """Record the performance; the reason if that is refused."""
        return self._refusal(request)

    def finish(self) -> Report:
        """End the performance: a fade, the session closed, the last report."""
        with self._lock:
            try:
                if not self._is_ready:  # another process has failed meanwhile
                    self.wait_ready()
                self._send(GetReport())
                self._send(End())
            except DrawstopError:
                pass  # it has ended
            report = self._last_report()
        self.kill()
        return report

    def _last_report(self) -> Report:
        """The report that the process sends before it ends, behind the answers that an interrupted call has left."""
        report = Report()
        with suppress(EOFError, OSError):
            while self._pipe.poll(OPEN_PATIENCE_S):
                message = self._pipe.recv()
                report = message if isinstance(message, Report) else report
        return report

    def _refusal(self, request: SwapInstrument | RecordSession) -> str | None:
        """Why the audio process refuses a request; None if it has carried it out."""
        with self._lock:
            self._send(request)
            return self.receive(Decision, OPEN_PATIENCE_S).refusal

    def _send(self, request: AudioRequest) -> None:
        try:
            self._pipe.send(request)
        except OSError as error:
            raise DrawstopError(
                "the audio process has ended; what was recorded is kept. Start again"
            ) from error
