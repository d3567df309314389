"""The ring buffers between the device's process and the audio process, with the counters of both.

Key idea: the output ring holds, after the last sample that is played, how the sound would go on if the next
block came late: a short, fading continuation, then zeros. So the device's callback just copies what is there.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from drawstop.types import Audio
from realtime.processes.duration_histogram import BINS
from realtime.processes.shared_arrays import Descriptor, Fields, SharedArrays, ring_parts

Integers = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]

RING_SAMPLES = 1 << 17
"""Samples a channel: 2.7 s at 48 kHz."""
PROBING, PLAYING, MEASURING, STOPPING, STOPPED = range(5)
"""The callback's phases. Measuring: it plays a click instead of the output."""


@dataclass(frozen=True)
class RingArrays:
    """The ring's arrays in shared memory. The device's callback uses them directly, everything else by `DeviceRing`."""

    input: Audio
    """`[RING_SAMPLES, channels_in]`"""
    output: Audio
    """`[RING_SAMPLES, channels_out]`"""
    taken_output: Audio
    """The output as the device took it; `output` itself is zeros again from then on. `[RING_SAMPLES, channels_out]`"""
    click: Integers
    """The sample at which the click was played; 0 before. `[1]`"""
    phase: Integers
    """One of the callback's phases. `[1]`"""
    position: Integers
    """Number of samples that the device has brought and taken. `[1]`"""
    written: Integers
    """The sample up to which output is written. `[1]`"""
    called_s: Seconds
    """`time.perf_counter` at the last callback. `[1]`"""
    origin_s: Seconds
    """`time.perf_counter` at which the device recorded sample 0, by the last callback. `[1]`"""
    unplayed: Integers
    """Number of samples that the device took before they were played. `[1]`"""
    callbacks: Integers
    """Calls of the callback. `[1]`"""
    largest_block: Integers
    """The largest device block. `[1]`"""
    host_flags: Integers
    """Callbacks in which PortAudio reported an under- or overflow. `[1]`"""
    durations: Integers
    """Histogram of the callback's durations. `[BINS]`"""
    intervals: Integers
    """Histogram of the times between callbacks. `[BINS]`"""
    longest_s: Seconds
    """The longest duration and the longest interval. `[2]`"""


@dataclass(frozen=True)
class RingCounters:
    """The callback's counters at one moment."""

    callbacks: int
    host_flags: int
    """Callbacks in which PortAudio reported an under- or overflow."""
    unplayed_samples: int
    """Number of samples that the device took before they were played."""
    largest_block: int
    durations: Integers
    """Histogram of the callback's durations. `[BINS]`"""
    intervals: Integers
    """Histogram of the times between callbacks. `[BINS]`"""
    longest_duration_s: float
    longest_interval_s: float


class DeviceRing:
    """One end of the ring: made by one process, attached to by others with its descriptor.

    Attributes:
        arrays: gone once the ring is closed.
    """

    def __init__(self, shared: SharedArrays) -> None:
        self._shared = shared
        self.arrays = RingArrays(**{field.name: shared[field.name] for field in fields(RingArrays)})

    @classmethod
    def create(cls, channels_in: int, channels_out: int) -> "DeviceRing":
        """A new ring, all zeros."""
        return cls(SharedArrays(_fields(channels_in, channels_out)))

    @classmethod
    def attach(cls, descriptor: Descriptor) -> "DeviceRing":
        """The ring that another process has made."""
        return cls(SharedArrays(*descriptor))

    @property
    def descriptor(self) -> Descriptor:
        """The argument with which another process attaches."""
        return self._shared.descriptor

    @property
    def phase(self) -> int:
        """The callback's phase, such as `PLAYING`."""
        return int(self.arrays.phase[0])

    @phase.setter
    def phase(self, phase: int) -> None:
        self.arrays.phase[0] = phase

    @property
    def position(self) -> int:
        """Number of samples that the device has brought and taken."""
        return int(self.arrays.position[0])

    @property
    def written(self) -> int:
        """The sample up to which output is written; a continuation follows it."""
        return int(self.arrays.written[0])

    @written.setter
    def written(self, sample: int) -> None:
        self.arrays.written[0] = sample

    @property
    def click(self) -> int:
        """The sample at which the measurement's last click was played; 0 before."""
        return int(self.arrays.click[0])

    def click_again(self) -> None:
        """Let the callback play another click at once."""
        self.arrays.click[0] = 0

    @property
    def called_s(self) -> float:
        """`time.perf_counter` at the last callback; 0 before the first."""
        return float(self.arrays.called_s[0])

    @property
    def origin_s(self) -> float:
        """`time.perf_counter` at which the device recorded sample 0, as the last callback says."""
        return float(self.arrays.origin_s[0])

    def read_input(self, start: int, stop: int) -> Audio:
        """A copy of input samples start .. stop - 1. `[channels, samples]`"""
        return np.ascontiguousarray(_copy(self.arrays.input, start, stop).T)

    def read_output(self, start: int, stop: int) -> Audio:
        """A copy of output samples start .. stop - 1. `[channels, samples]`"""
        return np.ascontiguousarray(_copy(self.arrays.output, start, stop).T)

    def read_taken_output(self, start: int, stop: int) -> Audio:
        """A copy of output samples start .. stop - 1, as they were taken. `[channels, samples]`"""
        return np.ascontiguousarray(_copy(self.arrays.taken_output, start, stop).T)

    def write_output(self, start: int, audio: Audio) -> None:
        """Write output samples from `start` on. `[channels, samples]`"""
        sound, ring = audio.T, self.arrays.output
        for here, there in ring_parts(start, len(sound), RING_SAMPLES):
            ring[there] = sound[here]

    def counters(self) -> RingCounters:
        """A copy of the callback's counters."""
        arrays = self.arrays
        return RingCounters(
            int(arrays.callbacks[0]),
            int(arrays.host_flags[0]),
            int(arrays.unplayed[0]),
            int(arrays.largest_block[0]),
            arrays.durations.copy(),
            arrays.intervals.copy(),
            float(arrays.longest_s[0]),
            float(arrays.longest_s[1]),
        )

    def close(self) -> None:
        """Release the memory; the process that made the ring removes it."""
        del self.arrays  # before the memory goes: a later reader gets an AttributeError, and no crash
        self._shared.close()


def _fields(channels_in: int, channels_out: int) -> Fields:
    return {
        "input": ((RING_SAMPLES, channels_in), "float32"),
        "output": ((RING_SAMPLES, channels_out), "float32"),
        "taken_output": ((RING_SAMPLES, channels_out), "float32"),
        "click": ((1,), "int64"),
        "phase": ((1,), "int64"),
        "position": ((1,), "int64"),
        "written": ((1,), "int64"),
        "called_s": ((1,), "float64"),
        "origin_s": ((1,), "float64"),
        "unplayed": ((1,), "int64"),
        "callbacks": ((1,), "int64"),
        "largest_block": ((1,), "int64"),
        "host_flags": ((1,), "int64"),
        "durations": ((BINS,), "int64"),
        "intervals": ((BINS,), "int64"),
        "longest_s": ((2,), "float64"),
    }


def _copy(ring: Audio, start: int, stop: int) -> Audio:
    """Samples start .. stop - 1 of a ring. `[samples, channels]`"""
    out = np.empty((stop - start, ring.shape[1]), dtype=np.float32)
    for here, there in ring_parts(start, stop - start, RING_SAMPLES):
        out[here] = ring[there]
    return out
