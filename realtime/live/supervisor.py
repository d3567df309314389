"""The stage: starts the processes of a performance, watches them, and brings back what goes away.

It lives in the command's own process. All that it does with sound is to tell the conductor.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.control_event import ControlEvent
from realtime.live.device_connection import DeviceConnection, DeviceSelection
from realtime.live.latency import Latency, candidates, choose_latency, next_to_try
from realtime.live.level_client import LevelClient
from realtime.live.process_handles import AudioProcessHandle, PlayerHandle
from realtime.processes.audio_process import Report
from realtime.processes.child_process import CONTEXT
from realtime.processes.player_client import PlayerRequest
from realtime.processes.shared_arrays import SharedArrays
from realtime.recording.session_file import copy_instrument

LEAVE_PATIENCE_S = 10.0


@dataclass(frozen=True)
class LiveRequest:
    """All that a performance is started with."""

    instrument: Path
    device: DeviceSelection = field(default_factory=DeviceSelection)
    block: int | None = None
    latency: int | None = None
    """Of the engine, in samples of the device; None: the least that holds."""
    seed: int = 0
    noise: int | None = None
    ceiling_db: float = -0.3
    backend: str = "torchscript"
    levels: bool = False
    """Whether to hear how strongly each stop sounds."""


class Supervisor:
    """A live performance. `load`, `open`, `start`; then `schedule`, `swap`, `report` and, ten times a second,
    `watch`; then `close`.

    Attributes:
        notes: lines for the user about what has happened, oldest first; the reader takes them out.
        plan: the delay, once it is open.
        listening: how strongly each stop sounds.
    """

    def __init__(self, request: LiveRequest) -> None:
        self.request = request
        self.notes: list[str] = []
        self.plan: Latency | None = None
        self.listening = LevelClient(request.levels, self.notes)
        self.device_losses = self.swaps = 0
        self._wake = CONTEXT.Semaphore(0)
        self._goes = (CONTEXT.Semaphore(0), CONTEXT.Semaphore(0))
        self._sound = DeviceConnection(request.device, self._wake)
        self._players: dict[int, PlayerHandle] = {}
        self._conductor: AudioProcessHandle | None = None
        self._session: Path | None = None
        self._swapping = threading.Lock()
        self._blocks: list[int] = []
        self._tried: dict[int, Sequence[float]] = {}

    @property
    def description(self) -> InstrumentDescription:
        """Of the instrument that came in last."""
        return self._player.description

    @property
    def sample_rate(self) -> int:
        """Of the instrument, in hertz."""
        return self.description.sample_rate

    @property
    def digest(self) -> str:
        """SHA-256 of that instrument's file."""
        return self._player.digest

    @property
    def line(self) -> SharedArrays | None:
        """The line to the device, with its counters; None while there is no device."""
        return self._sound.line

    @property
    def conductor(self) -> AudioProcessHandle:
        """The conductor's process."""
        assert self._conductor is not None, "load() comes first"
        return self._conductor

    def load(self) -> InstrumentDescription:
        """Start the processes and load the instrument; what can be refused at once is.

        Raises:
            DrawstopError: no instrument, no such device, or a block that doesn't fit.
        """
        player = self._new_player(self.request.instrument, 0)
        self._conductor = AudioProcessHandle(self._wake, self._goes)
        self.listening.load(self.request.instrument)
        self._sound.find()  # while the others start
        self._player = self._loaded(player)
        self._conductor.wait_ready()
        self.listening.wait_loaded(self.description)
        self._blocks = candidates(self.description, self.request.block)
        return self.description

    def open(self) -> Latency:
        """Open the device, try how fast the instrument plays, and plan; nothing sounds yet.

        Raises:
            DrawstopError: the device refuses, or the machine is too slow.
        """
        self._sound.open(self.description)
        self._tried = self._trial(self._blocks)
        try:
            self.plan = self._planned(self.request.latency)
        except DrawstopError:
            if self.request.block is None or self.request.latency is not None:
                raise
            self.plan = self._planned(None, self._trial(candidates(self.description, None)))
        self._player.begin(self.plan.block)
        self.listening.follow(self._player, self.plan.block)
        self.listening.wait_ready()
        return self.plan

    def start(self, settings: Iterable[ControlEvent] = (), session: Path | None = None) -> None:
        """Let it sound. `session`: a folder that `begin_session` made, to record into."""
        assert self.plan is not None, "open() comes first"
        self._session = session
        player, ceiling_db = self._player, self.request.ceiling_db
        self.conductor.tell(
            "perform", player.description, player.descriptor, player.slot, self.plan.block, ceiling_db
        )
        if session is not None:
            self.conductor.tell("record", str(session))
        self.schedule(settings)
        self._sound.start(self.conductor, self.plan)
        self.report()

    def start_measuring(self) -> SharedArrays:
        """Run the loop with a pass-through for the instrument and a click for its output; gives the line."""
        assert self.plan is not None, "open() comes first"
        self.conductor.tell("pass_through", self.description, self.plan.block)
        self._sound.start(self.conductor, self.plan, measuring=True)
        assert self.line is not None
        return self.line

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Send events to the sound; from any thread. Those that no stop takes now are counted and dropped."""
        self.conductor.tell("events", list(events))

    def now(self) -> int:
        """The input sample that the device hears at this moment, for stamping events; from any thread."""
        return 0 if self.plan is None else self._sound.now(self.plan)

    def report(self) -> Report:
        """How it goes; ends the processes of instruments that have left."""
        report = self.conductor.report()
        self._sound.start_sample = report.line_start
        for slot in report.retired:
            if slot in self._players:
                self._drop(self._players[slot])
        return report

    def longest_block_s(self) -> float:
        """The longest that a block took to play since this was last asked, in seconds."""
        return self._player.take_longest()

    def error_counts(self) -> tuple[int, int]:
        """Blocks in which the instrument failed, and samples of it that weren't finite."""
        return self._player.error_counts()

    def swap(self, path: Path) -> None:
        """Let another instrument in, from a thread of its own; what comes of it stands in `notes`."""
        threading.Thread(target=self._swap, args=(path,), name="swap", daemon=True).start()

    def watch(self) -> None:
        """See whether everything is alive; bring back what isn't.

        Raises:
            DrawstopError: the conductor is gone, which nothing brings back.
        """
        if not self.conductor.alive:
            raise DrawstopError("the conductor's process has ended; what was recorded is kept. Start again")
        self._watch_player()
        self._watch_device()
        self.listening.watch()

    def close(self) -> Report:
        """Fade out, close the session, end all processes."""
        report = self._conductor.finish() if self._conductor is not None else Report()
        self.listening.close()
        for player in list(self._players.values()):
            player.end()  # also one that is still loading: its swap then ends with an error that nobody reads
        with self._swapping:
            self._sound.close()
        return report

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
        assert self.plan is not None
        slot = self._free_slot()
        player = self._loaded(self._new_player(path, slot))
        try:
            player.begin(self.plan.block)
            if self._session is not None:
                copy_instrument(self._session, path, player.digest)
            refused = self.conductor.swap(player.description, player.descriptor, slot, player.digest)
            if refused:
                raise DrawstopError(refused)
        except BaseException:
            self._drop(player)
            raise
        self._player = player
        self.listening.follow(player, self.plan.block)
        self.swaps += 1
        model = player.description.delay_samples * self.plan.device_rate / self.plan.rate
        self.plan = replace(self.plan, model=model)
        self.notes.append(f"{path.name} is coming in")

    def _free_slot(self) -> int:
        """A slot without a player; waits for an instrument that is on its way out."""
        deadline = time.monotonic() + LEAVE_PATIENCE_S
        while len(self._players) == len(self._goes):
            if time.monotonic() > deadline:
                raise DrawstopError("the last instrument hasn't left yet; try again")
            time.sleep(0.05)
        return next(slot for slot in range(len(self._goes)) if slot not in self._players)

    def _watch_player(self) -> None:
        player = self._player
        if player.alive or player.death_reported:
            return
        player.death_reported = True
        self.conductor.tell("dead", player.slot)
        self.notes.append(
            f"{player.path.name} has crashed: the dry sound plays, the instrument is started again"
        )
        self.swap(player.path)

    def _watch_device(self) -> None:
        sound = self._sound
        if sound.device is not None:
            if sound.is_alive():
                return
            self.notes.append("the sound device is gone; waiting for it, or for another one")
            self.device_losses += 1
            self.conductor.tell("line_lost")
            sound.lose()
        if sound.take_up(self.description):
            assert self.plan is not None and sound.device is not None
            self._tried = {self.plan.block: self._tried[self.plan.block]}
            self.plan = self._planned(None)
            self.notes.append(f"sound again: {sound.device.name} at {sound.device.rate} Hz")
            sound.start(self.conductor, self.plan)
            self.report()

    def _trial(self, blocks: Sequence[int]) -> dict[int, Sequence[float]]:
        """The seconds that blocks of each length take, from the smallest to the last that may be the best."""
        device = self._sound.device
        assert device is not None
        tried: dict[int, Sequence[float]] = {}
        while block := next_to_try(self.description, blocks, tried, device.rate, device.host_block):
            tried[block] = self._player.trial(block)
        return tried

    def _planned(self, latency: int | None, others: dict[int, Sequence[float]] | None = None) -> Latency:
        device = self._sound.device
        assert device is not None
        own_delay = device.latency_s * device.rate
        return choose_latency(
            self.description, self._tried, device.rate, device.host_block, own_delay, latency, others
        )
