"""Resamples a stream of sound, from the device's rate to the instrument's and back, with as little delay as possible.

Key idea: a short symmetric filter in polyphase form (Crochiere and Rabiner, *Multirate Digital Signal Processing*, 1983,
section 3.3). Sample k of the output stands at time k / rate exactly, so resampling moves nothing; its only cost is waiting for
the half filter that lies ahead, half a millisecond each way. Libraries' filters are made for files: soxr's shortest waits 15 ms
for the way in and back. The price of a short filter is the top of the band: it is flat to 86 % of the lower Nyquist
frequency (19 kHz at 44.1 kHz), and aliases only above that.
"""

import functools
import math

import numpy as np
import numpy.typing as npt

from drawstop.types import Audio

PASSBAND = 0.86
"""Share of the lower Nyquist frequency that passes unchanged; the stopband begins as far above Nyquist."""
ATTENUATION_DB = 100.0
MOST_PHASES = 4096
"""Most filter phases. Rates that need more use the nearest earlier phase: at most 1/4096 input sample early."""
MOST_CALLS = 1 << 22


class StreamResampler:
    """Resamples block by block; gives what is ready, and the same array when both rates are equal.

    Args:
        rate_in, rate_out: hertz.
        channels: the sound's number of channels.
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        self._filter = None if rate_in == rate_out else _polyphase(rate_in, rate_out)
        self._channels = channels
        self._fed = self._made = 0
        if self._filter is not None:
            self._past = np.zeros((channels, self._filter.half - 1), dtype=np.float32)
            self._first = 1 - self._filter.half  # the input sample with which the past begins

    def __call__(self, audio: Audio) -> Audio:
        """Feed a block of any length. `[channels, n]` -> `[channels, m]`"""
        polyphase = self._filter
        if polyphase is None:
            return audio
        self._fed += audio.shape[1]
        sound = np.concatenate([self._past, audio], axis=1)
        ready = int(polyphase.ready(np.int64(self._fed)))
        inputs, phases = polyphase.places(np.arange(self._made, ready + 1, dtype=np.int64))
        starts = inputs - (polyphase.half - 1) - self._first
        out = np.zeros((self._channels, ready - self._made), dtype=np.float32)
        if out.shape[1]:
            windows = np.lib.stride_tricks.sliding_window_view(sound, 2 * polyphase.half, axis=1)
            out = np.einsum("cmt,mt->cm", windows[:, starts[:-1]], polyphase.taps[phases[:-1]])
        done = min(int(starts[-1]), sound.shape[1])
        self._past, self._first, self._made = sound[:, done:], self._first + done, ready
        return out


class _Polyphase:
    """The filters between two rates.

    Attributes:
        half: input samples on each side of an output's position that a filter reads.
        taps: a filter for each phase, `[phases, 2 * half]`.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        common = math.gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        cutoff = 0.5 * min(1.0, rate_out / rate_in)  # cycles a sample of the input
        transition = 2 * (1 - PASSBAND) * cutoff
        # Kaiser's estimate of length and shape: Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3
        length = (ATTENUATION_DB - 7.95) / (2.285 * 2 * np.pi * transition)
        self.half = math.ceil(length / 2) + 1
        phases = min(self._up, MOST_PHASES)
        distance = np.arange(2 * self.half) - (self.half - 1) - np.arange(phases)[:, None] / phases
        window = np.i0(
            0.1102 * (ATTENUATION_DB - 8.7) * np.sqrt(np.maximum(0.0, 1 - (distance / self.half) ** 2))
        )
        taps = window * np.sinc(2 * cutoff * distance)
        self.taps = (taps / taps.sum(1, keepdims=True)).astype(np.float32)

    def ready(self, fed: npt.NDArray[np.int64] | np.int64) -> npt.NDArray[np.int64]:
        """How many output samples, counted from the first, are complete after `fed` input samples."""
        return np.maximum(0, -((self.half - fed) * self._up // self._down))

    def places(self, outputs: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The input sample at or before each output sample, and the phase of the filter between them."""
        place = outputs * self._down
        return place // self._up, place % self._up * len(self.taps) // self._up


@functools.lru_cache
def _polyphase(rate_in: int, rate_out: int) -> _Polyphase:
    return _Polyphase(rate_in, rate_out)


@functools.lru_cache
def resampled_wait(host_block: int, block: int, device_rate: int, rate: int) -> int:
    """The least delay, in device samples, at which there is always enough output.

    The largest difference between what is fed and what is ready, over all of the device's calls until the pattern repeats.
    """
    down, up = _polyphase(device_rate, rate), _polyphase(rate, device_rate)
    common = math.gcd(device_rate, rate)
    repeats = math.lcm(host_block, device_rate // common * block // math.gcd(rate // common, block))
    calls = min(MOST_CALLS, repeats // host_block + 2 * (down.half + up.half + block) // host_block + 2)
    fed = host_block * np.arange(1, calls + 1, dtype=np.int64)
    ready = up.ready(down.ready(fed) // block * block)
    return int((fed - ready).max())
