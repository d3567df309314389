"""Plays one instrument block by block: never raises, never gives a number that isn't finite.

Key idea: everything that must be the same live and offline, to the bit, is in here: the random stream, the
threads, denormals, the warm-up, and the treatment of an instrument that fails.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from drawstop.errors import DrawstopError
from drawstop.types import Audio
from realtime.backends.choice import TORCHSCRIPT, compiled
from realtime.engine.block_source import silence_non_finite
from realtime.engine.control_signals import State
from realtime.engine.instrument_file import LoadedInstrument

if TYPE_CHECKING:
    from realtime.backends.aotinductor import CompiledPlayer
    from realtime.backends.player import BackendPlayer

WARM_UP_BLOCKS = 4
"""TorchScript profiles a method in its first two calls, up to a second each; a compiled one has up to four programs."""


class Player:
    """Plays one instrument in this process: a `BlockSource` that is always ready at once.

    Args:
        instrument: nothing else may play it; its attributes may be set from outside at any time.
        seed: the seed of the player's own random stream. Same seed and input, same bits. The global stream isn't used.
        threads: torch threads, set for the whole process in `prepare` (torch knows no other way).
        noise: the instrument's attribute `noise`, 0 or 1; None leaves it as it is.
        backend: the runtime that computes it, one of `backends.choice.BACKENDS`; TorchScript is the reference.

    Attributes:
        replaced_outputs: output samples that were NaN or Inf and became 0.
        failed_blocks: blocks in which the instrument raised; they are silent.
    """

    def __init__(
        self,
        instrument: LoadedInstrument,
        seed: int = 0,
        threads: int = 1,
        noise: int | None = None,
        backend: str = TORCHSCRIPT,
    ) -> None:
        if threads < 1:
            raise DrawstopError(f"threads must be 1 or more, got {threads}")
        self.instrument = instrument
        self.seed = seed
        self._threads = threads
        self._backend = backend
        self._play: Callable[[torch.Tensor], torch.Tensor] = instrument.module.play
        self._compiled: BackendPlayer | CompiledPlayer | None = None
        self._channels_out = instrument.description.channels_out
        if noise is not None:
            instrument.module.set_noise(noise)
        self._ramp_s: float | None = None
        self._played: deque[Audio] = deque()
        self._start_afresh()

    def prepare(self, block: int) -> None:
        """Warm the instrument up for blocks of this many samples, then reset. Up to seconds."""
        torch.set_num_threads(self._threads)
        if self._backend != TORCHSCRIPT:
            loaded = self.instrument
            self._compiled = compiled(self._backend, loaded.module, loaded.path, block, self._threads)
            self._play = self._compiled.play
        description = self.instrument.description
        silence = np.zeros((description.channels_in + len(description.stops), block), dtype=np.float32)
        ends = [[(each.minimum, each.maximum)[side] for each in description.stops] for side in (0, 1)]
        for values in ([0.0] * len(description.stops), *ends):
            silence[description.channels_in :] = np.array(values)[:, None]
            for _ in range(WARM_UP_BLOCKS):
                self.play(silence)
            self.reset()  # is done by the next block: so it is warm, too
        self.play(silence)
        self.reset()

    def reset(self) -> None:
        """Set caches, random stream and counters back to those of a fresh load. Attributes stay."""
        self.instrument.reset()
        self._start_afresh()

    @property
    def state(self) -> State:
        """A copy of what the next block depends on: caches, ramps, random stream. Raises DrawstopError if that is unknown."""
        tensors = [*self.instrument.state, *(self._compiled.state if self._compiled else [])]
        state = {f"memory {index}": tensor.numpy().copy() for index, tensor in enumerate(tensors)}
        return state | {"random": self._random_state.numpy().copy()}

    @torch.inference_mode()
    def restore(self, state: State) -> None:
        """Go on from this `state`, after `prepare`. Raises DrawstopError for that of another instrument."""
        own = self.instrument.state
        compiled_state = self._compiled.state if self._compiled else []
        new = [torch.from_numpy(state[f"memory {index}"]) for index in range(len(state) - 1)]
        if [each.shape for each in new] != [each.shape for each in (*own, *compiled_state)]:
            raise DrawstopError("this state is of another instrument or backend")
        self.instrument.module.set_reset(0)  # a reset that is asked for would clear it with the next block
        for tensor, value in zip(own, new, strict=False):
            tensor.copy_(value)
        if self._compiled:
            self._compiled.restore(new[len(own) :])
        self._random_state = torch.from_numpy(state["random"])

    def _start_afresh(self) -> None:
        self._random_state = torch.Generator().manual_seed(self.seed).get_state()
        self._played.clear()
        self.replaced_outputs = self.failed_blocks = 0

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Play the next block at once; always True."""
        if ramp_s is not None and ramp_s != self._ramp_s:
            self._ramp_s = ramp_s
            self.instrument.module.set_ramp(ramp_s)
        if reset:
            self._reset_instrument()
        self._played.append(self.play(block))
        return True

    def collect(self) -> Audio | None:
        """The oldest block played and not collected; None if there is none."""
        return self._played.popleft() if self._played else None

    def play(self, block: Audio) -> Audio:
        """Play one block; silence if the instrument fails. Never raises.

        Shape:
            block: `[channels_in + stops, n]`; returns a new array `[channels_out, n]`.
        """
        with self._random_stream(), _denormals_flushed():
            try:
                played = self._called(block)
            except Exception:  # noqa: BLE001 - whatever a script raises, the loudspeakers must get their block
                self.failed_blocks += 1
                self._reset_instrument()
                played = np.zeros((self._channels_out, block.shape[1]), dtype=np.float32)
        replaced = silence_non_finite(played)
        if replaced:  # a NaN in a cache would come back for ever
            self.replaced_outputs += replaced
            self._reset_instrument()
        return played

    def _called(self, block: Audio) -> Audio:
        with torch.inference_mode():
            # A copy: an instrument may keep a view of its input as a cache.
            output = self._play(torch.from_numpy(block[None].copy()))
            played: Audio = np.array(output.numpy()[0], dtype=np.float32)
        if played.shape != (self._channels_out, block.shape[1]):
            raise DrawstopError(f"the instrument returned {list(played.shape)}")
        return played

    def _reset_instrument(self) -> None:
        try:
            self.instrument.reset()
        except Exception:  # noqa: BLE001 - an instrument that can't even reset fails, and is counted, block by block
            return

    @contextmanager
    def _random_stream(self) -> Iterator[None]:
        """Let torch draw from the player's own random stream."""
        shared_state = torch.get_rng_state()
        torch.set_rng_state(self._random_state)
        try:
            yield
        finally:
            self._random_state = torch.get_rng_state()
            torch.set_rng_state(shared_state)


@contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Treat numbers below 1e-38 as 0 in this thread: a decaying cache full of them would play many times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
