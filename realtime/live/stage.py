"""The stage: starts the processes of a performance, watches them, and brings back what goes away.

It lives in the command's own process. All that it does with sound is to tell the conductor.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drawstop.base.description import InstrumentDescription
from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent
from realtime.live.children import CONTEXT
from realtime.live.conductor import LineSettings, Report
from realtime.live.device import DeviceRequest
from realtime.live.devices import SoundDevice, find_device, list_devices
from realtime.live.handles import ConductorHandle, DeviceHandle, PlayerHandle
from realtime.live.line import line_fields
from realtime.live.plan import Plan, candidates, make_plan
from realtime.live.remote_player import PlayerRequest
from realtime.live.shared import SharedArrays
from realtime.session import keep_instrument

STALLED_S = 1.5
"""A device that hasn't called for so long is gone."""
RETRY_S = 1.0


@dataclass(frozen=True)
class StageRequest:
    """All that a performance is started with."""

    instrument: Path
    input_device: str | None = None
    output_device: str | None = None
    rate: int | None = None
    """Of the device, hertz; None: the instrument's if the device takes it, else the device's own."""
    host_block: int = 0
    block: int | None = None
    latency: int | None = None
    seed: int = 0
    noise: int | None = None
    ceiling_db: float = -0.3
    backend: str = "torchscript"


