"""The line between the device's process and the conductor: two rings and some counters.

Key idea: the output ring holds, after the last sample that is played, how the sound would go on if the next
block came late: a short, fading continuation, then zeros. So the device's callback just copies what is there.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from realtime.processes.shared_arrays import Fields, SharedArrays, ring_parts

Audio = npt.NDArray[np.float32]

RING_FRAMES = 1 << 17
"""Frames: 2.7 s at 48 kHz. So long may the conductor sleep without losing input."""
PROBING, PLAYING, MEASURING, STOPPING, STOPPED = range(5)
"""What the device's callback does. Measuring: it plays a click instead of the output, which it keeps."""
BINS_PER_OCTAVE, SMALLEST_S, BINS = 8, 1e-6, 200
"""The callback's durations are counted in bins of an eighth of an octave, from a microsecond on."""


def line_fields(channels_in: int, channels_out: int) -> Fields:
    """The line's arrays. Rings are `[frames, channels]`."""
    return {
        "input": ((RING_FRAMES, channels_in), "float32"),
        "output": ((RING_FRAMES, channels_out), "float32"),
        "kept": ((RING_FRAMES, channels_out), "float32"),  # the output, while measuring
        "click": ((1,), "int64"),  # the frame at which the click was played; 0 before
        "phase": ((1,), "int64"),
        "position": ((1,), "int64"),  # frames that the device has brought and taken
        "written": ((1,), "int64"),  # output frames that are played up to here
        "called": ((1,), "float64"),  # perf_counter of the last callback
        "origin": ((1,), "float64"),  # perf_counter at which frame 0 was heard, by the last callback
        "lost": ((1,), "int64"),  # frames that the device took before they were played
        "callbacks": ((1,), "int64"),
        "frames": ((2,), "int64"),  # smallest and largest device block
        "flags": ((1,), "int64"),  # callbacks in which PortAudio reported an under- or overflow
        "durations": ((BINS,), "int64"),
        "intervals": ((BINS,), "int64"),
        "longest": ((2,), "float64"),  # duration, interval; seconds
    }


def duration_bin(seconds: float) -> int:
    """The bin in which a duration is counted."""
    if seconds <= SMALLEST_S:
        return 0
    return min(int(BINS_PER_OCTAVE * np.log2(seconds / SMALLEST_S)) + 1, BINS - 1)


def quantile(counts: npt.NDArray[np.int64], share: float) -> float:
    """The upper edge, in seconds, of the bin below which this share of the counted durations lies; 0 if none."""
    total = int(counts.sum())
    if not total:
        return 0.0
    place = int(np.searchsorted(np.cumsum(counts), share * total))
    return float(SMALLEST_S * 2 ** (place / BINS_PER_OCTAVE))


def read_ring(line: SharedArrays, name: str, start: int, stop: int) -> Audio:
    """A copy of frames start .. stop - 1 of a ring. Returns `[channels, frames]`."""
    ring: npt.NDArray[Any] = line[name]
    out = np.empty((stop - start, ring.shape[1]), dtype=np.float32)
    for here, there in ring_parts(start, stop - start, RING_FRAMES):
        out[here] = ring[there]
    return np.ascontiguousarray(out.T)
