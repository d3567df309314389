"""An instrument's setters and getters: one pair per stop, so their source must be generated, then compiled."""

import itertools
import linecache
from types import MethodType
from typing import Any

import torch
from torch import nn

_source_numbers = itertools.count()


def add_methods(module: nn.Module, source: str) -> None:
    """Compile methods from source and add them to a module; TorchScript reads their text back through linecache."""
    filename = f"<drawstop instrument {next(_source_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"torch": torch, "Tuple": tuple}
    exec(compile(source, filename, "exec"), namespace)
    for name, function in namespace.items():
        if name.startswith(("set_", "get_")):
            setattr(module, name, MethodType(function, module))


def stop_source(slugs: list[str], limits: list[tuple[float, float]]) -> str:
    """TorchScript source of each stop's setter, which keeps values within the stop's limits, and getter.

    Values are plain numbers in a list: a tensor could not be written in place, since what a processing method leaves
    behind is an inference tensor.
    """
    lines = []
    for index, (slug, (low, high)) in enumerate(zip(slugs, limits, strict=True)):
        lines += [
            "@torch.jit.export",
            f"def set_{slug}(self, value: float) -> int:",
            "    if value >= 0.0 or value < 0.0:  # false for NaN, which changes nothing",
            f"        self.knobs[{index}] = min(max(value, {low!r}), {high!r})",
            "    return 0",
            "@torch.jit.export",
            f"def get_{slug}(self) -> Tuple[float]:",
            f"    return (self.knobs[{index}],)",
        ]
    return "\n".join(lines) + "\n"


def switch_source(name: str) -> str:
    """TorchScript source of the setter and getter of an int attribute."""
    return (
        f"@torch.jit.export\ndef set_{name}(self, value: int) -> int:\n    self.{name} = (value,)\n    "
        f"return 0\n"
        f"@torch.jit.export\ndef get_{name}(self) -> Tuple[int]:\n    return self.{name}\n"
    )
