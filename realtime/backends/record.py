"""Records a stretch of TorchScript as a graph of aten operations whose streaming state goes in and comes out.

Key idea: TorchScript's interpreter calls every operation through torch's dispatcher, where a mode can write it down; so
whatever the file holds (v1, v2, v3, raspberry, anybody's own) becomes one straight list of operations for one block length.
The caches are tensors that this list reads and overwrites; torch's functionalisation turns them into inputs and outputs.
"""

import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from realtime.backends.graph import StreamGraph, aten
from realtime.backends.simplify import simplify


def _scaled(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """A batch norm in eval mode as a scale and a shift, which are constants."""
    if training:
        raise ValueError("expected an instrument in eval mode, but its batch norms are training")
    scale = torch.rsqrt(variance + eps)
    scale = scale if weight is None else scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    shape = [1, -1, *[1] * (x.dim() - 2)]
    return x * scale.reshape(shape) + shift.reshape(shape), mean, variance


_SIMPLER = {aten.native_batch_norm.default: _scaled}


@torch.no_grad()
def record(
    call: Callable[..., Tensor],
    inputs: tuple[Tensor, ...],
    caches: Sequence[Tensor],
    branches: bool | None = None,
    numbers: list[float] | None = None,
) -> StreamGraph:
    """Record the operations that `call` does with inputs of these shapes; `caches` keep their values.

    Args:
        branches: the value to assume for every condition that depends on data; `nonzero` then returns all indices.
            Correct only where a branch skips work that would change nothing.
        numbers: receives the numbers that the code reads from tensors; they become constants of the graph.

    Raises ValueError for a call that draws random numbers, that branches on data without `branches`, or that reads numbers
    from tensors without `numbers`.
    """
    fresh = [cache.clone() for cache in caches]
    recorder = _Recorder(inputs, caches, branches, numbers)
    try:
        with _unoptimised(), recorder:
            output = call(*inputs)
    except (
        RuntimeError,
        ValueError,
    ) as error:  # TorchScript makes a RuntimeError of whatever is raised inside
        if recorder.refusal:
            raise ValueError(recorder.refusal) from error
        raise
    for cache, saved in zip(caches, fresh, strict=True):
        cache.copy_(saved)
    recorder.graph.output(recorder.nodes[id(output)])
    raw = fx.GraphModule(recorder.root, recorder.graph)
    taken = [node for node in raw.graph.nodes if node.op == "placeholder"][len(inputs) :]
    states = tuple(
        state[: _used_rows(node, state)].clone() for node, state in zip(taken, recorder.states, strict=True)
    )
    functional: Any = functionalize(raw, remove="mutations_and_views")
    module = make_fx(functional, _SIMPLER)(*inputs, *(state.clone() for state in states))
    graph = StreamGraph(module, inputs, states, tuple(recorder.places))
    _return_states(module.graph, len(inputs))
    simplify(graph)
    return graph


def _unoptimised() -> AbstractContextManager[None]:
    # the optimiser fuses and specialises: neither helps a single run
    context: AbstractContextManager[None] = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    return context


class _Recorder(TorchDispatchMode):
    """Writes down every operation. Tensors that no operation made are weights, or states if they are caches."""

    def __init__(
        self,
        inputs: Sequence[Tensor],
        caches: Sequence[Tensor],
        branches: bool | None,
        numbers: list[float] | None,
    ) -> None:
        super().__init__()
        self._branches, self._numbers = branches, numbers
        self.refusal = ""
        self.graph = fx.Graph()
        self.root = nn.Module()
        self.states: list[Tensor] = []
        self.places: list[int] = []
        self.nodes: dict[int, fx.Node] = {}
        self._alive: list[Tensor] = []  # so that no id is given twice
        self._caches = {
            cache.data_ptr(): (place, cache) for place, cache in enumerate(caches) if cache.numel()
        }
        for index, each in enumerate(inputs):
            self._last_input = self.graph.placeholder(f"input_{index}")
            self._bind(each, self._last_input)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if torch.Tag.nondeterministic_seeded in func.tags:
            self._refuse(f"expected a deterministic computation, but it calls {func}")
        if func is aten._local_scalar_dense.default:
            return self._number(args[0])
        if func is aten.nonzero.default and self._branches is not None:
            args = (torch.ones_like(args[0]),)
        kwargs = kwargs or {}
        node = self.graph.call_function(func, tree_map(self._node, args), tree_map(self._node, kwargs))
        result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            if id(result) not in self.nodes:  # what writes in place gives its argument back
                self._bind(result, node)
        elif isinstance(result, tuple | list):
            for index, item in enumerate(result):
                if isinstance(item, Tensor):
                    self._bind(item, self.graph.call_function(operator.getitem, (node, index)))
        return result

    def _number(self, tensor: Tensor) -> Any:
        """The number in a tensor whose value the code asks for: refused unless it is a model's own flag."""
        node = self.nodes.get(id(tensor))
        if (node is None or node.op == "get_attr") and not self._is_cache(tensor):
            return aten._local_scalar_dense.default(tensor)
        if tensor.dtype == torch.bool and self._branches is not None:
            return self._branches
        if tensor.dtype == torch.bool or self._numbers is None:
            self._refuse("expected a computation that doesn't branch on its data")
            return None
        number = aten._local_scalar_dense.default(tensor)
        self._numbers.append(number)
        return number

    def _refuse(self, reason: str) -> None:
        self.refusal = reason
        raise ValueError(reason)

    def _bind(self, tensor: Tensor, node: fx.Node) -> None:
        self.nodes[id(tensor)] = node
        self._alive.append(tensor)

    def _node(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) not in self.nodes:
            self._bind(value, self._state(value) if self._is_cache(value) else self._weight(value))
        return self.nodes[id(value)]

    def _is_cache(self, tensor: Tensor) -> bool:
        found = self._caches.get(tensor.data_ptr())
        return tensor.numel() > 0 and found is not None and found[1].shape == tensor.shape

    def _state(self, tensor: Tensor) -> fx.Node:
        with self.graph.inserting_after(self._last_input):
            self._last_input = self.graph.placeholder(f"state_{len(self.states)}")
        self.states.append(tensor)
        self.places.append(self._caches[tensor.data_ptr()][0])
        return self._last_input

    def _weight(self, tensor: Tensor) -> fx.Node:
        name = f"weight_{len(self._alive)}"
        self.root.register_buffer(name, tensor.detach())
        return self.graph.get_attr(name)


def _used_rows(node: fx.Node, cache: Tensor) -> int:
    """How many streams of a cache are in use: the graph reads only `cache[:streams]` and `cache[stream]`."""
    rows = 1
    for user in node.users:
        if user.target is aten.select.int and user.args[1] == 0:
            rows = max(rows, int(user.args[2]) + 1)  # type: ignore[arg-type]
            continue
        if user.target is not aten.slice.Tensor or user.args[1] != 0:
            return cache.shape[0]
        rows = max(rows, int(user.args[3]))  # type: ignore[arg-type]
    return rows


def _return_states(graph: fx.Graph, inputs_count: int) -> None:
    """Turn what functionalisation leaves as copies into the inputs into outputs."""
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    output = next(node for node in graph.nodes if node.op == "output")
    new = {node: node for node in inputs}
    for node in list(graph.nodes):
        if node.target is aten.copy_.default and node.args[0] in new:
            new[node.args[0]] = node.args[1]
            node.replace_all_uses_with(node.args[1])
            graph.erase_node(node)
    output.args = ((output.args[0], *(new[state] for state in inputs[inputs_count:])),)
