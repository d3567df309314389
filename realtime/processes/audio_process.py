"""The conductor: cuts the line's input into blocks, sends them to players, mixes what comes back, records.

It is a loop around an `Engine`, woken by the device and by the players. It never loads anything and never waits
for a disk or a screen; the stage, in another process, tells it what to do.
"""

import itertools
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.channel_strip import match_channels
from realtime.engine.control_event import ControlEvent
from realtime.engine.engine import Engine
from realtime.engine.performance import Performance, Played
from realtime.processes.child_process import (
    AUDIO_PRIORITY,
    begin_child,
    orphaned,
    take_real_time_priority,
)
from realtime.processes.device_ring import MEASURING, PLAYING, STOPPED, STOPPING, read_ring
from realtime.processes.output_writer import OutputWriter
from realtime.processes.player_client import RemotePlayer
from realtime.processes.shared_arrays import Fields, SharedArrays
from realtime.recording.session_file import SessionWriter

Audio = npt.NDArray[np.float32]

WAIT_S = 0.1
COMMANDS_PER_ROUND = 64
COMMANDS_FIRST_S = 0.001
"""So long may commands keep a block that has come. They go first: an event is late once its block has been sent."""
FINISH_S = 2.0


@dataclass(frozen=True)
class LineSettings:
    """How the conductor uses a line: the device's rate, channels and block, and the engine's slack."""

    descriptor: tuple[Fields, str]
    rate: int
    channels: tuple[int, int]
    host_block: int
    slack: int


@dataclass
class Report:
    """What the stage learns when it asks. Counters run from the start; peaks are since the last report."""

    sample: int = 0
    line_start: int = 0
    values: dict[str, float] = field(default_factory=dict)
    input_peak: float = 0.0
    output_peak: float = 0.0
    lost_blocks: int = 0
    lost_samples: int = 0
    skipped_blocks: int = 0
    least_lead: int = 0
    """Device samples by which blocks were in time, at the closest since this device was opened."""
    replaced_inputs: int = 0
    limited_samples: int = 0
    refused_events: int = 0
    events: int = 0
    swapping: bool = False
    retired: list[int] = field(default_factory=list)
    problem: str | None = None
    unrecorded_blocks: int = 0


class PassThrough:
    """A `BlockSource` that gives back the sound as it came: for measuring the delay around it."""

    def __init__(self, description: InstrumentDescription) -> None:
        self._channels = (description.channels_in, description.channels_out)
        self._played: deque[Audio] = deque()

    def prepare(self, block: int) -> None:
        """Nothing to warm up."""

    def reset(self) -> None:
        """Nothing to clear."""

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """See `BlockSource`."""
        self._played.append(match_channels(block[: self._channels[0]], self._channels[1]).copy())
        return True

    def collect(self) -> Audio | None:
        """See `BlockSource`."""
        return self._played.popleft() if self._played else None


