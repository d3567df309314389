"""The supervisor: starts the processes of a performance, watches them, and replaces what ends.

It lives in the command's own process. It touches no sound: it sends messages to the audio process.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.backends.choice import check_compiled
from realtime.engine.control_event import ControlEvent
from realtime.live.device.connection import DeviceConnection
from realtime.live.device.selection import DeviceSelection
from realtime.live.latency import Latency, Margin, candidates, choose_latency, next_to_try
from realtime.live.latest_swap import LatestSwap
from realtime.live.level_client import LevelClient
from realtime.live.live_recording import LiveRecording, versions
from realtime.live.process_handles import AudioProcessHandle, PlayerHandle
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_ring import DeviceRing
from realtime.processes.messages import (
    BlockTimes,
    CloseDevice,
    Perform,
    PerformPassThrough,
    PlayerDied,
    RecordSession,
    Report,
    ScheduleEvents,
    SwapInstrument,
)
from realtime.processes.player_client import PlayerSettings
from realtime.recording.session_file import SessionAbout, copy_instrument

LEAVE_PATIENCE_S = 10.0


@dataclass(frozen=True)
class LiveRequest:
    """The settings with which a performance is started."""

    instrument: Path
    device: DeviceSelection = field(default_factory=DeviceSelection)
    block: int | None = None
    """Samples per block of the instrument; None: by trial."""
    latency: int | Margin = "safe"
    """The engine's delay in samples of the device, or the margin for choosing the least delay."""
    seed: int = 0
    noise: int | None = None
    ceiling_db: float = -0.3
    backend: str = "torchscript"
    levels: bool = False
    """Measure how strongly each stop sounds."""
    takes: Path = Path("takes")
    """The folder for sessions that are begun while it plays."""


