"""A stretch of TorchScript as a graph of aten operations: one block's computing without side effects."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

aten = torch.ops.aten


@dataclass(frozen=True)
class StreamGraph:
    """One block's computing without side effects.

    Attributes:
        module: `(*inputs, *states) -> (y, *new states)`; every node's `meta["value"]` is an example of its result.
        inputs: examples of the right shapes.
        states: the streaming state of a fresh load, for one voice.
        places: each state's place among the caches that were given to `record`.
    """

    module: fx.GraphModule
    inputs: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    places: tuple[int, ...] = ()


def write_values(graph: StreamGraph) -> None:
    """Write an example of each node's result to its `meta`."""
    graph.module.recompile()
    with torch.no_grad():
        _Values(graph.module).run(*graph.inputs, *graph.states)


class _Values(fx.Interpreter):
    """Runs a graph and stores each result with its node."""

    def run_node(self, n: fx.Node) -> Any:
        n.meta["value"] = super().run_node(n)
        return n.meta["value"]
