"""The audio process: cuts the device's input into blocks, sends them to players, mixes what comes back, records.

It is a loop around an `Engine`, woken by the device and by the players. It never loads anything and never waits
for a disk or a screen; the supervisor, in another process, sends it messages.
"""

import itertools
import math
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import assert_never

import numpy as np

from drawstop.errors import DrawstopError
from drawstop.types import Audio
from realtime.engine.block_source import BlockSource, PassThrough
from realtime.engine.control_event import ControlEvent
from realtime.engine.engine import Engine
from realtime.engine.performance import Performance, Played
from realtime.processes.child_process import (
    AUDIO_PRIORITY,
    begin_child,
    orphaned,
    take_real_time_priority,
)
from realtime.processes.device_ring import MEASURING, PLAYING, RING_SAMPLES, STOPPED, STOPPING, DeviceRing
from realtime.processes.messages import (
    AudioRequest,
    CloseDevice,
    Decision,
    End,
    EndSession,
    GetReport,
    OpenDevice,
    Perform,
    PerformPassThrough,
    PlayerDied,
    Ready,
    RecordSession,
    Report,
    ScheduleEvents,
    SwapInstrument,
)
from realtime.processes.output_writer import ENTER_S, OutputWriter, rise
from realtime.processes.player_client import RemotePlayer
from realtime.processes.shared_arrays import Descriptor
from realtime.recording.performance_recorder import PerformanceRecorder

WAIT_S = 0.1
MESSAGES_PER_ROUND = 64
MESSAGES_FIRST_S = 0.001
"""Seconds that messages may delay a block that has come. They go first: an event is late once its block has been sent."""
MOST_BEHIND_SAMPLES = RING_SAMPLES // 2
"""Samples of the device's input that may wait. If more do, the process stood still: they are left out, well before the device
would write over them."""


