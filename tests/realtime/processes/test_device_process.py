"""PortAudio's callback: the clock that stamps movements, and the channels that it copies."""

import time

import numpy as np

from realtime.live.device.connection import DeviceConnection
from realtime.live.device.selection import DeviceSelection
from realtime.live.latency import Latency
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_process import Callback
from realtime.processes.device_ring import PLAYING, DeviceRing

RATE, BLOCK, PERIOD = 44100, 512, 256
LATENCY = Latency(RATE, RATE, PERIOD, BLOCK, 0, 0, 0.0, 0.0, 0.001)


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
    recorded = np.arange(3 * PERIOD, dtype=np.float32).reshape(PERIOD, 3) / 1000
    for call in range(RATE // PERIOD):  # beyond the fade at the start
        played = np.ones((PERIOD, 4), dtype=np.float32)
        start = call * PERIOD
        ring.arrays.output[start : start + PERIOD] = (0.25, -0.5)
        callback(recorded, played, PERIOD, None, None)
    np.testing.assert_array_equal(ring.arrays.input[start : start + PERIOD, 0], recorded[:, 2])
    np.testing.assert_array_equal(played, np.tile(np.float32([0.0, -0.5, 0.0, 0.25]), (PERIOD, 1)))
    del callback
    ring.close()
