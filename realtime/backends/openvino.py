"""OpenVINO's CPU plugin: weights packed once, operations fused, streaming state inside its own runtime.

Needs the extra `openvino` (Apache 2.0).
"""

import importlib
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from realtime.backends.graph import StreamGraph


class OpenVinoSegment:
    """A recorded stretch compiled by OpenVINO.

    Args:
        threads: number of threads that OpenVINO computes with.
        precision: `f32`, or `bf16` where the processor has it: twice as fast, and 40 to 50 dB from the original.

    Raises ImportError where OpenVINO isn't installed.
    """

    def __init__(self, graph: StreamGraph, threads: int = 1, precision: str = "f32") -> None:
        openvino = _openvino()
        model = _convert(openvino, graph)
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
        }
        self._request: Any = _core().compile_model(model, "CPU", settings).create_infer_request()
        self._inputs = [openvino.Tensor(np.zeros(tuple(each.shape), np.float32)) for each in graph.inputs]
        for index, tensor in enumerate(self._inputs):
            self._request.set_input_tensor(index, tensor)
        self._fresh = [state.numpy() for state in graph.states]
        self._tensor = openvino.Tensor
        self.reset()

    def __call__(self, *inputs: Tensor) -> Tensor:
        for buffer, x in zip(self._inputs, inputs, strict=True):
            buffer.data[:] = x.numpy()
        self._request.infer()
        return torch.from_numpy(self._request.get_output_tensor(0).data)

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load."""
        self._set(self._fresh)

    @property
    def state(self) -> list[Tensor]:
        """A copy of the streaming state."""
        found = {_index(each): each.state.data for each in self._request.query_state()}
        return [torch.from_numpy(np.array(found.get(i, fresh))) for i, fresh in enumerate(self._fresh)]

    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from this `state`."""
        self._set([np.ascontiguousarray(each.numpy()) for each in state])

    def _set(self, state: Sequence[npt.NDArray[np.float32]]) -> None:
        for each in self._request.query_state():
            each.state = self._tensor(state[_index(each)])


def _index(state: Any) -> int:
    """The number of a state of the runtime's, in the graph's order."""
    return int(state.name.split("out_")[1])


def _openvino() -> Any:
    """The package, without its telemetry."""
    # A None makes the import of its telemetry fail, and OpenVINO then takes its own stub: nothing is sent anywhere.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")


@lru_cache(maxsize=1)
def _core() -> Any:
    """OpenVINO's runtime, one for as long as the process lives.

    Each runtime gives its thread a stack for signals (the processor's matrix registers need room), and when it ends puts
    back the stack that was there before. Of two runtimes, the first to end takes its stack with it, the second puts just
    that one back, and the next signal ends the process with a segmentation fault.
    """
    return _openvino().Core()


def _convert(openvino: Any, graph: StreamGraph) -> Any:
    """The graph as a model of OpenVINO, with the states inside."""
    inputs = (*graph.inputs, *graph.states)
    first = len(graph.inputs)
    with torch.no_grad():
        traced = torch.jit.trace(graph.module, inputs, check_trace=False)
    model = openvino.convert_model(traced, example_input=inputs)
    model.reshape({index: list(tensor.shape) for index, tensor in enumerate(inputs)})
    pairs = {}
    for index in range(len(graph.states)):
        model.inputs[first + index].get_tensor().set_names({f"in_{index}"})
        model.outputs[index + 1].get_tensor().add_names({f"out_{index}"})
        pairs[f"in_{index}"] = f"out_{index}"
    transform: Any = importlib.import_module("openvino._offline_transformations")
    transform.apply_make_stateful_transformation(model, pairs)
    return model