class Stage:
    """A live performance. `open`, then `schedule`, `swap`, `report` and, ten times a second, `watch`; then `close`.

    Attributes:
        notes: lines for the user about what has happened, oldest first; the reader takes them out.
    """

    def __init__(self, request: StageRequest) -> None:
        self.request = request
        self.notes: list[str] = []
        self.plan: Plan | None = None
        self.device_losses = 0
        self.swaps = 0
        self.last_values: dict[str, float] = {}
        self._wake = CONTEXT.Semaphore(0)
        self._goes = (CONTEXT.Semaphore(0), CONTEXT.Semaphore(0))
        self._players: dict[int, PlayerHandle] = {}
        self._conductor: ConductorHandle | None = None
        self._device: DeviceHandle | None = None
        self._line: SharedArrays | None = None
        self._left_line: SharedArrays | None = None
        self._line_start = 0
        self._session: Path | None = None
        self._swapping = threading.Lock()
        self._next_retry = 0.0
        self._devices: list[SoundDevice] = []
        self._blocks: list[int] = []
        self._tried: dict[int, Sequence[float]] = {}

    @property
    def description(self) -> InstrumentDescription:
        """Of the instrument that came in last."""
        return self._player.description

    @property
    def digest(self) -> str:
        """SHA-256 of that instrument's file."""
        return self._player.digest

    def load(self) -> InstrumentDescription:
        """Start the processes and load the instrument; what can be refused at once is.

        Raises:
            DrawstopError: no instrument, no such device, or a block that doesn't fit.
        """
        player = self._new_player(self.request.instrument, 0)
        self._conductor = ConductorHandle(self._wake, self._goes)
        self._devices = list_devices()  # while the others start
        self._find_devices()
        self._player = self._loaded(player)
        self._conductor.wait_ready()
        self._blocks = candidates(self.description, self.request.block)
        return self.description

    def open(self) -> Plan:
        """Open the device, try how fast the instrument plays, and plan; nothing sounds yet.

        Raises:
            DrawstopError: the device refuses, or the machine is too slow.
        """
        self._open_device(*self._find_devices())
        self._tried = self._player.trial(self._blocks)
        try:
            self.plan = self._planned(self.request.latency)
        except DrawstopError:
            if self.request.block is None or self.request.latency is not None:
                raise
            others = self._player.trial(candidates(self.description, None))
            self.plan = self._planned(None, others)
        self._player.begin(self.plan.block)
        return self.plan

    def start(self, settings: Iterable[ControlEvent] = (), session: Path | None = None) -> None:
        """Let it sound. `session`: a folder that `begin_session` made, to record into."""
        assert self.plan is not None
        self._session = session
        conductor = self._conductor
        assert conductor is not None
        player = self._player
        conductor.tell(
            "perform",
            player.description,
            player.ticket,
            player.slot,
            self.plan.block,
            self.request.ceiling_db,
        )
        if session is not None:
            conductor.tell("record", str(session))
        self.schedule(settings)
        self._start_line()

    def start_measuring(self) -> SharedArrays:
        """Run the loop with a pass-through for the instrument and a click for its output; gives the line."""
        assert self.plan is not None and self._conductor is not None
        self._conductor.tell("pass_through", self._player.description, self.plan.block)
        self._start_line(measuring=True)
        assert self._line is not None
        return self._line

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Send events to the sound; from any thread. Those for another instrument's stops are counted and dropped."""
        if self._conductor is not None:
            self._conductor.tell("events", list(events))

    def now(self) -> int:
        """The input sample that the device is hearing at this moment, for stamping events; from any thread."""
        line, plan = self._line, self.plan
        if line is None or plan is None or not line["position"][0]:
            return self._line_start
        since = max(0.0, time.perf_counter() - float(line["called"][0]))
        frames = int(line["position"][0]) + min(since, STALLED_S) * plan.device_rate
        return self._line_start + int(frames * plan.rate / plan.device_rate)

    def report(self) -> Report:
        """How it goes; ends the processes of instruments that have left."""
        assert self._conductor is not None
        report = self._conductor.report()
        self._line_start = report.line_start
        for slot in report.retired:
            if slot in self._players:
                self._drop(self._players[slot])
        return report

    @property
    def line(self) -> SharedArrays | None:
        """The line to the device, with its counters; None while there is no device."""
        return self._line

    @property
    def conductor_pid(self) -> int:
        """The conductor's process, for those who look after its memory."""
        assert self._conductor is not None
        return self._conductor.pid

    def longest_block_s(self) -> float:
        """The longest that a block took to play since this was last asked, in seconds."""
        return self._player.take_longest()

    def troubles(self) -> tuple[int, int]:
        """Blocks in which the instrument failed, and samples of it that weren't finite."""
        return self._player.troubles()

    def swap(self, path: Path) -> None:
        """Let another instrument in, from a thread of its own; what comes of it stands in `notes`."""
        threading.Thread(target=self._swap, args=(path,), name="swap", daemon=True).start()

    def watch(self) -> None:
        """See whether everything is alive; bring back what isn't."""
        if self._conductor is not None and not self._conductor.alive:
            raise DrawstopError("the conductor's process has ended; what was recorded is kept. Start again")
        self._watch_player()
        self._watch_device()

    def close(self) -> Report:
        """Fade out, close the session, end all processes."""
        report = self._conductor.finish() if self._conductor is not None else Report()
        if self._device is not None:
            self._device.end()
        for player in list(self._players.values()):
            player.end()  # also one that is still loading: its swap then ends with an error that nobody reads
        with self._swapping:
            pass
        self._close_left_line()
        if self._line is not None:
            self._line.close()
            self._line = None
        return report

    def _close_left_line(self) -> None:
        """Free a line that was left a while ago: another thread may have looked at the last one until now."""
        if self._left_line is not None:
            self._left_line.close()
            self._left_line = None

    def _new_player(self, path: Path, slot: int) -> PlayerHandle:
        request = PlayerRequest(path, self.request.seed, self.request.noise, backend=self.request.backend)
        self._players[slot] = PlayerHandle(request, slot, self._goes[slot], self._wake)
        return self._players[slot]

    def _drop(self, player: PlayerHandle) -> None:
        self._players.pop(player.slot, None)
        player.end()

    def _loaded(self, player: PlayerHandle) -> PlayerHandle:
        try:
            player.wait_loaded()
        except DrawstopError:
            self._drop(player)
            raise
        return player

    def _swap(self, path: Path) -> None:
        if not self._swapping.acquire(blocking=False):
            self.notes.append(f"{path.name} isn't taken: another instrument is on its way in")
            return
        try:
            self._bring_in(path)
        except DrawstopError as error:
            self.notes.append(str(error))
        finally:
            self._swapping.release()

    def _bring_in(self, path: Path) -> None:
        assert self._conductor is not None and self.plan is not None
        slot = self._free_slot()
        player = self._loaded(self._new_player(path, slot))
        try:
            player.begin(self.plan.block)
            if self._session is not None:
                keep_instrument(self._session, path, player.digest)
            refused = self._conductor.swap(player.description, player.ticket, slot, player.digest)
            if refused:
                raise DrawstopError(refused)
        except BaseException:
            self._drop(player)
            raise
        self._player = player
        self.swaps += 1
        self.plan = replace(
            self.plan, model=player.description.delay_samples * self.plan.device_rate / self.plan.rate
        )
        self.notes.append(f"{path.name} is coming in")

    def _free_slot(self) -> int:
        """A slot without a player; waits for an instrument that is on its way out."""
        deadline = time.monotonic() + 10.0
        while len(self._players) == len(self._goes):
            if time.monotonic() > deadline:
                raise DrawstopError("the last instrument hasn't left yet; try again")
            time.sleep(0.05)
        return next(slot for slot in range(len(self._goes)) if slot not in self._players)

    def _watch_player(self) -> None:
        player = self._player
        if player.alive or player.told_dead or self._conductor is None:
            return
        player.told_dead = True
        self._conductor.tell("dead", player.slot)
        self.notes.append(
            f"{player.path.name} has crashed: the dry sound plays, the instrument is started again"
        )
        self.swap(player.path)

    def _watch_device(self) -> None:
        device, line = self._device, self._line
        if device is not None and line is not None:
            called = float(line["called"][0])
            stalled = called > 0.0 and time.perf_counter() - called > STALLED_S
            if device.alive and not stalled:
                return
            self._lose_device()
        if self._device is None and time.monotonic() >= self._next_retry:
            self._take_up_device()

    def _lose_device(self) -> None:
        assert self._device is not None and self._conductor is not None and self._line is not None
        self.notes.append("the sound device is gone; waiting for it, or for another one")
        self.device_losses += 1
        self._device.kill()
        self._device = None
        self._conductor.tell("line_lost")
        self._close_left_line()
        self._left_line, self._line = self._line, None
        self._next_retry = time.monotonic()

    def _take_up_device(self) -> None:
        """Open the device again, or the default one if that isn't there."""
        try:
            self._devices = list_devices()
            try:
                self._open_device(*self._find_devices())
            except DrawstopError:
                self._open_device(*self._find_devices(default=True))
        except DrawstopError:
            self._next_retry = time.monotonic() + RETRY_S
            return
        assert self.plan is not None and self._device is not None
        self._tried = {self.plan.block: self._tried[self.plan.block]}
        self.plan = self._planned(None)
        self.notes.append(f"sound again: {self._device.name} at {self._device.rate} Hz")
        self._start_line()

    def _find_devices(self, default: bool = False) -> tuple[SoundDevice, SoundDevice]:
        request = self.request
        wanted = (None, None) if default else (request.input_device, request.output_device)
        source = find_device(self._devices, wanted[0], "input")
        return source, find_device(self._devices, wanted[1], "output")

    def _open_device(self, source: SoundDevice, target: SoundDevice) -> None:
        request, description = self.request, self.description
        channels = (min(description.channels_in, source.channels_in), min(2, target.channels_out))
        rates = (request.rate,) if request.rate else (description.sample_rate, target.rate)
        line = SharedArrays(line_fields(*channels))
        asked = DeviceRequest(
            source.index, target.index, tuple(dict.fromkeys(rates)), *channels, request.host_block
        )
        try:
            self._device = DeviceHandle(line, asked, self._wake, target.name)
        except DrawstopError:
            line.close()
            raise
        self._line = line

    def _planned(self, latency: int | None, others: dict[int, Sequence[float]] | None = None) -> Plan:
        assert self._device is not None
        device = self._device
        own_delay = device.latency_s * device.rate
        return make_plan(
            self.description, self._tried, device.rate, device.host_block, own_delay, latency, others
        )

    def _start_line(self, measuring: bool = False) -> None:
        assert self._device is not None and self._line is not None and self.plan is not None
        assert self._conductor is not None
        device = self._device
        self._conductor.tell(
            "line",
            LineSettings(self._line.ticket, device.rate, device.channels, device.host_block, self.plan.slack),
            measuring,
        )
        self.report()
