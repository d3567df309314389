"""The device ring: sound in time comes out untouched, late blocks are hidden and counted. The real callback, called by hand."""

import multiprocessing
from collections.abc import Iterator

import numpy as np
import pytest

from bench.live.transitions import chord, high_energy_db
from realtime.processes.device_process import FADE_S, Callback
from realtime.processes.device_ring import PLAYING, STOPPED, STOPPING, DeviceRing
from realtime.processes.duration_histogram import quantile
from realtime.processes.output_writer import OutputWriter

RATE, HOST, BLOCK = 48000, 256, 512
DELAY = 1024


class Loop:
    """The device's callback and the audio process's writer, taking turns as a test says."""

    def __init__(self, sound: np.ndarray) -> None:
        self.ring = DeviceRing.create(1, 1)
        self.block_done = multiprocessing.get_context("spawn").Semaphore(0)
        self.callback = Callback(self.ring, RATE, self.block_done)
        self.writer = OutputWriter(self.ring, DELAY, RATE, HOST)
        self.sound = sound
        self.output: list[np.ndarray] = []
        self.late: list[int] = []
        self.ring.phase = PLAYING

    def call(self) -> None:
        out = np.full((HOST, 1), np.nan, dtype=np.float32)
        self.callback(np.zeros((HOST, 1), dtype=np.float32), out, HOST, None, None)
        self.output.append(out[:, 0].copy())

    def write(self) -> None:
        index = len(self.late)
        self.late.append(self.writer.write(self.sound[None, index * BLOCK : (index + 1) * BLOCK]))

    def run(self, calls: int, late_by: dict[int, int]) -> np.ndarray:
        """Each block is written when it is due, or so many calls later; blocks stay in their order."""
        due: list[int] = []
        for call in range(calls):
            self.call()
            if (call + 1) * HOST % BLOCK == 0:
                index = (call + 1) * HOST // BLOCK - 1
                due.append(max(call + late_by.get(index, 0), due[-1] if due else 0))
            while len(self.late) < len(due) and due[len(self.late)] <= call:
                self.write()
        return np.concatenate(self.output)


@pytest.fixture
def tone() -> np.ndarray:
    return chord(RATE)


@pytest.fixture
def loop(tone: np.ndarray) -> Iterator[Loop]:
    made = Loop(tone)
    yield made
    del made.callback, made.writer
    made.ring.close()


def test_sound_that_is_in_time_comes_out_bit_for_bit_at_its_place(loop: Loop, tone: np.ndarray) -> None:
    output = loop.run(200, {})
    entered = DELAY + round(0.025 * RATE)  # the start fades in
    np.testing.assert_array_equal(output[entered:], tone[entered - DELAY : len(output) - DELAY])
    assert not any(loop.late)
    assert loop.ring.counters().unplayed_samples == 0
    assert high_energy_db(output[RATE // 10 :], RATE) < -90


@pytest.mark.parametrize("calls_late", [3, 4, 5, 6, 9, 20])
def test_a_late_block_is_hidden_counted_and_the_rest_is_in_its_place(
    loop: Loop, tone: np.ndarray, calls_late: int
) -> None:
    output = loop.run(300, {60: calls_late})
    assert sum(late > 0 for late in loop.late) >= 1
    assert loop.late[59] == 0
    back = next(i for i in range(61, len(loop.late)) if loop.late[i] == 0) + 1
    rest = slice(DELAY + back * BLOCK, None)
    np.testing.assert_array_equal(output[rest], tone[back * BLOCK : len(output) - DELAY])
    unplayed = loop.ring.counters().unplayed_samples
    assert unplayed == max(0, (calls_late - 2) * HOST)  # two calls of slack
    assert high_energy_db(output[RATE // 10 :], RATE) < -60


def test_an_audio_process_that_sleeps_leaves_a_fade_and_then_silence(loop: Loop) -> None:
    output = loop.run(200, {60: 10_000})
    stopped = DELAY + 60 * BLOCK
    assert not output[stopped + round(0.02 * RATE) :].any()
    assert np.abs(output[stopped : stopped + 100]).max() > 0.05
    assert high_energy_db(output[RATE // 10 :], RATE) < -60


def test_every_tenth_block_late_still_never_clicks(loop: Loop) -> None:
    output = loop.run(400, dict.fromkeys(range(40, 190, 10), 4))
    assert high_energy_db(output[RATE // 10 :], RATE) < -60
    assert sum(late > 0 for late in loop.late) >= 15


def test_start_and_end_fade(loop: Loop, tone: np.ndarray) -> None:
    loop.run(100, {})
    loop.ring.phase = STOPPING
    for _ in range(round(FADE_S * RATE / HOST) + 2):
        loop.call()
    output = np.concatenate(loop.output)
    assert loop.ring.phase == STOPPED
    assert not output[-HOST:].any()
    padded = np.concatenate([np.zeros(RATE), output, np.zeros(RATE)])
    assert high_energy_db(padded, RATE) < -80


def test_the_callbacks_own_counts(loop: Loop) -> None:
    loop.run(50, {})
    counters = loop.ring.counters()
    assert counters.callbacks == 50
    assert loop.ring.position == 50 * HOST
    assert counters.largest_block == HOST
    assert counters.durations.sum() == 50
    assert 0 < quantile(counters.durations, 0.5) < 0.1
