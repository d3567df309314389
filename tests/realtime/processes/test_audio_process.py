"""When a movement counts: the clock that stamps it, and the conductor that must have it before its block is sent."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_instrument import description

from realtime.engine.control_event import ControlEvent
from realtime.live.device_connection import DeviceConnection, DeviceSelection
from realtime.live.latency import Latency
from realtime.processes.audio_process import AudioProcess, LineSettings, play_round
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_process import Callback
from realtime.processes.device_ring import PLAYING, STOPPED, line_fields
from realtime.processes.shared_arrays import SharedArrays
from realtime.recording.session_file import EVENTS

RATE, BLOCK, PERIOD = 44100, 512, 256
PLAN = Latency(RATE, RATE, PERIOD, BLOCK, 0, 0, 0.0, 0.0, 0.001)


@pytest.fixture
def line() -> Iterator[SharedArrays]:
    made = SharedArrays(line_fields(1, 1))
    yield made
    made.close()


class _Probe:
    """Looks at the clock in the middle of a callback, where the callback wakes the conductor."""

    def __init__(self, line: SharedArrays) -> None:
        self.sound = DeviceConnection(DeviceSelection(), CONTEXT.Semaphore(0))
        self.sound.line = line
        self.seen: list[int] = []

    def release(self) -> None:
        self.seen.append(self.sound.now(PLAN))


def test_the_clock_is_right_in_the_middle_of_a_callback_too(line: SharedArrays) -> None:
    frames = RATE // 10
    probe = _Probe(line)
    callback = Callback(line, RATE, probe)  # type: ignore[arg-type]
    line["phase"][0] = PLAYING
    sound = np.zeros((frames, 1), dtype=np.float32)
    for call in range(1, 4):
        time.sleep(0.1)
        before = time.perf_counter()
        callback(sound, sound.copy(), frames, None, None)
        passed = round((time.perf_counter() - before) * RATE)
        if call > 1:  # the first finds no clock yet
            assert call * frames <= probe.seen[-1] + 1 <= call * frames + passed + 1
    del callback


def test_a_movement_that_came_before_its_block_was_cut_counts_at_its_own_sample(
    line: SharedArrays, tmp_path: Path
) -> None:
    here, there = CONTEXT.Pipe()
    conductor = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    conductor.command("pass_through", description(), BLOCK)
    conductor.command("record", str(tmp_path))
    conductor.command("line", LineSettings(line.descriptor, RATE, (1, 1), PERIOD, 0))
    line["position"][0] = BLOCK - PERIOD
    play_round(conductor, there)
    here.send(("events", [ControlEvent(300, "engine.wet", 0.5, "cc 20")]))
    line["position"][0] = BLOCK  # the device's next call completes the block
    play_round(conductor, there)
    conductor.command("end")
    line["phase"][0] = STOPPED  # nobody calls any more
    conductor.close(CONTEXT.Semaphore(0))
    assert '"sample": 300, "to": "engine.wet"' in (tmp_path / EVENTS).read_text()


def test_a_storm_of_commands_does_not_keep_a_block_that_has_come(line: SharedArrays) -> None:
    here, there = CONTEXT.Pipe()
    conductor = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    conductor.command("pass_through", description(), BLOCK)
    conductor.command("line", LineSettings(line.descriptor, RATE, (1, 1), PERIOD, 0))
    for _ in range(200):
        here.send(("events", [ControlEvent(0, "engine.wet", 0.5, "cc 20")] * 4))
    line["position"][0] = BLOCK
    play_round(conductor, there)
    assert there.poll(0)  # some wait
    assert conductor.command("report")[1].sample == BLOCK
