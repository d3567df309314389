"""When a movement counts: the clock that stamps it, and the audio process, which must have it before its block is sent."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_instrument import description

from realtime.engine.control_event import ControlEvent
from realtime.live.device.connection import DeviceConnection
from realtime.live.device.selection import DeviceSelection
from realtime.live.latency import Latency
from realtime.processes.audio_process import AudioProcess, play_round
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_process import Callback
from realtime.processes.device_ring import PLAYING, STOPPED, DeviceRing
from realtime.processes.messages import (
    End,
    GetReport,
    OpenDevice,
    PerformPassThrough,
    RecordSession,
    Report,
    ScheduleEvents,
)
from realtime.recording.session_file import EVENTS

RATE, BLOCK, PERIOD = 44100, 512, 256
LATENCY = Latency(RATE, RATE, PERIOD, BLOCK, 0, 0, 0.0, 0.0, 0.001)


@pytest.fixture
def ring() -> Iterator[DeviceRing]:
    made = DeviceRing.create(1, 1)
    yield made
    made.close()


class _Probe:
    """Reads the clock in the middle of a callback, where the callback wakes the audio process."""

    def __init__(self, ring: DeviceRing) -> None:
        self.connection = DeviceConnection(DeviceSelection(), CONTEXT.Semaphore(0))
        self.connection.ring = ring
        self.seen: list[int] = []

    def release(self) -> None:
        self.seen.append(self.connection.now(LATENCY))


def test_the_clock_is_right_in_the_middle_of_a_callback_too(ring: DeviceRing) -> None:
    frames = RATE // 10
    probe = _Probe(ring)
    callback = Callback(ring, RATE, probe)  # type: ignore[arg-type]
    ring.phase = PLAYING
    sound = np.zeros((frames, 1), dtype=np.float32)
    for call in range(1, 4):
        time.sleep(0.1)
        before = time.perf_counter()
        callback(sound, sound.copy(), frames, None, None)
        passed = round((time.perf_counter() - before) * RATE)
        if call > 1:  # the first finds no clock yet
            assert call * frames <= probe.seen[-1] + 1 <= call * frames + passed + 1
    del callback


def test_chosen_channels_are_taken_and_the_others_are_silent() -> None:
    ring = DeviceRing.create(1, 2)
    callback = Callback(ring, RATE, CONTEXT.Semaphore(0), inputs=(2,), outputs=(3, 1))
    ring.phase = PLAYING
    heard = np.arange(3 * PERIOD, dtype=np.float32).reshape(PERIOD, 3) / 1000
    for call in range(RATE // PERIOD):  # beyond the fade at the start
        played = np.ones((PERIOD, 4), dtype=np.float32)
        start = call * PERIOD
        ring.arrays.output[start : start + PERIOD] = (0.25, -0.5)
        callback(heard, played, PERIOD, None, None)
    np.testing.assert_array_equal(ring.arrays.input[start : start + PERIOD, 0], heard[:, 2])
    np.testing.assert_array_equal(played, np.tile(np.float32([0.0, -0.5, 0.0, 0.25]), (PERIOD, 1)))
    del callback
    ring.close()


def test_a_movement_that_came_before_its_block_was_cut_counts_at_its_own_sample(
    ring: DeviceRing, tmp_path: Path
) -> None:
    here, there = CONTEXT.Pipe()
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    audio.execute(PerformPassThrough(description(), BLOCK))
    audio.execute(RecordSession(str(tmp_path)))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), PERIOD, 0))
    ring.arrays.position[0] = BLOCK - PERIOD
    play_round(audio, there)
    here.send(ScheduleEvents([ControlEvent(300, "engine.wet", 0.5, "cc 20")]))
    ring.arrays.position[0] = BLOCK  # the device's next call completes the block
    play_round(audio, there)
    audio.execute(End())
    ring.phase = STOPPED  # nobody calls any more
    audio.close(CONTEXT.Semaphore(0))
    assert '"sample": 300, "to": "engine.wet"' in (tmp_path / EVENTS).read_text()


def test_a_storm_of_commands_does_not_keep_a_block_that_has_come(ring: DeviceRing) -> None:
    here, there = CONTEXT.Pipe()
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    audio.execute(PerformPassThrough(description(), BLOCK))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), PERIOD, 0))
    for _ in range(200):
        here.send(ScheduleEvents([ControlEvent(0, "engine.wet", 0.5, "cc 20")] * 4))
    ring.arrays.position[0] = BLOCK
    play_round(audio, there)
    assert there.poll(0)  # some wait
    report = audio.execute(GetReport())
    assert isinstance(report, Report)
    assert report.sample == BLOCK