class AudioProcess:
    """One performance. `on_wake` does whatever can be done now; `command` obeys the stage."""

    def __init__(self, goes: tuple[Semaphore, Semaphore]) -> None:
        self._goes = goes
        self._performance: Performance | None = None
        self._engine: Engine | None = None
        self._line: SharedArrays | None = None
        self._players: dict[int, RemotePlayer] = {}
        self._session: SessionWriter | None = None
        self._writer: OutputWriter | None = None
        self._read = 0  # input frames of the line
        self._swapped_at = 0
        self._fade_told = True
        self.ended = False
        self.report = Report()

    @property
    def idle(self) -> bool:
        """Whether no device waits for sound."""
        return self._line is None

    def command(self, name: str, *arguments: Any) -> Any:
        """Obey one command of the stage; what it gives back is sent to the stage unless it is None."""
        handler: Callable[..., Any] = getattr(self, f"_on_{name}")
        return handler(*arguments)

    def on_wake(self) -> None:
        """Take the input that has come, send out what is played."""
        if self._line is None or self._engine is None or self._writer is None:
            if self._performance is not None:
                self._performance.take_in_events()
            return
        position = int(self._line["position"][0])
        if position > self._read:
            sound = read_ring(self._line, "input", self._read, position)
            self._read = position
            self.report.input_peak = max(self.report.input_peak, float(np.abs(sound).max(initial=0.0)))
            self._engine.take(sound)
        for audio, played in self._engine.give():
            self.report.output_peak = max(self.report.output_peak, float(np.abs(audio).max(initial=0.0)))
            late = self._writer.write(audio)
            if late or played.skipped or played.died:
                self._count_lost(played, late)
        self._tell_fade()

    def _on_perform(
        self,
        description: InstrumentDescription,
        descriptor: tuple[Fields, str],
        slot: int,
        block: int,
        ceiling_db: float,
    ) -> None:
        self._performance = Performance(description, self._player(descriptor, slot), block, ceiling_db)

    def _on_pass_through(self, description: InstrumentDescription, block: int) -> None:
        self._performance = Performance(description, PassThrough(description), block)

    def _on_record(self, folder: str) -> None:
        self._session = SessionWriter(Path(folder))

    def _on_line(self, settings: LineSettings, measuring: bool = False) -> None:
        assert self._performance is not None
        self._finish_pending()
        self._line = SharedArrays(*settings.descriptor)
        engine = Engine(self._performance, settings.rate, settings.channels, settings.slack)
        engine.connect(settings.host_block)
        engine.on_block, engine.on_played = self._record_input, self._record_output
        self._engine = engine
        self._read = 0
        self._writer = OutputWriter(
            self._line, engine.engine_delay_samples, settings.rate, settings.host_block
        )
        self.report.line_start = self._performance.next_sample
        self._line["phase"][0] = MEASURING if measuring else PLAYING

    def _on_line_lost(self) -> None:
        """The device is gone; the performance waits for another line."""
        self._line = self._engine = None

    def _finish_pending(self) -> None:
        """What was sent for a line that is gone must not come out on the next one."""
        assert self._performance is not None
        deadline = time.perf_counter() + FINISH_S
        while self._performance.waiting_blocks and time.perf_counter() < deadline:
            played = self._performance.collect()
            if played is None:
                time.sleep(0.001)
            else:
                self._record_output(played)

    def _on_events(self, events: list[ControlEvent]) -> None:
        assert self._performance is not None
        for event in events:
            try:
                self._performance.schedule([event])
            except DrawstopError:
                self.report.refused_events += 1

    def _on_swap(
        self, description: InstrumentDescription, descriptor: tuple[Fields, str], slot: int, digest: str
    ) -> tuple[str, str | None]:
        assert self._performance is not None
        try:
            self._performance.check_swap(description)
        except DrawstopError as error:
            return "swap", str(error)
        sample = self._performance.swap(description, self._player(descriptor, slot))
        self._fade_told = False
        if self._session:
            self._session.event(sample, swap=digest, slot=slot)
            self._swapped_at = sample
        return "swap", None

    def _on_dead(self, slot: int) -> None:
        assert self._performance is not None
        if slot in self._players:
            self._performance.fail(self._players[slot])
            if self._session:
                self._session.event(self._performance.next_sample, died=slot)

    def _on_report(self) -> tuple[str, Report]:
        report = self.report
        if self._performance is not None and self._engine is not None:
            report.sample, report.values = self._performance.next_sample, self._performance.values
            report.swapping = self._performance.swapping
            limiter = self._performance.channel_strip.limiter
            report.limited_samples = limiter.limited_samples if limiter else 0
            report.least_lead = self._writer.least_lead if self._writer else 0
            report.replaced_inputs = self._engine.replaced_inputs
            report.retired = [self._slot_of(source) for source in self._performance.retired()]
        if self._session:
            report.problem, report.unrecorded_blocks = self._session.problem, self._session.unrecorded_blocks
        told = Report(**report.__dict__)
        report.input_peak = report.output_peak = 0.0
        return "report", told

    def _on_end(self) -> None:
        self.ended = True

    def close(self, wake: Semaphore) -> None:
        """Fade out, then close the session."""
        line = self._line
        if line is not None:
            if line["phase"][0] in (PLAYING, MEASURING):
                line["phase"][0] = STOPPING
            deadline = time.perf_counter() + 0.5
            while line["phase"][0] != STOPPED and time.perf_counter() < deadline:
                wake.acquire(timeout=WAIT_S)
                self.on_wake()
        if self._session:
            self._session.close()

    def _player(self, descriptor: tuple[Fields, str], slot: int) -> RemotePlayer:
        self._players[slot] = RemotePlayer(descriptor, self._goes[slot])
        return self._players[slot]

    def _slot_of(self, source: Any) -> int:
        return next(slot for slot, player in self._players.items() if player is source)

    def _count_lost(self, played: Played, late: int) -> None:
        self.report.lost_blocks += 1
        self.report.lost_samples += late
        self.report.skipped_blocks += played.skipped
        if self._session:
            why = "skipped" if played.skipped else "died" if played.died else "late"
            self._session.event(played.start, lost=played.audio.shape[1], why=why, unheard=late)

    def _record_input(self, start: int, audio: Audio, events: list[ControlEvent]) -> None:
        self.report.events += len(events)
        if self._session:
            for event in events:
                glide = {"glide": event.ramp_samples} if event.ramp_samples else {}
                self._session.event(
                    event.sample, to=event.slug, value=event.value, source=event.source, **glide
                )
            self._session.input(audio)

    def _record_output(self, played: Played) -> None:
        if self._session:
            self._session.output(played.audio)

    def _tell_fade(self) -> None:
        """Note in the session, once, where a new instrument began to be heard."""
        if self._fade_told or self._performance is None or self._performance.fade_at is None:
            return
        self._fade_told = True
        if self._session:
            self._session.event(self._performance.fade_at, fade=self._swapped_at)


def run_audio_process(wake: Semaphore, goes: tuple[Semaphore, Semaphore], parent: Connection) -> None:
    """The process: obey the stage until it ends the performance or is gone."""
    begin_child()
    parent.send(("ready", take_real_time_priority(AUDIO_PRIORITY)))
    conductor = AudioProcess(goes)
    while not conductor.ended and not orphaned():
        wake.acquire(timeout=WAIT_S)
        try:
            play_round(conductor, parent)
        except (EOFError, OSError):  # the stage is gone
            break
    conductor.close(wake)
    with suppress(OSError):  # nobody may be left to tell
        parent.send(("ended", conductor.report))


def play_round(conductor: AudioProcess, parent: Connection) -> None:
    """What has been asked, what has come, what is asked meanwhile. Raises OSError or EOFError if the stage is gone."""
    begin = time.perf_counter()
    while _obey_next(conductor, parent) and time.perf_counter() - begin < COMMANDS_FIRST_S:
        pass
    conductor.on_wake()
    # While it sounds only so much at a time: the next block may be there.
    for _ in itertools.count() if conductor.idle else range(COMMANDS_PER_ROUND):
        if not _obey_next(conductor, parent):
            break


def _obey_next(conductor: AudioProcess, parent: Connection) -> bool:
    """Obey the next command; whether there was one."""
    if conductor.ended or not parent.poll(0):
        return False
    answer = conductor.command(*parent.recv())
    if answer is not None:
        parent.send(answer)
    return True
