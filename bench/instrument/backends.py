"""Measures what a block costs in other runtimes than TorchScript's own, and how far from its sound they are.

    python -m bench.instrument.backends [--models demo raspberry v2 rave.ts] [--blocks 300] [--threads 1 2] [--minutes 10]
        [--only packed openvino]

The demo's instrument; raspberry and v2 in the size that people train them, with random weights; or a RAVE of yours.

Each takes turns with TorchScript, block by block; ratios measured so hold on a busy machine too, milliseconds don't.
What isn't installed is left out, with a line that says so.
"""

import argparse
import functools
import math
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from bench.instrument.__main__ import BLOCK, DEMO
from bench.instrument.random_bank import random_bank
from bench.instrument.sounds import Sounds
from export.instrument.bake import script
from realtime.backends.openvino import OpenVinoSegment
from realtime.backends.packed import PackedSegment
from realtime.backends.player import BackendPlayer
from realtime.backends.segment import Compiler
from training.banks.bank import load_bank
from training.models.rave.model import RaveModel

TABLE = Path(__file__).parents[2] / "tests" / "helpers" / "models" / "rave_table.py"
FULL_SIZE = ("raspberry", "v2")
WARM_UP_BLOCKS = 20
UNOPTIMISED = "TorchScript, unoptimised"


class Player(Protocol):
    """An instrument that is measured: reset, then block after block."""

    def play(self, x: Tensor) -> Tensor:
        """The next block."""

    def reset(self) -> None:
        """Return to the state after making."""


def compilers(threads: int) -> dict[str, Compiler]:
    """The backends that are measured, by their rows."""
    made: dict[str, Callable[..., object]] = {
        "packed": PackedSegment,
        "packed, 16 bits": functools.partial(PackedSegment, half=True),
        "openvino": functools.partial(OpenVinoSegment, threads=threads),
        "openvino, bf16": functools.partial(OpenVinoSegment, threads=threads, precision="bf16"),
    }
    return made  # type: ignore[return-value]


def main() -> None:
    """Measure and print a table for each number of threads."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.instrument.backends", description="What other runtimes cost."
    )
    parser.add_argument("--models", nargs="+", default=["demo"], help="demo, raspberry, v2, or files")
    parser.add_argument("--blocks", type=int, default=300, help="blocks per row")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--minutes", type=float, default=0.5, help="sound that is compared")
    parser.add_argument("--only", nargs="+", help="rows by their names")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models:
            file = Path(folder) / "bench.ts"
            model = RaveModel(model_file(name, Path(folder)))
            bank = load_bank(DEMO / "bank", model.fingerprint) if name == "demo" else random_bank(model, 2)
            torch.jit.save(script(model, [bank]), str(file))
            for threads in arguments.threads:
                torch.set_num_threads(threads)
                sounds = Sounds(model.rates.sample_rate, recorded=name == "demo")
                _bench(name, file, sounds, threads, arguments)


def model_file(name: str, folder: Path) -> Path:
    """The example RAVE, one of full size that acids-rave's own script exports into `folder`, or the file of that name."""
    if name == "demo":
        return DEMO / "rave.ts"
    if name not in FULL_SIZE:
        return Path(name)
    subprocess.run([sys.executable, str(TABLE), str(folder), f"{name}_full_size"], check=True)
    return folder / f"{name}_full_size_streaming.ts"


def _bench(name: str, file: Path, sounds: Sounds, threads: int, arguments: argparse.Namespace) -> None:
    console = Console()
    console.print(f"{name}, blocks of {BLOCK}, {threads} thread(s)")
    table = Table("", "p50 ms", "x", "p99 ms", "x", "made in s")
    players: dict[str, Player] = {}
    for row, make in {UNOPTIMISED: None, **compilers(threads)}.items():
        if arguments.only and row not in arguments.only:
            continue
        start = time.perf_counter()
        try:
            players[row] = _player(file, make)
        except ImportError as error:
            console.print(f"{row}: left out, it needs {getattr(error, 'name', None) or error}")
            continue
        seconds = time.perf_counter() - start
        table.add_row(row, *_row(file, players[row], sounds, arguments.blocks), f"{seconds:.1f}")
    console.print(table)
    if arguments.minutes > 0:
        console.print(_compared(file, players, sounds, arguments.minutes))


def _load(file: Path) -> torch.jit.ScriptModule:
    instrument: torch.jit.ScriptModule = torch.jit.load(str(file), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    instrument.set_noise(0)
    return instrument


class Plain:
    """TorchScript as nn~ calls it, or without its optimiser."""

    def __init__(self, file: Path, optimised: bool = True) -> None:
        self._instrument, self._optimised = _load(file), optimised

    def play(self, x: Tensor) -> Tensor:
        """The next block."""
        with torch.inference_mode(), torch.jit.optimized_execution(self._optimised):  # type: ignore[attr-defined]
            played: Tensor = self._instrument.play(x)
            return played

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load."""
        self._instrument.set_reset(1)


def _player(file: Path, compiler: Compiler | None) -> Player:
    if compiler is None:
        return Plain(file, optimised=False)
    return BackendPlayer(_load(file), compiler)


def _row(file: Path, player: Player, sounds: Sounds, blocks: int) -> list[str]:
    """Milliseconds and ratios to TorchScript, the two in turns."""
    pair = (Plain(file), player)
    times: list[list[float]] = [[], []]
    stops = len(_load(file).stop_slugs)
    for index in range(WARM_UP_BLOCKS + blocks):
        block = sounds.block(index, stops, moving=True)
        for number, call in enumerate(pair):
            start = time.perf_counter()
            call.play(block)
            if index >= WARM_UP_BLOCKS:
                times[number].append(1000 * (time.perf_counter() - start))
    middle = [statistics.median(each) for each in times]
    worst = [float(np.percentile(each, 99)) for each in times]
    return [
        f"{middle[1]:.2f} / {middle[0]:.2f}",
        f"{middle[1] / middle[0]:.2f}",
        f"{worst[1]:.2f} / {worst[0]:.2f}",
        f"{worst[1] / worst[0]:.2f}",
    ]


def _compared(file: Path, players: dict[str, Player], sounds: Sounds, minutes: float) -> Table:
    """Signal-to-noise ratios against TorchScript, which plays the same blocks."""
    reference, stops = Plain(file), len(_load(file).stop_slugs)
    blocks = int(minutes * 60 * sounds.sample_rate / BLOCK)
    players = {name: player for name, player in players.items() if name != UNOPTIMISED}
    for player in players.values():
        player.reset()
    signal = np.zeros(blocks)
    errors = {name: np.zeros(blocks) for name in players}
    half = np.zeros(blocks, bool)
    for index in range(blocks):
        half[index] = index * 20 // blocks % 2 == 1  # a tenth of the time at rest and moving, in turns
        block = sounds.block(index, stops, moving=bool(half[index]))
        right = reference.play(block.clone())
        signal[index] = float(right.square().sum())
        for name, player in players.items():
            errors[name][index] = float((player.play(block) - right).square().sum())
    table = Table(
        "", "SNR dB", "at rest", "moving", "first tenth", "last tenth", title=f"{minutes:g} minutes"
    )
    tenth = max(1, blocks // 10)
    parts: list[slice | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]
    parts = [slice(None), ~half, half, slice(0, tenth), slice(blocks - tenth, None)]
    for name, error in errors.items():
        table.add_row(name, *(f"{_db(signal[part].sum(), error[part].sum()):.1f}" for part in parts))
    return table


def _db(signal: float, error: float) -> float:
    return 10 * math.log10(signal / error) if error > 0 else math.inf


if __name__ == "__main__":
    main()
