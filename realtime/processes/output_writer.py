"""Writes the output ring ahead of the device, and hides what comes too late.

Key idea: every write leaves a continuation behind it, the sound turned about its last sample (odd, so value and
slope go on) and faded out. If the next block is late, the device has already played some of it; the block then
enters by a cross-fade from there, at the first sample that the device can't have reached.
"""

import numpy as np

from drawstop.types import Audio
from realtime.processes.device_ring import DeviceRing

CONTINUATION_S = 0.02
ENTER_S = 0.005
"""The cross-fade back into the sound; shorter where a block is."""
SHORTEST_ENTRY = 64


class OutputWriter:
    """Writes played sound into the device ring.

    Args:
        ring: to the device.
        first: the ring's sample at which the first played sample belongs: the engine's delay after the first one that is read.
        rate: the device's, in hertz.
        margin: samples that the device may take between our reading its position and our writing: its largest block.

    Attributes:
        next_sample: the ring's sample at which the next played sample belongs.
        least_lead: the fewest samples by which a block was ahead of the device when it was written.
    """

    def __init__(self, ring: DeviceRing, first: int, rate: int, margin: int) -> None:
        self._ring = ring
        self.next_sample = first
        self.least_lead = first - ring.position
        self._margin = margin
        channels = ring.arrays.output.shape[1]
        self._enter = round(ENTER_S * rate)
        self._fall = rise(round(CONTINUATION_S * rate))[::-1]
        self._recent = np.zeros((len(self._fall) + 1, channels), dtype=np.float32)
        self._interrupted = True  # the first sound enters softly too
        ring.written = first

    def write(self, audio: Audio) -> int:
        """Write the next samples; returns how many of them came too late to sound.

        Shape: `[channels, n]`
        """
        sound = audio.T
        start, stop = self.next_sample, self.next_sample + len(sound)
        self.next_sample = stop
        claimed = self._ring.position
        self.least_lead = min(self.least_lead, start - claimed)
        if start >= claimed and not self._interrupted:
            self._write(start, sound)
            return 0
        begin = start if start >= claimed else claimed + self._margin
        length = min(self._enter, stop - begin)
        if length < min(SHORTEST_ENTRY, len(sound)):  # too little is left to enter softly
            self._interrupted = True
            return len(sound)
        entered = sound[begin - start :].copy()
        fade = rise(length)[:, None]
        entered[: len(fade)] = entered[: len(fade)] * fade + self._continued(begin, len(fade)) * (1.0 - fade)
        self._interrupted = False
        self._write(begin, entered)
        return begin - start

    def _write(self, start: int, sound: Audio) -> None:
        self._recent = np.concatenate([self._recent, sound])[-len(self._recent) :]
        last = self._recent[-1]
        continuation = (2.0 * last - self._recent[-2::-1]) * self._fall[:, None]
        limit = max(1.0, float(np.abs(last).max()))
        self._ring.write_output(start, np.concatenate([sound, np.clip(continuation, -limit, limit)]).T)
        self._ring.written = start + len(sound)

    def _continued(self, start: int, length: int) -> Audio:
        """The continuation that lies in the ring from `start` on. `[length, channels]`"""
        return self._ring.read_output(start, start + length).T


def rise(length: int) -> Audio:
    """Half a Hann window, from just above 0 to just below 1. `[length]`"""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
