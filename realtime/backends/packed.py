"""TorchScript whose convolutions over few frames are matrix products, with weights laid out for them.

Key idea: torch computes a convolution of one voice as `weights @ columns`. With one to eight columns that is no matrix
product but a walk through the weights, and it runs at an eighth of the memory's speed; `rows @ weights`, the weights
stored transposed, reads them as they lie. Nothing is compiled: torch alone is needed.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from realtime.backends.graph import StreamGraph, aten

FEW_FRAMES = 16
"""Above that, torch's own convolution is as fast or faster."""


class PackedSegment:
    """A recorded stretch as a traced module with packed weights.

    Args:
        half: store the packed weights of layers with one or two frames in 16 bits; they compute with 16 bits in and out.
    """

    def __init__(self, graph: StreamGraph, half: bool = False) -> None:
        self._states = [state.clone() for state in graph.states]
        self._module = _Streaming(pack(graph, half), graph.states).eval()
        with torch.no_grad():
            traced: Any = torch.jit.trace(self._module, graph.inputs, check_trace=False)
        self._play = traced
        self.reset()

    def __call__(self, *inputs: Tensor) -> Tensor:
        y: Tensor = self._play(*inputs)
        return y

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load."""
        self.restore(self._states)

    @property
    def state(self) -> list[Tensor]:
        """A copy of the streaming state."""
        return [self._play.get_buffer(f"state_{index}").clone() for index in range(len(self._states))]

    @torch.no_grad()
    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from this `state`."""
        for index, each in enumerate(state):
            self._play.get_buffer(f"state_{index}").copy_(each)


class _Streaming(nn.Module):
    """A graph with its states in buffers."""

    def __init__(self, graph: fx.GraphModule, states: tuple[Tensor, ...]) -> None:
        super().__init__()
        self.graph = graph
        self.count = len(states)
        for index, state in enumerate(states):
            self.register_buffer(f"state_{index}", state.clone())

    def forward(self, *inputs: Tensor) -> Tensor:
        states = [self.get_buffer(f"state_{index}") for index in range(self.count)]
        y, *new = self.graph(*inputs, *states)
        for state, value in zip(states, new, strict=True):
            state.copy_(value)
        result: Tensor = y.contiguous()  # random numbers drawn "like" it fill memory in its order
        return result


def pack(graph: StreamGraph, half: bool = False) -> fx.GraphModule:
    """The graph's module with its convolutions of few frames rewritten."""
    module = fx.GraphModule(graph.module, copy.deepcopy(graph.module.graph))
    values = {node.name: node.meta.get("value") for node in graph.module.graph.nodes}
    for node in list(module.graph.nodes):
        if node.target is aten.convolution.default:
            _rewrite(module, node, values, half)
    module.graph.eliminate_dead_code()
    for name in [name for name, _ in module.named_buffers() if not _is_used(module, name)]:
        delattr(module, name)
    module.recompile()
    return module


def _rewrite(module: fx.GraphModule, node: fx.Node, values: dict[str, Any], half: bool) -> None:
    """Replace a convolution by a product, if that is faster."""
    arguments: tuple[Any, ...] = node.args
    x, weight, bias, (stride, *_), padding, (dilation, *_), transposed, output_padding, groups = arguments
    sound, kernel = values[x.name], values[weight.name]
    frames = sound.shape[-1] if transposed else values[node.name].shape[-1]
    plain = kernel.dim() == 3 and groups == 1 and sound.shape[0] == 1 and padding == [0]
    if not plain or weight.op != "get_attr" or frames > FEW_FRAMES:
        return
    taps = kernel.shape[2]
    if transposed and (taps % stride or dilation != 1 or output_padding != [0]):
        return
    call: Callable[..., Tensor] = _spread if transposed else _gather
    shape: tuple[int, ...] = (kernel.shape[1], stride) if transposed else (taps, stride, dilation, frames)
    packed = kernel.permute(0, 2, 1).flatten(1) if transposed else kernel.permute(2, 1, 0).flatten(0, 1)
    name = f"packed_{node.name}"
    small = half and frames <= 2
    module.register_buffer(name, packed.t().contiguous().half() if small else packed.contiguous())
    with module.graph.inserting_before(node):
        product = module.graph.call_function(call, (x, module.graph.get_attr(name), bias, *shape))
    node.replace_all_uses_with(product)


def _is_used(module: fx.GraphModule, name: str) -> bool:
    return any(node.op == "get_attr" and node.target == name for node in module.graph.nodes)


def _product(rows: Tensor, weights: Tensor) -> Tensor:
    """`[frames, in]`, `[in, out]` (16 bits: `[out, in]`) -> `[frames, out]`."""
    if weights.dtype == torch.float16:
        each = rows.half().unbind(0)
        return torch.stack([torch.mv(weights, row) for row in each]).float()
    return torch.matmul(rows, weights)


def _gather(
    x: Tensor, weights: Tensor, bias: Tensor | None, kernel: int, stride: int, dilation: int, frames: int
) -> Tensor:
    """A convolution. `[1, in, frames in]`, `[kernel * in, out]` -> `[1, out, frames]`."""
    rows = x[0].t()
    last = (frames - 1) * stride + 1
    taps = [rows[tap * dilation : tap * dilation + last : stride] for tap in range(kernel)]
    y = _product(torch.cat(taps, 1) if kernel > 1 else taps[0], weights)
    if bias is not None:
        y = y + bias
    return y.t().unsqueeze(0)


def _spread(x: Tensor, weights: Tensor, bias: Tensor | None, out: int, stride: int) -> Tensor:
    """A transposed convolution whose kernel is a whole number of strides. `[1, in, frames]`, `[in, kernel * out]` ->
    `[1, out, frames * stride + kernel - stride]`."""
    parts = _product(x[0].t(), weights).unflatten(1, (-1, stride * out))
    pieces = parts.shape[1]
    y = nn.functional.pad(parts[:, 0], (0, 0, 0, pieces - 1))
    for piece in range(1, pieces):
        y = y + nn.functional.pad(parts[:, piece], (0, 0, piece, pieces - 1 - piece))
    y = y.reshape(-1, out)
    if bias is not None:
        y = y + bias
    return y.t().unsqueeze(0)
