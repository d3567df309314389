"""The engine: takes any device block and rate, feeds the performance blocks of one length, and reports its delay.

The performance only ever sees whole blocks, counted from the first sample, so its output can't depend on how
the device slices time. What the slicing does change is when a sample is ready. After t samples, the last
t mod N (N the block) still wait; the delay must be the most that can wait. With an unknown device block
that is N - 1; with a fixed device block h, t is a multiple of gcd(N, h) and so is what waits: N - gcd(N, h).
Resampling adds what its filters wait for.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.types import Audio
from realtime.engine.block_source import silence_non_finite
from realtime.engine.channel_strip import match_channels
from realtime.engine.control_event import ControlEvent
from realtime.engine.performance import Performance, Played
from realtime.engine.resampling import StreamResampler, resampled_wait

OnBlock = Callable[[int, Audio, list[ControlEvent]], None]
OnPlayed = Callable[[Played], None]

UNKNOWN_BLOCK_PROBE = 1
"""Device samples per call that are assumed where the device block may vary."""


class Engine:
    """Plays a performance for one device. `prepare`, then `process` as often as needed; or, where the
    instrument plays in another process, `take` what comes in and send out what `give` yields.

    Args:
        performance: nothing else may play it.
        device_rate: hertz of the device's input and output; None: the performance's own.
        channels: the device's, in and out; None: the performance's own.
        slack: samples of delay beyond the least, for an instrument that needs time to play.

    Attributes:
        begins_at: the performance's sample at the last `connect`; blocks before it aren't given.
        replaced_inputs: input samples (each channel counts) that were NaN or Inf and played as 0.
        unexpected_blocks: how often too little was played for a device block, as it isn't the `host_block` given to
            `prepare`. The delay then grows to that of an unknown block.
        on_block: called with each block's first sample, its sound and the events that it applies.
        on_played: called with each block when it is done.
    """

    def __init__(
        self,
        performance: Performance,
        device_rate: int | None = None,
        channels: tuple[int, int] | None = None,
        slack: int = 0,
    ) -> None:
        self.performance = performance
        self.device_rate = device_rate or performance.sample_rate
        self._device_in, self._device_out = channels or (performance.channels_in, performance.channels_out)
        self._slack = slack
        self._prepared = False
        self.on_block: OnBlock | None = None
        self.on_played: OnPlayed | None = None
        self._start_afresh()

    @property
    def engine_delay_samples(self) -> int:
        """Delay of the engine's output after the performance's own, in samples at the device's rate."""
        return self._delay

    @property
    def model_delay_samples(self) -> float:
        """Delay of the instrument's output after its input by its description, in samples at the device's rate."""
        performance = self.performance
        return performance.description.delay_samples * self.device_rate / performance.sample_rate

    @property
    def latency_samples(self) -> float:
        """Delay of the engine's output after its input, in samples at the device's rate."""
        return self.engine_delay_samples + self.model_delay_samples

    def prepare(self, host_block: int | None = None) -> None:
        """Warm the instrument up, then reset. Slow (up to seconds): call it before the audio starts.

        Args:
            host_block: samples per `process` call if that is fixed, for a shorter delay; None if it may vary.
        """
        if host_block is not None and host_block < 1:
            raise DrawstopError(f"the host block must be 1 sample or more, got {host_block}")
        self.performance.prepare()
        self.connect(host_block)

    def connect(self, host_block: int | None = None) -> None:
        """Begin with a device, the performance going on where it is.

        Args:
            host_block: as for `prepare`.
        """
        performance = self.performance
        self._least = least_delay(performance.block, host_block, self.device_rate, performance.sample_rate)
        self._prepared = True
        self._start_afresh()

    def reset(self) -> None:
        """Return to the state after `prepare`. Attributes of the instrument stay."""
        self.performance.reset()
        self._start_afresh()

    def _start_afresh(self) -> None:
        rate, performance = self.performance.sample_rate, self.performance
        self._down = StreamResampler(self.device_rate, rate, performance.channels_in)
        self._up = StreamResampler(rate, self.device_rate, performance.channels_out)
        self._delay = (self._least if self._prepared else performance.block - 1) + self._slack
        self._held = np.zeros((performance.channels_in, 0), dtype=np.float32)
        self._ready = np.zeros((self._device_out, self._delay), dtype=np.float32)
        self.begins_at = performance.next_sample
        self.replaced_inputs = self.unexpected_blocks = 0

    def process(self, audio: npt.NDArray[np.floating[Any]]) -> Audio:
        """Play n samples, n any number including 0, with an instrument that plays at once.

        Shape:
            audio: `[device channels in, n]`; returns a new array `[device channels out, n]`, always finite.

        Raises:
            DrawstopError: a wrong shape, or `prepare` wasn't called; nothing was played then.
        """
        if not self._prepared:
            raise DrawstopError("the engine isn't prepared; call prepare() before process()")
        if audio.ndim != 2 or audio.shape[0] != self._device_in:
            raise DrawstopError(f"audio must be [{self._device_in}, n], got {list(audio.shape)}")
        self.take(audio)
        self._ready = np.concatenate([self._ready, *(played for played, _ in self.give())], axis=1)
        length = audio.shape[1]
        self._lengthen_delay_if_needed(length)
        out, self._ready = self._ready[:, :length], self._ready[:, length:]
        return np.ascontiguousarray(out)

    def take(self, audio: npt.NDArray[np.floating[Any]]) -> None:
        """Take in a device block of any length and send what it completes to the instrument.

        Shape: `[device channels in, n]`
        """
        with np.errstate(over="ignore", invalid="ignore"):
            clean = np.array(audio, dtype=np.float32)
        self.replaced_inputs += silence_non_finite(clean)
        fresh = self._down(match_channels(clean, self.performance.channels_in))
        held = np.concatenate([self._held, fresh], axis=1)
        block = self.performance.block
        whole = held.shape[1] // block * block
        for start in range(0, whole, block):
            self._submit(held[:, start : start + block])
        self._held = held[:, whole:]

    def give(self) -> Iterator[tuple[Audio, Played]]:
        """Yield what is played and not yet given, in order; the first sample belongs `engine_delay_samples` after the
        first one taken. Each is `[device channels out, m]`, with the block that it comes from.
        """
        while (played := self.performance.collect()) is not None:
            if self.on_played:
                self.on_played(played)
            if played.start < self.begins_at:
                continue
            yield match_channels(self._up(played.audio), self._device_out), played

    def _submit(self, block: Audio) -> None:
        start = self.performance.next_sample
        events = self.performance.submit(block)
        if self.on_block:
            self.on_block(start, block, events)

    def _lengthen_delay_if_needed(self, length: int) -> None:
        """If too little is played for this device block, insert silence, which lengthens the delay for good."""
        if self._ready.shape[1] >= length:
            return
        self.unexpected_blocks += 1
        performance = self.performance
        unknown = least_delay(performance.block, None, self.device_rate, performance.sample_rate)
        gap = max(unknown + self._slack - self._delay, length - self._ready.shape[1])
        self._delay += gap
        self._ready = np.concatenate(
            [np.zeros((self._device_out, gap), dtype=np.float32), self._ready], axis=1
        )


def least_delay(block: int, host_block: int | None, device_rate: int, rate: int) -> int:
    """The least delay, in device samples, at which there is always enough output."""
    if device_rate != rate:
        return resampled_wait(host_block or UNKNOWN_BLOCK_PROBE, block, device_rate, rate)
    return block - 1 if host_block is None else block - math.gcd(block, host_block)
