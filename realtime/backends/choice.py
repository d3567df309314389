"""The backends by their names."""

import importlib.util
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from drawstop.errors import DrawstopError
from drawstop.front.extras import how_to_add

if TYPE_CHECKING:
    import torch

    from realtime.backends.aotinductor import CompiledPlayer
    from realtime.backends.player import BackendPlayer

TORCHSCRIPT, PACKED, OPENVINO, AOTINDUCTOR = "torchscript", "packed", "openvino", "aotinductor"
BACKENDS = (TORCHSCRIPT, PACKED, OPENVINO, AOTINDUCTOR)


def check_backend(name: str) -> None:
    """Refuse a backend that doesn't exist or isn't installed. Raises DrawstopError."""
    if name not in BACKENDS:
        raise DrawstopError(f"--backend takes one of {', '.join(BACKENDS)}, got {name!r}")
    if name == OPENVINO and importlib.util.find_spec("openvino") is None:
        raise DrawstopError(
            f"--backend openvino needs the package openvino; add the extra that brings it: {how_to_add('openvino')}"
        )


def check_compiled(name: str, instrument: Path, block: int | None) -> None:
    """Refuse the backend `aotinductor` where no file is compiled for this instrument and block. Raises DrawstopError."""
    if name != AOTINDUCTOR:
        return
    if block is None:
        raise DrawstopError(
            f"--backend {AOTINDUCTOR} plays blocks of the length that it was compiled for: give --block too"
        )
    from realtime.backends.aotinductor import check_package, package_path

    check_package(package_path(instrument, block), instrument, block)


def compiled(
    name: str, module: "torch.jit.ScriptModule", file: Path | None, block: int, threads: int
) -> "BackendPlayer | CompiledPlayer":
    """A loaded instrument, computed by another backend for blocks of one length. Takes seconds.

    Args:
        file: the instrument's, beside which `aotinductor` looks for its own.

    Raises DrawstopError where that file isn't there, or is another's.
    """
    from realtime.backends.openvino import OpenVinoSegment
    from realtime.backends.packed import PackedSegment
    from realtime.backends.player import BackendPlayer

    if name == AOTINDUCTOR:
        from realtime.backends.aotinductor import load_package, package_path

        if file is None:
            raise DrawstopError(f"the backend {AOTINDUCTOR} needs an instrument that was loaded from a file")
        return load_package(package_path(file, block), file, module, block)
    compiler = partial(OpenVinoSegment, threads=threads) if name == OPENVINO else PackedSegment
    return BackendPlayer(module, compiler, block)
