"""Reads and edits the output of a MusicGen's layers while it runs, by forward hooks that last for a block.

Key idea: the language model reads a delayed sequence. Its position p holds codebook q of frame p - 1 - q (position 0
holds special tokens only), and its output there decides codebook q of frame p - q. So position p is **frame p - 1** when
we read it (the newest that it has read) and acts at the **time p / frame_rate** when we edit it (the frame whose first
codebook it decides). Position 0 is no frame: it is neither read nor edited.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError

Edit = Callable[[Tensor, Tensor], Tensor]
"""(x `[batch, width, frames]` float32, times in seconds `[frames]` float64 on the CPU) -> x, edited; x itself: no edit."""

EditedRows = Literal["conditional", "all"]
"""Which rows an edit is applied to: those with the prompt, or also the unconditional ones of guidance."""


@dataclass(frozen=True)
class Window:
    """One run of the language model from its start position: a chunk of a long piece, or all of a short one.

    Args:
        first: frame of the piece that the window's frame 0 is.
        frames: number of frames in the window.
    """

    first: int
    frames: int


@dataclass
class Steps:
    """Follows a language model call by call, so that each position of each row is known.

    Args:
        lm: audiocraft's LMModel.
        batch: number of prompts: classifier-free guidance runs two or more copies of them, those with the prompt first.
        frame_rate: hertz.
        windows: the runs to come, in order.
        edits: the edit at each layer that has one.
        read: the layers whose frames are stored, before an edit there.
        rows: which rows are edited. Frames are always those of the prompts' rows.
        two_step: guidance by two calls a step (`two_step_cfg`), the first with the prompt.
    """

    lm: Any
    batch: int
    frame_rate: float
    windows: Sequence[Window]
    edits: Mapping[int, Edit] = field(default_factory=dict)
    read: Sequence[int] = ()
    rows: EditedRows = "conditional"
    two_step: bool = False
    _window: int = 0
    _calls: int = 0
    _next: int = 0
    _first: int = 0
    _length: int = 0
    _with_prompt: bool = True
    _parts: dict[int, list[Tensor]] = field(default_factory=dict)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Attaches the hooks for the block and removes them after it, whatever ends it."""
        layers = self.lm.transformer.layers
        with ExitStack() as hooks:
            for hook in (
                self.lm.condition_provider.register_forward_pre_hook(self._before_conditions),
                self.lm.register_forward_pre_hook(self._before_call),
                *(layers[i].register_forward_hook(self._after(i)) for i in {*self.edits, *self.read}),
            ):
                hooks.callback(hook.remove)
            yield

    def frames(self, layer: int) -> Tensor:
        """The frames that were read at a layer: `[batch, width, frames]`, float32."""
        return torch.cat(self._parts[layer], 1).transpose(1, 2)

    def _before_conditions(self, module: nn.Module, inputs: Any) -> None:
        """Conditions are made once before each window's first call."""
        if self._calls:
            self._window, self._calls, self._next = self._window + 1, 0, 0

    def _before_call(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._with_prompt = not (self.two_step and self._calls % 2)
        self._calls += 1
        if self._with_prompt:
            self._first, self._length = self._next, int(inputs[0].shape[-1])
            self._next += self._length

    def _after(self, layer: int) -> Callable[[nn.Module, Any, Tensor], Tensor | None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
            # A model that is given its conditions as a prefix (melody) has them before the positions.
            begin = output.shape[1] - self._length + (self._first == 0)
            if layer in self.read and self._with_prompt:
                self._store(layer, output[: self.batch, begin:])
            edit = self.edits.get(layer)
            if edit is None or begin == output.shape[1] or not (self._with_prompt or self.rows == "all"):
                return None
            return self._edited(layer, edit, output, begin)

        return hook

    def _store(self, layer: int, output: Tensor) -> None:
        """Stores outputs of positions from 1 whose frames belong to the piece and weren't read in the window before."""
        window, parts = self.windows[self._window], self._parts.setdefault(layer, [])
        frame = max(self._first, 1) - 1
        skip = max(0, sum(part.shape[1] for part in parts) - window.first - frame)
        part = output[:, skip : max(0, window.frames - frame)]
        if part.shape[1] or not parts:
            parts.append(part.float().clone())

    def _edited(self, layer: int, edit: Edit, output: Tensor, begin: int) -> Tensor | None:
        positions = torch.arange(max(self._first, 1), self._first + self._length, dtype=torch.float64)
        seconds = (self.windows[self._window].first + positions) / self.frame_rate
        copies = 1 if self.rows == "conditional" else output.shape[0] // self.batch
        edited = None
        for copy in range(copies):
            rows = slice(copy * self.batch, (copy + 1) * self.batch)
            given = output[rows, begin:].float().transpose(1, 2)
            with torch.autocast(output.device.type, enabled=False):
                x = edit(given, seconds)
            if x is given:
                continue
            if x.shape != given.shape or not bool(torch.isfinite(x).all()):
                raise DrawstopError(
                    f"the edit at layers.{layer} gave {list(x.shape)} or numbers that aren't finite: expected finite "
                    f"frames {list(given.shape)}; find the stop again"
                )
            edited = output.clone() if edited is None else edited
            edited[rows, begin:] = x.transpose(1, 2).to(output.dtype)
        return edited