class AudioProcess:
    """One performance. `execute` does what a message asks for, `advance` whatever can be done now.

    Args:
        work_ready: a semaphore for each player, released when a block waits for it.

    Attributes:
        ended: whether the supervisor has asked for the end.
        report: the counters up to now.
    """

    def __init__(self, work_ready: tuple[Semaphore, Semaphore]) -> None:
        self._work_ready = work_ready
        self._performance: Performance | None = None
        self._engine: Engine | None = None
        self._ring: DeviceRing | None = None
        self._device: OpenDevice | None = None
        self._players: dict[int, RemotePlayer] = {}
        self._recorder: PerformanceRecorder | None = None
        self._writer: OutputWriter | None = None
        self._read = 0  # input samples of the ring
        self._input_rise = np.zeros(0, dtype=np.float32)  # the rest of a fade of the input
        self.ended = False
        self.report = Report()

    @property
    def idle(self) -> bool:
        """Whether no device waits for sound."""
        return self._ring is None

    def execute(self, request: AudioRequest) -> Report | Decision | None:
        """Do what a message asks for; the answer to send back, if it has one."""
        match request:
            case Perform():
                source = self._player(request.player, request.slot)
                self._begin(Performance(request.description, source, request.block, request.ceiling_db))
            case PerformPassThrough(description, block):
                self._begin(Performance(description, PassThrough(description), block))
            case RecordSession():
                return self._record(request)
            case EndSession():
                if self._recorder:
                    self._recorder.end()
            case OpenDevice():
                self._open_device(request)
            case CloseDevice():
                self._ring = self._engine = self._device = None
            case ScheduleEvents():
                self._schedule(request)
            case SwapInstrument():
                return self._swap(request)
            case PlayerDied(slot):
                self._fail_player(slot)
            case GetReport():
                return self._get_report()
            case End():
                self.ended = True
            case _:
                assert_never(request)
        return None

    def advance(self) -> None:
        """Take the input that has come, send out what is played."""
        if self._ring is None or self._engine is None or self._writer is None:
            if self._performance is not None:
                self._performance.take_in_events()
                self._collect_for_nobody(self._performance)
            return
        position = self._ring.position
        if position - self._read > MOST_BEHIND_SAMPLES:
            self._leave_out_input(position)
        if position > self._read:
            sound = self._ring.read_input(self._read, position)
            self._read = position
            self.report.input_peak = max(self.report.input_peak, float(np.abs(sound).max(initial=0.0)))
            self._let_rise(sound)
            replaced = self._engine.replaced_inputs
            self._engine.take(sound)
            self.report.replaced_inputs += self._engine.replaced_inputs - replaced
        for audio, played in self._engine.give():
            self.report.output_peak = max(self.report.output_peak, float(np.abs(audio).max(initial=0.0)))
            late = self._writer.write(audio)
            if late or played.skipped or played.died:
                self._count_lost(played, late)

    def close(self, block_done: Semaphore) -> None:
        """Fade out, then close the session."""
        ring = self._ring
        if ring is not None:
            if ring.phase in (PLAYING, MEASURING):
                ring.phase = STOPPING
            deadline = time.perf_counter() + 0.5
            while ring.phase != STOPPED and time.perf_counter() < deadline:
                block_done.acquire(timeout=WAIT_S)
                self.advance()
        if self._recorder:
            self._recorder.close()

    def _begin(self, performance: Performance) -> None:
        self._performance, self._recorder = performance, PerformanceRecorder(performance, self._slot_of)

    def _open_device(self, request: OpenDevice) -> None:
        self._ring, self._device = DeviceRing.attach(request.ring), request
        self._join(self._ring, request, 0)
        self._ring.phase = MEASURING if request.measuring else PLAYING

    def _join(self, ring: DeviceRing, device: OpenDevice, position: int) -> OutputWriter:
        """Let the performance, which goes on where it is, begin at this sample of the ring."""
        performance = self._performance
        assert performance is not None
        engine = Engine(performance, device.rate, device.channels, device.slack)
        engine.connect(device.host_block)
        engine.on_block, engine.on_played = self._submitted, self._collected
        self._engine, self._read = engine, position
        writer = OutputWriter(ring, position + engine.engine_delay_samples, device.rate, device.host_block)
        self._writer = writer
        self.report.device_start = performance.next_sample - self._performed(position)
        return writer

    def _leave_out_input(self, position: int) -> None:
        """Go on at this sample of the ring, without the input before it."""
        assert self._performance and self._recorder and self._ring and self._device and self._writer
        before, device_start = self._writer, self.report.device_start
        writer = self._join(self._ring, self._device, position)
        writer.least_lead = min(writer.least_lead, before.least_lead)
        self._input_rise = rise(round(ENTER_S * self._device.rate))
        left_out = device_start - self.report.device_start
        self._performance.shift_events(-left_out)
        self._recorder.left_out(left_out)
        silent = writer.next_sample - before.next_sample
        self.report.lost_samples += silent
        self.report.lost_blocks += math.ceil(self._performed(silent) / self._performance.block)

    def _let_rise(self, sound: Audio) -> None:
        """Fade the input in, in place, where some was left out before it."""
        risen = min(len(self._input_rise), sound.shape[1])
        sound[:, :risen] *= self._input_rise[:risen]
        self._input_rise = self._input_rise[risen:]

    def _performed(self, samples: int) -> int:
        """The device's samples at the performance's rate."""
        assert self._performance and self._device
        return round(samples * self._performance.sample_rate / self._device.rate)

    def _collect_for_nobody(self, performance: Performance) -> None:
        """Collect the blocks that were sent for a device that is gone."""
        while (played := performance.collect()) is not None:
            self._collected(played)

    def _schedule(self, request: ScheduleEvents) -> None:
        assert self._performance is not None
        left_out = max(0, request.device_start - self.report.device_start)  # since the sender last asked
        for event in request.events:
            try:
                self._performance.schedule([event.shifted(-left_out)])
            except DrawstopError:
                self.report.refused_events += 1

    def _record(self, request: RecordSession) -> Decision:
        performance, recorder = self._performance, self._recorder
        assert performance is not None and recorder is not None
        if recorder.recording:
            return Decision("another session is being recorded; end it first")
        if request.from_middle:
            source = performance.source
            if performance.swapping or not isinstance(source, RemotePlayer):
                return Decision("another instrument is on its way in; record when it plays")
            source.save_state()
        recorder.begin(Path(request.folder), request.from_middle)
        return Decision()

    def _swap(self, request: SwapInstrument) -> Decision:
        assert self._performance is not None and self._recorder is not None
        try:
            self._performance.check_swap(request.description)
        except DrawstopError as error:
            return Decision(str(error))
        sample = self._performance.swap(request.description, self._player(request.player, request.slot))
        self._recorder.swapped(sample, request.digest, request.slot)
        return Decision()

    def _fail_player(self, slot: int) -> None:
        assert self._performance is not None and self._recorder is not None
        if slot in self._players:
            self._performance.fail(self._players[slot])
            self._recorder.died(slot)

    def _get_report(self) -> Report:
        report = self.report
        if self._performance is not None:
            report.retired = [self._slot_of(source) for source in self._performance.retired()]
        if self._performance is not None and self._engine is not None:
            report.sample, report.values = self._performance.next_sample, self._performance.values
            report.swapping = self._performance.swapping
            limiter = self._performance.channel_strip.limiter
            report.limited_samples = limiter.limited_samples if limiter else 0
            report.least_lead = self._writer.least_lead if self._writer else 0
        if self._recorder and (session := self._recorder.session):
            report.problem, report.unrecorded_blocks = session.problem, session.unrecorded_blocks
            report.recording, report.recorded_samples = self._recorder.recording, session.samples
            report.sessions = self._recorder.sessions
        copy = Report(**report.__dict__)
        report.input_peak = report.output_peak = 0.0
        return copy

    def _player(self, descriptor: Descriptor, slot: int) -> RemotePlayer:
        self._players[slot] = RemotePlayer(descriptor, self._work_ready[slot])
        return self._players[slot]

    def _slot_of(self, source: BlockSource) -> int:
        return next(slot for slot, player in self._players.items() if player is source)

    def _count_lost(self, played: Played, late: int) -> None:
        self.report.lost_blocks += 1
        self.report.lost_samples += late
        self.report.skipped_blocks += played.skipped
        if self._recorder:
            self._recorder.lost(played, late)

    def _submitted(self, start: int, audio: Audio, events: list[ControlEvent]) -> None:
        self.report.events += len(events)
        if self._recorder:
            self._recorder.submitted(start, audio, events)

    def _collected(self, played: Played) -> None:
        if self._recorder:
            self._recorder.collected(played)
        played_out = self._engine is not None and played.start >= self._engine.begins_at
        if (played.skipped or played.died) and not played_out:
            self._count_lost(played, 0)


