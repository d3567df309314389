"""Resamples a stream of sound, from the device's rate to the instrument's and back.

Key idea: soxr's stream keeps sample k of its output at time k / rate exactly; its only cost is waiting
for the samples that its filter looks ahead. So resampling moves nothing, and the waiting is a number.
"""

import functools

import numpy as np
import numpy.typing as npt
import soxr

Audio = npt.NDArray[np.float32]

QUALITY = "LQ"
"""soxr's 16-bit quality: with HQ the round trip waits 41 ms instead of 15 at 44.1 and 48 kHz."""
PROBE_S = 5.0
MARGIN = 8
"""Device samples added to the longest wait seen in `PROBE_S`: the pattern of counts is longer than the probe."""


class StreamResampler:
    """Resamples block by block; gives what is ready, and the same array when both rates are equal."""

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        self._stream = (
            None
            if rate_in == rate_out
            else soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32", quality=QUALITY)
        )

    def __call__(self, audio: Audio) -> Audio:
        """Feed a block of any length. `[channels, n]` -> `[channels, m]`"""
        if self._stream is None:
            return audio
        out: Audio = self._stream.resample_chunk(np.ascontiguousarray(audio.T)).T
        return out


@functools.lru_cache
def resampled_wait(host_block: int, block: int, device_rate: int, rate: int) -> int:
    """Device samples by which the output must lag so that it never runs dry; measured by playing silence."""
    down, up = StreamResampler(device_rate, rate, 1), StreamResampler(rate, device_rate, 1)
    silence = np.zeros((1, max(host_block, block)), dtype=np.float32)
    fed = held = ready = wait = 0
    while fed < PROBE_S * device_rate:
        held += down(silence[:, :host_block]).shape[1]
        fed += host_block
        while held >= block:
            held -= block
            ready += up(silence[:, :block]).shape[1]
        wait = max(wait, fed - ready)
    return wait + MARGIN
