"""An imitation of one nn~ box: the calls that the external for Max and Pure Data makes, buffer by buffer (nn~ 1.6).

Key idea: proof without Max or Pd. Whatever nn~ would do to an instrument, good or bad, happens here too: attributes as text,
the last sample of each group, a new thread per buffer, inference mode, the last good buffer again after a failure. What nn~
would print in its console is collected in `errors`.
"""

import threading
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError

BOOL, INT, FLOAT, STRING = 0, 1, 2, 3
"""Type codes in `<attribute>_params`."""
MULTIPLE = 64
DEFAULT_BUFFER = 4096
FAILURES = (RuntimeError, torch.jit.Error)
"""Exceptions of a scripted method: those of torch's operators, and its own `raise`."""
GARBAGE_SAMPLE_RATE = -1073741824
"""nn~ passes an uninitialised number; any will do."""


class NnTildeHost:
    """One `[nn~ file method buffer]` box; each loads the instrument anew.

    Args:
        path: the `.ts`.
        method: the method that the box plays.
        buffer: the size asked for; 0 asks for none, as `[nn~ file method 0]` does.
        voices: the channels of `mc.nn~`, which are the batch dimension.
        optimise: whether torch's optimiser runs, as in nn~; it takes a second or two for each method.
        loaded: the file as it was read, for this box alone; without it, the box reads it.

    Attributes:
        buffer: samples per call, after nn~'s own rules.
        errors: the lines that the console would show.

    Raises:
        DrawstopError: nn~ couldn't make this box: no such method, or a ratio that isn't a power of two.
    """

    def __init__(
        self,
        path: Path,
        method: str = "forward",
        buffer: int = DEFAULT_BUFFER,
        voices: int = 1,
        optimise: bool = True,
        loaded: torch.jit.ScriptModule | None = None,
    ) -> None:
        self.module: Any = torch.jit.load(str(path)) if loaded is None else loaded
        methods = self._names("get_methods", path)
        self.module.eval()
        self.module.to("cpu")
        self.attributes = [name for name in self._names("get_attributes", path) if name != "none"]
        if method not in methods:
            raise DrawstopError(f"nn~ finds no method {method} in {path}: it has {', '.join(methods)}")
        self.method, self.voices, self.optimise = method, voices, optimise
        self._largest = max(self._ratios(name) for name in methods)
        self.errors: list[str] = []
        self._lock = threading.Lock()
        self.bufsize(buffer)

    @property
    def delay_samples(self) -> int:
        """How far a threaded box lags behind its input; the instrument's own delay comes on top."""
        return 2 * self.buffer - MULTIPLE

    @property
    def inlets(self) -> int:
        """Signal inlets."""
        return self._parameters()[0]

    def bufsize(self, buffer: int) -> None:
        """The message `bufsize N`: at least the largest ratio of all methods, and a power of two."""
        self.buffer = max(MULTIPLE, 1 << (max(buffer, self._largest) - 1).bit_length())
        self._last_good = torch.zeros(self.voices, self._parameters()[2], self.buffer)

    def perform(self, block: Tensor) -> Tensor:
        """One buffer. `[voices, inlets, buffer]` -> `[voices, outlets, buffer]`; after a failure, the last good one again."""
        inlets, in_ratio, outlets, out_ratio = self._parameters()
        if block.shape != (self.voices, inlets, self.buffer):
            raise ValueError(f"expected {[self.voices, inlets, self.buffer]}, got {list(block.shape)}")
        groups = block.reshape(self.voices, inlets, self.buffer // in_ratio, in_ratio)
        played = self._in_a_thread(groups[..., -1])  # the last of each group: a view, not contiguous
        if played is None:
            return self._last_good
        if played.dtype != torch.float32:
            self.errors.append(f"{self.method}: expected float32, got {played.dtype}")
            return torch.zeros(self.voices, outlets, self.buffer)
        out = played.repeat_interleave(out_ratio, -1)
        if out.shape != (self.voices, outlets, self.buffer):
            self.errors.append(
                f"{self.method}: expected {[self.voices, outlets, self.buffer]}, got {list(out.shape)}"
            )
            return torch.zeros(self.voices, outlets, self.buffer)
        self._last_good = out.clone()
        return out.clone()

    def set(self, name: str, *values: float | str) -> None:
        """The message `set name values`, as Pd sends it: numbers as text with six decimals."""
        codes = self._codes(name)
        if codes is None or len(codes) != len(values):
            problem = (
                "no such attribute" if codes is None else f"expected {len(codes)} values, got {len(values)}"
            )
            self.errors.append(f"set {name}: {problem}")
            return
        atoms = [value if isinstance(value, str) else f"{value:f}" for value in values]
        try:
            with torch.enable_grad(), self._lock:
                code = getattr(self.module, f"set_{name}")(*map(_read, codes, atoms))
        except FAILURES as error:
            self.errors.append(f"set {name}: {_last_line(error)}")
            return
        if not isinstance(code, int) or isinstance(code, bool) or code != 0:
            self.errors.append(f"set {name}: returned {code!r}")

    def get(self, name: str) -> tuple[Any, ...] | None:
        """Max's `get name`; None, with an error, where nn~ couldn't read the answer."""
        with torch.enable_grad(), self._lock:
            value = getattr(self.module, f"get_{name}")()
        if not isinstance(value, list | tuple):
            self.errors.append(f"get {name}: expected a list, got {type(value).__name__}")
            return None
        return tuple(value)

    def reload(self) -> None:
        """The calls that the message `reload` makes after the file is loaded again."""
        with torch.enable_grad():
            self.module.get_buffer_attributes()
            self.module.set_sample_rate(GARBAGE_SAMPLE_RATE)

    def _in_a_thread(self, block: Tensor) -> Tensor | None:
        results: list[Tensor] = []

        def work() -> None:
            try:
                optimiser = torch.jit.optimized_execution(self.optimise)  # type: ignore[attr-defined]
                with optimiser, torch.inference_mode(), self._lock:
                    results.append(getattr(self.module, self.method)(block))
            except FAILURES as error:
                self.errors.append(f"{self.method}: {_last_line(error)}")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return results[0] if results else None

    def _names(self, getter: str, path: Path) -> list[str]:
        try:
            return [str(name) for name in getattr(self.module, getter)()]
        except (AttributeError, RuntimeError):
            if getter == "get_attributes":
                return []
        names = [
            name.removesuffix("_params")
            for name, _ in self.module.named_buffers()
            if name.endswith("_params")
        ]
        methods = [name for name in names if hasattr(self.module, name)]
        if not methods:
            raise DrawstopError(f"nn~ finds no method in {path}")
        return methods

    def _parameters(self) -> tuple[int, int, int, int]:
        """Read again at every buffer, as nn~ does."""
        inlets, in_ratio, outlets, out_ratio = (
            int(value) for value in getattr(self.module, f"{self.method}_params")
        )
        return inlets, in_ratio, outlets, out_ratio

    def _ratios(self, method: str) -> int:
        parameters = getattr(self.module, f"{method}_params", None)
        if not isinstance(parameters, Tensor) or parameters.numel() != 4:
            raise DrawstopError(f"nn~ finds no tensor {method}_params with four numbers")
        ratios = [int(parameters[1]), int(parameters[3])]
        if any(ratio < 1 or ratio & (ratio - 1) for ratio in ratios):
            raise DrawstopError(f"nn~ needs ratios that are powers of two, {method} has {ratios}")
        return max(ratios)

    def _codes(self, name: str) -> list[int] | None:
        if name not in self.attributes:
            return None
        return [int(code) for code in getattr(self.module, f"{name}_params")]


def _read(code: int, atom: str) -> bool | int | float | str:
    """A value as nn~ reads it from text."""
    if code == BOOL:
        return atom not in ("false", "0")  # "0.000000" is true
    if code == INT:
        return int(float(atom))
    return float(atom) if code == FLOAT else atom


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]
