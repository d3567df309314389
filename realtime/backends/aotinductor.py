"""AOTInductor: an instrument's block as machine code in a file (`.pt2`), made by torch.export and torch's compiler.

The file is for blocks of one length and for processors like the one that it was made on. Its sound needs no
TorchScript; what moves the stops (attributes, ramp, bypass) is still the instrument's own.
"""

import json
import logging
import os
import platform
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file, sha256_file
from drawstop.progress import Progress
from realtime.backends.block_programs import (
    Case,
    clear,
    grain_stops,
    record_programs,
    streaming_caches,
)
from realtime.backends.graph import StreamGraph
from realtime.backends.player import checked_block, knob_frames

ABOUT = "drawstop.json"
"""The extra file inside a `.pt2` that says what it holds."""
COMPILING = "compiling"
NOISY = ("torch._inductor.ir", "torch.utils.cpp_extension")
"""Torch's loggers that report operators without a C interface, and a missing GPU."""

Program = Callable[..., Any]


def package_path(instrument: Path, block: int) -> Path:
    """The path at which an instrument's compiled file is expected: beside it, `organ.256.pt2`."""
    return instrument.with_suffix(f".{block}.pt2")


def write_package(instrument: Path, block: int, out: Path, progress: Progress) -> dict[str, Any]:
    """Compile an instrument for blocks of one length; returns the file's description of itself. Takes a minute or more.

    Raises DrawstopError for an instrument that can't be written so, or where there is no C++ compiler; nothing is written then.
    """
    from torch.export.pt2_archive._package import package_pt2

    if not any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "clang++")):
        raise DrawstopError("compiling needs a C++ compiler, and there is none (Debian: apt-get install g++)")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    loaded = torch.jit.load(str(instrument), map_location="cpu").eval()
    programs = record_programs(loaded, block)
    about = {
        "instrument": sha256_file(instrument),
        "block": block,
        "torch": torch.__version__,
        "machine": _machine(),
        "turns": 1 + max(case.phase for case in programs),
        "states": {case.name: graph.places for case, graph in programs.items()},
    }
    files = {}
    for done, (case, graph) in enumerate(programs.items()):
        progress(COMPILING, done, len(programs))
        files[case.name] = _compiled(graph)
    progress(COMPILING, len(programs), len(programs))
    with atomic_file(out) as beside, tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.pt2"
        package_pt2(str(made), aoti_files=files, extra_files={ABOUT: json.dumps(about)})
        beside.write_bytes(made.read_bytes())
    return about


def _compiled(graph: StreamGraph) -> Any:
    from torch._inductor import aot_compile

    arguments = (*graph.inputs, *graph.states)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler calls what torch has deprecated
        exported = torch.export.export(_AsTuple(graph.module), arguments)
        return aot_compile(exported.module(), arguments, options={"aot_inductor.package": True})


class _AsTuple(nn.Module):
    """A graph whose results are a tuple, as torch.export wants them."""

    def __init__(self, graph: nn.Module) -> None:
        super().__init__()
        self.program = graph  # "graph" is a name of torch.fx

    def forward(self, *arguments: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.program(*arguments))


class CompiledPlayer:
    """Does what `play` of a loaded instrument does, for one voice and blocks of one length, by a `.pt2`.

    Stops, ramp, bypass and reset are set on the instrument, as ever. Nothing else may play it.

    Args:
        instrument: as `torch.jit.load` gives it; it is reset.
        programs: the program for each case.
        places: for each case, the places of its states among the instrument's caches.
        block: samples played at once.
    """

    def __init__(
        self,
        instrument: torch.jit.ScriptModule,
        programs: dict[Case, Program],
        places: dict[Case, list[int]],
        block: int,
    ) -> None:
        self._instrument: Any = instrument
        self._programs, self._places, self.block = programs, places, block
        self._channels, self._stops = int(self._instrument.channels), int(self._instrument.n_stops)
        self._ratio = int(self._instrument.ratio)
        self._cycle = 1 + max(case.phase for case in programs)
        self._grains = torch.tensor(grain_stops(instrument))
        self._phase = 0
        self._states: dict[int, Tensor] = {}
        self.reset()

    @torch.inference_mode()
    def play(self, x: Tensor | npt.NDArray[np.float32]) -> Tensor:
        """Play the next block. `[1, channels + stops, block]` -> `[1, channels, block]`; ValueError for another shape."""
        x = checked_block(x, self._channels + self._stops, self.block)
        if self._instrument.get_reset()[0]:
            self.reset()
        before, values = self._instrument._values(knob_frames(x[:, self._channels :], self._ratio))
        case = Case(self._phase, bool((values[:, self._grains] > 0).any()))
        places = self._places[case]
        audio = x[:, : self._channels].contiguous()
        states = [self._states[place] for place in places]
        y, *new = self._programs[case](audio, before.contiguous(), values.contiguous(), *states)
        self._states.update((place, state.contiguous()) for place, state in zip(places, new, strict=True))
        self._phase = (self._phase + 1) % self._cycle
        played: Tensor = y
        return played

    @property
    def state(self) -> list[Tensor]:
        """A copy of the streaming state: the index of the block in the cycle, and the programs' states."""
        return [torch.tensor(self._phase), *(each.clone() for each in self._states.values())]

    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from this `state`."""
        self._phase = int(state[0])
        self._states = dict(zip(self._states, (each.clone() for each in state[1:]), strict=True))

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load; attributes stay as set."""
        clear(self._instrument)
        self._phase = 0
        self._states = {
            place: cache[:1].clone() for place, cache in enumerate(streaming_caches(self._instrument))
        }


def load_package(path: Path, instrument: Path, module: torch.jit.ScriptModule, block: int) -> CompiledPlayer:
    """A player of a `.pt2`. Raises DrawstopError for a file of another instrument, block, torch or processor."""
    from torch.export.pt2_archive._package import load_pt2

    check_package(path, instrument, block)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_pt2(str(path))
    about = json.loads(loaded.extra_files[ABOUT])
    cases = {name: _case(name) for name in about["states"]}
    programs: dict[Case, Program] = {case: loaded.aoti_runners[name] for name, case in cases.items()}
    places = {case: about["states"][name] for name, case in cases.items()}
    return CompiledPlayer(module, programs, places, block)


def check_package(path: Path, instrument: Path, block: int) -> None:
    """Raise DrawstopError unless a `.pt2` is there and of this instrument, block, torch and processor."""
    again = f"write it anew: drawstop compile {instrument} --block {block}"
    if not path.is_file():
        raise DrawstopError(f"no {path}, which the backend aotinductor plays; {again}")
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(ABOUT)]
            about = json.loads(archive.read(name))
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise DrawstopError(f"{path} is damaged, or no compiled instrument; {again}") from error
    expected = {
        "instrument": sha256_file(instrument), "block": block, "torch": torch.__version__, "machine": _machine()
    }  # fmt: skip
    for what, value in expected.items():
        if about.get(what) != value:
            raise DrawstopError(
                f"{path} was made for another {what} ({about.get(what)}, here {value}); {again}"
            )


def _case(name: str) -> Case:
    number = name.removeprefix("turn_")
    return Case(int(number.removesuffix("_brings_in")), number.endswith("_brings_in"))


def _machine() -> str:
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
