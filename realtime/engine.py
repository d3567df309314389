"""The engine: any host block in, inner blocks of one fixed length to the instrument, the delay reported.

The instrument only ever sees whole inner blocks, counted from the first sample, so its output can't depend on
how the host slices time. What the slicing does change is when a sample is ready. After t samples, the last
t mod N (N the inner block) still wait; the output must lag by the most that can wait. With an unknown host
block that is N - 1; with a fixed host block h, t is a multiple of gcd(N, h) and so is what waits: N - gcd(N, h).
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent
from realtime.controls.smoothing import KnobSignals
from realtime.instrument_file import Instrument

Audio = npt.NDArray[np.float32]

WARM_UP_BLOCKS = 3
"""TorchScript profiles a method in its first two calls, up to a second each; the third is like all later."""


class Engine:
    """Plays one instrument from one audio thread. `prepare`, then `process` as often as needed.

    Args:
        instrument: the engine becomes its only player; its attributes may be set from outside at any time.
        inner_block: samples that the instrument gets at once; a multiple of the instrument's ratio.
        seed: of the engine's own random stream. Same seed and input, same bits. The global one isn't touched.
        threads: torch threads, set for the whole process in `prepare` (torch knows no other way).

    Attributes:
        replaced_inputs: input samples (each channel counts) that were NaN or Inf and played as 0.
        replaced_outputs: output samples that were NaN or Inf and became 0.
        failed_blocks: inner blocks in which the instrument raised; they are silent.
        broken_promises: times a host block came that the one given to `prepare` ruled out; the delay then
            grows to that of an unknown host block.
    """

    def __init__(
        self, instrument: Instrument, inner_block: int = 2048, seed: int = 0, threads: int = 1
    ) -> None:
        description = instrument.description
        if inner_block < 1 or inner_block % description.ratio:
            raise DrawstopError(
                f"the inner block must be a multiple of {description.ratio} samples, got {inner_block}"
            )
        if threads < 1:
            raise DrawstopError(f"threads must be 1 or more, got {threads}")
        self.instrument = instrument
        self.inner_block = inner_block
        self.seed = seed
        self._threads = threads
        self._channels_in, self._channels_out = description.channels_in, description.channels_out
        self._knobs = KnobSignals(description.stops)
        self._input = np.zeros((1, self._channels_in + len(description.stops), inner_block), dtype=np.float32)
        # Played but not yet handed out: at most inner_block - 1 samples wait when the next block is added.
        self._ready: Audio = np.zeros((self._channels_out, 2 * inner_block), dtype=np.float32)
        self._host_block: int | None = None
        self._prepared = False
        self.reset()

    @property
    def engine_delay_samples(self) -> int:
        """Lag of the engine's output behind the instrument's own."""
        return self._delay

    @property
    def model_delay_samples(self) -> int:
        """Lag of the instrument's output behind its input, as its description says."""
        return self.instrument.description.delay_samples

    @property
    def latency_samples(self) -> int:
        """Lag of the engine's output behind its input."""
        return self.engine_delay_samples + self.model_delay_samples

    def prepare(self, host_block: int | None = None) -> None:
        """Warm the instrument up, then reset. Slow (up to seconds): call it before the audio starts.

        Args:
            host_block: samples per `process` call if that is fixed, for a shorter delay; None if it may vary.
        """
        if host_block is not None and host_block < 1:
            raise DrawstopError(f"the host block must be 1 sample or more, got {host_block}")
        self._host_block = host_block
        torch.set_num_threads(self._threads)
        self._input.fill(0.0)
        for _ in range(WARM_UP_BLOCKS):
            self._play()
        self._prepared = True
        self.reset()

    def reset(self) -> None:
        """As freshly loaded: caches, knobs, events, counters, clock and random stream. Attributes stay."""
        self.instrument.reset()
        self._knobs.reset()
        self._random_state = torch.Generator().manual_seed(self.seed).get_state()
        self._delay = self._prepared_delay()
        self._filled = 0
        self._block_start = 0
        self._ready.fill(0.0)
        self._ready_start, self._ready_stop = 0, self._delay
        self.replaced_inputs = self.replaced_outputs = self.failed_blocks = self.broken_promises = 0

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue knob events; may be called from another thread. Late events apply at the next sample played.

        Raises:
            DrawstopError: an unknown stop or a value out of its range.
        """
        self._knobs.schedule(events)

    def process(self, audio: npt.NDArray[np.floating[Any]]) -> Audio:
        """Play n samples, n any number including 0.

        Shape:
            audio: `[channels_in, n]`; returns a new array `[channels_out, n]`, always finite.

        Raises:
            DrawstopError: a wrong shape, or `prepare` wasn't called; nothing was played then.
        """
        if not self._prepared:
            raise DrawstopError("the engine isn't prepared; call prepare() before process()")
        if audio.ndim != 2 or audio.shape[0] != self._channels_in:
            raise DrawstopError(f"audio must be [{self._channels_in}, n], got {list(audio.shape)}")
        length = audio.shape[1]
        self._keep_promise(length)
        out = np.zeros((self._channels_out, length), dtype=np.float32)
        written = self._hand_out(out, 0)
        taken = 0
        while taken < length:
            count = min(length - taken, self.inner_block - self._filled)
            self._take_in(audio[:, taken : taken + count])
            taken += count
            if self._filled == self.inner_block:
                self._play_block()
                written = self._hand_out(out, written)
        return out

    def _prepared_delay(self) -> int:
        if self._host_block is None:
            return self.inner_block - 1
        return self.inner_block - math.gcd(self.inner_block, self._host_block)

    def _keep_promise(self, length: int) -> None:
        """Grow the delay by a gap of silence if this block would otherwise find too little played."""
        coming = (self._filled + length) // self.inner_block * self.inner_block
        if self._ready_stop - self._ready_start + coming >= length:
            return
        self.broken_promises += 1
        gap = self.inner_block - 1 - self._delay
        self._delay += gap
        self._append(np.zeros((self._channels_out, gap), dtype=np.float32))

    def _take_in(self, audio: npt.NDArray[np.floating[Any]]) -> None:
        target = self._input[0, : self._channels_in, self._filled : self._filled + audio.shape[1]]
        with np.errstate(over="ignore", invalid="ignore"):
            target[:] = audio
        self.replaced_inputs += _silence_non_finite(target)
        self._filled += audio.shape[1]

    def _play_block(self) -> None:
        self._knobs.fill(self._block_start, self._input[0, self._channels_in :])
        block = self._play()
        self._append(block)
        self._block_start += self.inner_block
        self._filled = 0

    def _play(self) -> Audio:
        """One inner block through the instrument; silence if it fails. Never raises."""
        shared_state = torch.get_rng_state()
        torch.set_rng_state(self._random_state)
        try:
            with torch.inference_mode():
                # A copy: an instrument may keep a view of its input as a cache.
                played = self.instrument.module.play(torch.from_numpy(self._input.copy()))
                block: Audio = np.array(played.numpy()[0], dtype=np.float32)
            if block.shape != (self._channels_out, self.inner_block):
                raise DrawstopError(f"the instrument returned {list(block.shape)}")
        except Exception:  # noqa: BLE001 - whatever a script raises, the loudspeakers must get their block
            self.failed_blocks += 1
            self._reset_instrument()
            block = np.zeros((self._channels_out, self.inner_block), dtype=np.float32)
        finally:
            self._random_state = torch.get_rng_state()
            torch.set_rng_state(shared_state)
        replaced = _silence_non_finite(block)
        if replaced:  # a NaN in a cache would come back for ever
            self.replaced_outputs += replaced
            self._reset_instrument()
        return block

    def _reset_instrument(self) -> None:
        try:
            self.instrument.reset()
        except Exception:  # noqa: BLE001 - an instrument that can't even reset fails, and is counted, block by block
            return

    def _append(self, block: Audio) -> None:
        waiting = self._ready_stop - self._ready_start
        if self._ready_start:
            self._ready[:, :waiting] = self._ready[:, self._ready_start : self._ready_stop].copy()
        self._ready[:, waiting : waiting + block.shape[1]] = block
        self._ready_start, self._ready_stop = 0, waiting + block.shape[1]

    def _hand_out(self, out: Audio, written: int) -> int:
        count = min(out.shape[1] - written, self._ready_stop - self._ready_start)
        out[:, written : written + count] = self._ready[:, self._ready_start : self._ready_start + count]
        self._ready_start += count
        return written + count


def _silence_non_finite(audio: Audio) -> int:
    """Replace NaN and Inf by 0 in place; how many there were."""
    broken = ~np.isfinite(audio)
    count = int(np.count_nonzero(broken))
    if count:
        audio[broken] = 0.0
    return count