class Supervisor:
    """A live performance. `load`, `open`, `start`; then `schedule`, `swap`, `report` and, ten times a second,
    `watch`; then `close`.

    Attributes:
        notes: lines for the user about what has happened, oldest first; the reader takes them out.
        latency: the delay, once the device is open.
        level_client: how strongly each stop sounds.
        recording: the sessions that are recorded.
        device_losses: how often a device went away.
        swaps: instruments that have come in after the first.
    """

    def __init__(self, request: LiveRequest) -> None:
        self.request = request
        self.notes: list[str] = []
        self.latency: Latency | None = None
        self.level_client = LevelClient(request.levels, self.notes)
        self.device_losses = self.swaps = 0
        self._block_done = CONTEXT.Semaphore(
            0
        )  # by the device and the players; the audio process waits for it
        self._work_ready = (CONTEXT.Semaphore(0), CONTEXT.Semaphore(0))  # for the players, one in each slot
        self._connection = DeviceConnection(request.device, self._block_done)
        self._players: dict[int, PlayerHandle] = {}
        self._audio: AudioProcessHandle | None = None
        self.recording = LiveRecording(self, request.takes, self.notes.append)
        self._swaps = LatestSwap(self._swap_to, self.notes.append)
        self._blocks: list[int] = []
        self._tried: dict[int, BlockTimes] = {}

    @property
    def description(self) -> InstrumentDescription:
        """The description of the instrument that came in last."""
        return self._player.description

    @property
    def player(self) -> PlayerHandle:
        """The player of the instrument that came in last."""
        return self._player

    @property
    def sample_rate(self) -> int:
        """The instrument's sample rate, in hertz."""
        return self.description.sample_rate

    @property
    def digest(self) -> str:
        """SHA-256 of that instrument's file."""
        return self._player.digest

    @property
    def ring(self) -> DeviceRing | None:
        """The ring to the device, with its counters; None while there is no device."""
        return self._connection.ring

    @property
    def audio(self) -> AudioProcessHandle:
        """The audio process."""
        assert self._audio is not None, "load() comes first"
        return self._audio

    def load(self) -> InstrumentDescription:
        """Start the processes and load the instrument; refuse at once what can be refused.

        Raises:
            DrawstopError: no instrument, no such device, or a block that doesn't fit.
        """
        player = self._new_player(self.request.instrument, 0)
        self._audio = AudioProcessHandle(self._block_done, self._work_ready)
        self.level_client.load(self.request.instrument)
        self._connection.find()  # while the others start
        self._player = self._loaded(player)
        self._audio.wait_ready()
        self.level_client.wait_loaded(self.description)
        self._channels = (self.description.channels_in, self.description.channels_out)
        self._blocks = candidates(self.description, self.request.block)
        return self.description

    def open(self) -> Latency:
        """Open the device, try how fast the instrument plays, and choose the delay; nothing sounds yet.

        Raises:
            DrawstopError: the device refuses, or the machine is too slow.
        """
        self._connection.open(self.description)
        self._tried = self._trial(self._blocks)
        try:
            self.latency = self._chosen(self.request.latency)
        except DrawstopError:
            if self.request.block is None or isinstance(self.request.latency, int):
                raise
            others = self._trial(candidates(self.description, None))
            self.latency = self._chosen(self.request.latency, others)
        self._player.begin(self.latency.block)
        self.level_client.follow(self._player, self.latency.block)
        self.level_client.wait_ready()
        return self.latency

    def start(self, settings: Iterable[ControlEvent] = (), session: Path | None = None) -> None:
        """Start playing. `session`: a new folder to record into, from the first sample on.

        Raises:
            DrawstopError: that folder isn't empty, or can't be made.
        """
        assert self.latency is not None, "open() comes first"
        if session is not None:
            self.recording.begin_at_start(session, self.request.instrument)
        player, ceiling_db = self._player, self.request.ceiling_db
        self.audio.send(
            Perform(player.description, player.descriptor, player.slot, self.latency.block, ceiling_db)
        )
        if session is not None:
            self.audio.record(RecordSession(str(session)))
        self.schedule(settings)
        self._connection.start(self.audio, self.latency)
        self.report()

    def start_measuring(self) -> DeviceRing:
        """Run the loop with a pass-through instead of the instrument and a click as its output; returns the ring."""
        assert self.latency is not None, "open() comes first"
        self.audio.send(PerformPassThrough(self.description, self.latency.block))
        self._connection.start(self.audio, self.latency, measuring=True)
        assert self.ring is not None
        return self.ring

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Send events to the sound; from any thread. Those that no stop takes now are counted and dropped."""
        self.audio.send(ScheduleEvents(list(events), self._connection.device_start))

    def now(self) -> int:
        """The input sample that the device records at this moment, for stamping events; from any thread."""
        return 0 if self.latency is None else self._connection.now(self.latency)

    def report(self) -> Report:
        """The state of the performance. Ends the processes of instruments that have left."""
        report = self.audio.report()
        self._connection.device_start = report.device_start
        self.recording.watch(report, self.sample_rate)
        for slot in report.retired:
            if slot in self._players:
                self._drop(self._players[slot])
        return report

    def session_about(self) -> SessionAbout:
        """What session.json says of a session that begins now."""
        assert self.latency is not None, "open() comes first"
        request, description = self.request, self._player.description
        return SessionAbout(
            description.sample_rate,
            *self._channels,
            self.latency.block,
            request.seed,
            request.noise,
            request.ceiling_db,
            self._player.digest,
            versions(request.backend),
            request.backend,
            slot=self._player.slot,
        )

    def swap(self, path: Path) -> None:
        """Swap to another instrument in a thread; success or failure is reported in `notes`.

        Of several requests during a swap only the last is carried out.
        """
        self._swaps.ask(path)

    def watch(self) -> None:
        """Check that every process is alive; replace those that aren't.

        Raises:
            DrawstopError: the audio process has ended, which can't be replaced.
        """
        if not self.audio.alive:
            raise DrawstopError("the audio process has ended; what was recorded is kept. Start again")
        self._watch_player()
        self._watch_device()
        self.level_client.watch()

    def close(self) -> Report:
        """Fade out, close the session, end all processes; returns the last report."""
        report = self._audio.finish() if self._audio is not None else Report()
        self.level_client.close()
        self.recording.close()
        self._swaps.refuse()
        for player in list(self._players.values()):
            player.end()  # also one that is still loading: its swap then ends with an error that nobody reads
        self._swaps.close()
        self._connection.close()
        return report

    def _new_player(self, path: Path, slot: int) -> PlayerHandle:
        settings = PlayerSettings(path, self.request.seed, self.request.noise, backend=self.request.backend)
        self._players[slot] = PlayerHandle(settings, slot, self._work_ready[slot], self._block_done)
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

    def _swap_to(self, path: Path) -> None:
        assert self.latency is not None
        check_compiled(self.request.backend, path, self.latency.block)
        slot = self._free_slot()
        player = self._loaded(self._new_player(path, slot))
        if self._swaps.superseded:
            self._drop(player)
            return
        try:
            player.begin(self.latency.block)
            with self.recording.swap_lock:
                if self.recording.current is not None:
                    copy_instrument(self.recording.current, path, player.digest)
                refusal = self.audio.swap(
                    SwapInstrument(player.description, player.descriptor, slot, player.digest)
                )
            if refusal:
                raise DrawstopError(refusal)
        except BaseException:
            self._drop(player)
            raise
        self._player = player
        self.level_client.follow(player, self.latency.block)
        self.swaps += 1
        model = player.description.delay_samples * self.latency.device_rate / self.latency.rate
        self.latency = replace(self.latency, model=model)
        self.notes.append(f"{path.name} is coming in")

    def _free_slot(self) -> int:
        """A slot without a player; waits for an instrument that is on its way out."""
        deadline = time.monotonic() + LEAVE_PATIENCE_S
        while len(self._players) == len(self._work_ready):
            if time.monotonic() > deadline:
                raise DrawstopError("the last instrument hasn't left yet; try again")
            time.sleep(0.05)
        return next(slot for slot in range(len(self._work_ready)) if slot not in self._players)

    def _watch_player(self) -> None:
        player = self._player
        if player.alive:
            return
        if not player.death_reported:
            player.death_reported = True
            self.audio.send(PlayerDied(player.slot))
            self.notes.append(
                f"{player.path.name} has crashed: the dry sound plays, the instrument is started again"
            )
        if not player.started_again and not self._swaps.busy:  # else another one comes in
            player.started_again = True
            self.swap(player.path)

    def _watch_device(self) -> None:
        connection = self._connection
        if connection.device is not None:
            change = connection.larger_block_note() or connection.returned_note()
            if change is None and connection.is_alive():
                return
            self.notes.append(change or "the sound device is gone; waiting for it, or for another one")
            self.device_losses += change is None
            self.audio.send(CloseDevice())
            connection.lose()
        if connection.reopen(self.description):
            assert self.latency is not None and connection.device is not None
            self._tried = {self.latency.block: self._tried[self.latency.block]}
            self.latency = self._chosen(self._margin)
            device = connection.device
            self.notes.append(f"sound again: {device.device_name} at {device.rate} Hz")
            connection.start(self.audio, self.latency)
            self.report()

    @property
    def _margin(self) -> Margin:
        """The margin for choosing a delay if the user gave none."""
        return "safe" if isinstance(self.request.latency, int) else self.request.latency

    def _trial(self, blocks: Sequence[int]) -> dict[int, BlockTimes]:
        """Play blocks of each length, from the smallest to the last that may be the best; how long they take."""
        device = self._connection.device
        assert device is not None
        tried: dict[int, BlockTimes] = {}
        rate, host_block = device.rate, device.host_block
        while block := next_to_try(self.description, blocks, tried, rate, host_block, self._margin):
            tried[block] = self._player.trial(block)
        return tried

    def _chosen(self, latency: int | Margin, others: dict[int, BlockTimes] | None = None) -> Latency:
        device = self._connection.device
        assert device is not None
        device_delay = None if device.latency_s is None else device.latency_s * device.rate
        return choose_latency(
            self.description, self._tried, device.rate, device.host_block, device_delay, latency, others
        )