def run_audio_process(
    block_done: Semaphore, work_ready: tuple[Semaphore, Semaphore], parent: Connection
) -> None:
    """The process: do what the supervisor asks for until it ends the performance or is gone.

    Sends `Ready` first and the last `Report` at the end.

    Args:
        block_done: released by the device for each of its blocks, and by the players for each block that is played.
        work_ready: for each player; released when a block waits for it.
    """
    begin_child()
    parent.send(Ready(take_real_time_priority(AUDIO_PRIORITY)))
    audio = AudioProcess(work_ready)
    while not audio.ended and not orphaned():
        block_done.acquire(timeout=WAIT_S)
        try:
            play_round(audio, parent)
        except (EOFError, OSError):  # the supervisor is gone
            break
    audio.close(block_done)
    with suppress(OSError):  # the supervisor may be gone
        parent.send(audio.report)


def play_round(audio: AudioProcess, parent: Connection) -> None:
    """Do what messages ask for, play what has come, do what is asked meanwhile.

    Raises:
        OSError, EOFError: the supervisor is gone.
    """
    begin = time.perf_counter()
    while _execute_next(audio, parent) and time.perf_counter() - begin < MESSAGES_FIRST_S:
        pass
    audio.advance()
    # While it sounds only so much at a time: the next block may be there.
    for _ in itertools.count() if audio.idle else range(MESSAGES_PER_ROUND):
        if not _execute_next(audio, parent):
            break


def _execute_next(audio: AudioProcess, parent: Connection) -> bool:
    """Do what the next message asks for; False if there is none."""
    if audio.ended or not parent.poll(0):
        return False
    answer = audio.execute(parent.recv())
    if answer is not None:
        parent.send(answer)
    return True
