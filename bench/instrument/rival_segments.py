"""Segments that lost, kept so that anybody can measure them again: AOTInductor and ONNX Runtime.

AOTInductor needs a C++ compiler; ONNX Runtime the packages onnx and onnxruntime, which Drawstop doesn't depend on.
"""

import importlib
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from realtime.backends.graph import StreamGraph
from realtime.backends.packed import pack


class InductorSegment:
    """A recorded stretch compiled ahead of time by AOTInductor; states go in and come out. `packed`: rewritten first."""

    def __init__(self, graph: StreamGraph, packed: bool = False, threads: int = 1) -> None:
        if shutil.which("g++") is None and shutil.which("clang++") is None:
            raise ImportError("a C++ compiler")
        inductor: Any = importlib.import_module("torch._inductor")
        config: Any = importlib.import_module("torch._inductor.config")
        module = pack(graph) if packed else graph.module
        self._fresh, self._states = graph.states, [state.clone() for state in graph.states]
        with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
            program = torch.export.export(module, (*graph.inputs, *graph.states), strict=False)
            with config.patch({"freezing": True, "cpp.threads": threads}):
                path = inductor.aoti_compile_and_package(program, package_path=str(Path(folder) / "s.pt2"))
            self._run = inductor.aoti_load_package(path)

    def __call__(self, *inputs: Tensor) -> Tensor:
        y: Tensor
        y, *new = self._run(*inputs, *self._states)
        self._states = [state.clone() for state in new]  # the next run would write over them
        return y

    def reset(self) -> None:
        """As freshly made."""
        self._states = [state.clone() for state in self._fresh]


class OnnxSegment:
    """A recorded stretch in ONNX Runtime, its states bound to two sets of buffers that change places every block.

    `eight_bits`: the rewritten graph's matrices as int8 per column, quantised as they run.
    """

    def __init__(self, graph: StreamGraph, eight_bits: bool = False, threads: int = 1) -> None:
        runtime: Any = importlib.import_module("onnxruntime")
        settings = runtime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 3
        content = _quantised(graph) if eight_bits else _onnx(graph, graph.module)
        session = runtime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
        value = runtime.OrtValue.ortvalue_from_numpy
        self._fresh = [np.ascontiguousarray(state.numpy()) for state in graph.states]
        self._inputs = [np.zeros(tuple(each.shape), np.float32) for each in graph.inputs]
        sets = [[value(state.copy()) for state in self._fresh] for _ in range(2)]
        self._session, self._sets, self._turn = session, sets, 0
        self._bindings = [_binding(session, self._inputs, sets[i], sets[1 - i], value) for i in range(2)]

    def __call__(self, *inputs: Tensor) -> Tensor:
        binding, own = self._bindings[self._turn]
        for value, given in zip(own, inputs, strict=True):
            value.update_inplace(np.ascontiguousarray(given.numpy()))
        self._session.run_with_iobinding(binding)
        self._turn = 1 - self._turn
        return torch.from_numpy(binding.get_outputs()[0].numpy())

    def reset(self) -> None:
        """As freshly made."""
        for values in self._sets:
            for value, state in zip(values, self._fresh, strict=True):
                value.update_inplace(state)


def _binding(
    session: Any, inputs: list[Any], taken: list[Any], given: list[Any], value: Any
) -> tuple[Any, list[Any]]:
    binding = session.io_binding()
    own = [value(each) for each in inputs]
    known = {meta.name for meta in session.get_inputs()}  # without what the graph takes and doesn't use
    for index, each in enumerate([*own, *taken]):
        if f"in_{index}" in known:
            binding.bind_ortvalue_input(f"in_{index}", each)
    first, *rest = session.get_outputs()
    binding.bind_output(first.name)
    for meta, each in zip(rest, given, strict=True):
        binding.bind_ortvalue_output(meta.name, each)
    return binding, own


def _onnx(graph: StreamGraph, module: torch.nn.Module) -> bytes:
    importlib.import_module("onnx")
    inputs = (*graph.inputs, *graph.states)
    content = io.BytesIO()
    with torch.no_grad():
        traced: Any = torch.jit.trace(module, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        names = [f"in_{index}" for index in range(len(inputs))]
        outs = [f"out_{index}" for index in range(len(graph.states) + 1)]
        export: Any = torch.onnx.export  # its annotation leaves out that it writes into streams too
        export(traced, inputs, content, input_names=names, output_names=outs, opset_version=17, dynamo=False)
    return content.getvalue()


def _quantised(graph: StreamGraph) -> bytes:
    tools: Any = importlib.import_module("onnxruntime.quantization")
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        whole.write_bytes(_onnx(graph, pack(graph)))
        tools.quantize_dynamic(
            whole, small, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=tools.QuantType.QInt8
        )
        return small.read_bytes()
