"""The backends by their names."""

import importlib.util
from functools import partial
from typing import TYPE_CHECKING

from drawstop.errors import DrawstopError

if TYPE_CHECKING:
    import torch

    from realtime.backends.player import BackendPlayer

TORCHSCRIPT, PACKED, OPENVINO = "torchscript", "packed", "openvino"
BACKENDS = (TORCHSCRIPT, PACKED, OPENVINO)


def check_backend(name: str) -> None:
    """Refuse a backend that doesn't exist or isn't installed. Raises DrawstopError."""
    if name not in BACKENDS:
        raise DrawstopError(f"--backend takes one of {', '.join(BACKENDS)}, got {name!r}")
    if name == OPENVINO and importlib.util.find_spec("openvino") is None:
        raise DrawstopError(
            "--backend openvino needs the package openvino; add the extra that brings it: uv sync --extra openvino"
        )


def compiled(name: str, module: "torch.jit.ScriptModule", block: int, threads: int) -> "BackendPlayer":
    """A loaded instrument, computed by another backend for blocks of one length. Takes seconds."""
    from realtime.backends.openvino import OpenVinoSegment
    from realtime.backends.packed import PackedSegment
    from realtime.backends.player import BackendPlayer

    compiler = partial(OpenVinoSegment, threads=threads) if name == OPENVINO else PackedSegment
    return BackendPlayer(module, compiler, block)
