"""The audio process: it must have a movement before the block is sent in which it counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_instrument import description

from realtime.engine.control_event import ControlEvent
from realtime.processes.audio_process import AudioProcess, play_round
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_ring import STOPPED, DeviceRing
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


@pytest.fixture
def ring() -> Iterator[DeviceRing]:
    made = DeviceRing.create(1, 1)
    yield made
    made.close()


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
