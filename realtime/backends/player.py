"""An instrument played block by block, its RAVE computed by a backend and its stops by their own TorchScript.

The RAVE is cut where something else acts: at a layer that stops edit, at the latent, before a noise synthesiser.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from realtime.backends.record import record
from realtime.backends.segment import Compiler, Segment

WARM_UP_BLOCKS = 3
"""TorchScript profiles a method in its first two calls, up to a second each."""

_Step = Callable[[Tensor], Tensor]
_Edit = Callable[[Tensor, Tensor, Tensor], Tensor]
_Steps = list[tuple[Segment, _Edit | None]]  # each with the edit that follows it


class BackendPlayer:
    """Does what `play` of a loaded instrument does, for one voice and blocks of one length.

    Stops, ramp, bypass, noise and reset are set on the instrument, as ever. Nothing else may play it.

    Args:
        instrument: as `torch.jit.load` gives it; it is reset.
        compiler: makes a segment of a recorded graph, such as `PackedSegment`.
        with_edits: let the backend compute the stops' edits too, instead of their own TorchScript.
        block: samples played at once, a multiple of the instrument's ratio.

    Raises ValueError for a block that is no such multiple.
    """

    def __init__(
        self,
        instrument: torch.jit.ScriptModule,
        compiler: Compiler,
        block: int = 2048,
        with_edits: bool = True,
    ) -> None:
        self._instrument: Any = instrument
        self._core: Any = self._instrument.core
        self._channels, self._stops = int(self._instrument.channels), int(self._instrument.n_stops)
        self._ratio, self._limit = int(self._instrument.ratio), float(self._instrument.input_limit)
        if block < 1 or block % self._ratio:
            raise ValueError(f"the block must be a multiple of {self._ratio} samples, got {block}")
        self.block = block
        self._compiler, self._with_edits = compiler, with_edits
        self._segments: list[Segment] = []
        self._caches = [
            buffer for name, buffer in self._instrument.named_buffers() if name.endswith((".pad", ".cache"))
        ]
        with torch.no_grad():
            self._clear_caches()
            self._cut()
        silence = torch.zeros(1, self._channels + self._stops, block)
        for _ in range(WARM_UP_BLOCKS):
            self.play(silence)
        self.reset()

    @torch.inference_mode()
    def play(self, x: Tensor | npt.NDArray[np.float32]) -> Tensor:
        """Play the next block. `[1, channels + stops, block]` -> `[1, channels, block]`; ValueError for another shape."""
        x = checked_block(x, self._channels + self._stops, self.block)
        if self._instrument.get_reset()[0]:
            self.reset()
        random = bool(self._instrument.get_noise()[0])
        before, values = self._instrument._values(knob_frames(x[:, self._channels :], self._ratio))
        h = _through(self._encoder, cleaned(x[:, : self._channels], self._limit), before, values)
        z = self._latent_edit(self._core.latents(h, random), before, values)
        y = _through(self._decoder, self._core.decoder_input(z, random), before, values)
        if self._audio is not None:
            y = self._audio(self._core.tail(y, random))
        return cleaned(y, self._limit)

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load; attributes stay as set."""
        with torch.inference_mode():
            self._clear_caches()
        for segment in self._segments:
            segment.reset()

    @property
    def state(self) -> list[Tensor]:
        """A copy of the segments' streaming state; the rest of the instrument's is its own."""
        return [tensor for segment in self._segments for tensor in segment.state]

    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from this `state`."""
        left = list(state)
        for segment in self._segments:
            count = len(segment.state)
            segment.restore(left[:count])
            left = left[count:]

    def _clear_caches(self) -> None:
        self._instrument.set_reset(1)
        self._instrument._clear_if_asked()

    def _cut(self) -> None:
        instrument, core = self._instrument, self._core
        noise = torch.Generator().manual_seed(0)
        sound = 0.1 * torch.randn(1, self._channels, self.block, generator=noise)
        self._encoder, h = self._side(sound, [core.bands], core.encoder_layers, instrument.encoder_edits, [])
        z = core.latents(h, False)
        self._latent_edit = self._edit(instrument.latent_edit, z)
        x = core.decoder_input(z, False)
        draws = bool(core.tail.has_noise)  # then the tail stays TorchScript, and so does its noise
        end = [] if draws else [lambda y: core.tail(y, False), core.audio]
        self._decoder, y = self._side(x, [], core.decoder_layers, instrument.decoder_edits, end)
        self._audio = self._segment([core.audio], core.tail(y, False)) if draws else None
        self._clear_caches()

    def _side(
        self, x: Tensor, first: Sequence[_Step], layers: Any, edits: Any, last: Sequence[_Step]
    ) -> tuple[_Steps, Tensor]:
        """The segments of the encoder or decoder and the edits between them, with what comes out of an example."""
        steps: _Steps = []
        run = list(first)
        for layer, edit in zip(layers.children(), edits.children(), strict=True):
            run.append(layer)
            if any(True for _ in edit.edits.children()):
                segment = self._segment(run, x)
                x = _example(segment, x)
                steps.append((segment, self._edit(edit, x)))
                run = []
        run += last
        if run:
            segment = self._segment(run, x)
            x = _example(segment, x)
            steps.append((segment, None))
        return steps, x

    def _segment(self, run: Sequence[_Step], example: Tensor) -> Segment:
        steps = tuple(run)
        segment = self._compiler(record(lambda x: _chain(steps, x), (example,), self._caches))
        self._segments.append(segment)
        return segment

    def _edit(self, edit: Any, x: Tensor) -> _Edit:
        """The edit of a site, computed by the backend unless `with_edits` is False."""
        banks = list(edit.edits.children())
        separated = any(
            hasattr(bank.steering, "separator") for bank in banks
        )  # its loops depend on the block
        if not self._with_edits or not banks or separated:
            torchscript: _Edit = edit
            return torchscript
        gated = any(True for bank in banks for _ in bank.steering.claims.children())
        values = torch.zeros(1, self._stops, self.block // self._ratio)
        # The edit's branches leave out stops that stand at 0, which add 0 when they are computed.
        segment = self._compiler(record(edit, (x, values[..., 0], values), self._caches, branches=True))
        self._segments.append(segment)

        def moving(x: Tensor, before: Tensor, values: Tensor) -> Tensor:
            at_rest = not gated and not bool(values.any()) and not bool(before.any())
            return x if at_rest else segment(x, before, values)

        return moving


def checked_block(x: Tensor | npt.NDArray[np.float32], lines: int, block: int) -> Tensor:
    """A block as a tensor. `[1, lines, block]`; ValueError for another shape."""
    x = torch.as_tensor(x)
    if x.shape != (1, lines, block):
        raise ValueError(f"expected [1, {lines}, {block}], got {list(x.shape)}")
    return x


def knob_frames(signals: Tensor, ratio: int) -> Tensor:
    """A value per latent frame, as the instrument's `play` takes it. `[1, stops, samples]` -> `[1, stops, frames]`."""
    grouped = cleaned(signals, 1.0).reshape(1, signals.shape[1], -1, ratio)
    still = (grouped == grouped[..., :1]).all(-1)
    return torch.where(still, grouped[..., 0], grouped.mean(-1))


def _chain(steps: Sequence[_Step], x: Tensor) -> Tensor:
    for step in steps:
        x = step(x)
    return x


def _through(steps: _Steps, x: Tensor, before: Tensor, values: Tensor) -> Tensor:
    for segment, edit in steps:
        x = segment(x)
        if edit is not None:
            x = edit(x, before, values)
    return x


def _example(segment: Segment, x: Tensor) -> Tensor:
    y = segment(x).clone()
    segment.reset()
    return y


def cleaned(x: Tensor, limit: float) -> Tensor:
    """x with 0 for every number that is not finite, and the rest clamped to +-limit."""
    return torch.where(torch.isfinite(x), x, torch.zeros_like(x)).clamp(-limit, limit)
