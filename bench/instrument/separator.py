"""What a block of the shipped instrument costs, by stops and block length: `python -m bench.instrument.separator`.

Each cell is the middle and the 99th percentile of the time that `play` takes, as a share of the block's duration, on one thread.
The instruments take turns block by block, so that a busy moment hits all of them alike.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from export.instrument.bake import bake
from training.banks.separated_bank import SeparatedStop, load_separated_bank, save_separated_bank
from training.shipped import SHIPPED_BANK, SHIPPED_RAVE

BLOCKS = (128, 256, 512, 2048)
STOPS = (2, 16)
WARM_UP = 50


def instrument_of(stops: int, folder: Path) -> torch.jit.ScriptModule:
    """The shipped bank baked with so many stops, made of the queries that it has."""
    bank = load_separated_bank(SHIPPED_BANK)
    queries = list(bank.starts.values())
    many = tuple(
        SeparatedStop(f"stop_{i}", f"stop_{i}", queries[i % len(queries)], 20.0) for i in range(stops)
    )
    save_separated_bank(folder / f"bank{stops}", replace(bank, stops=many))
    path = folder / f"stops{stops}.ts"
    bake(SHIPPED_RAVE, [folder / f"bank{stops}"], path)
    loaded: torch.jit.ScriptModule = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    return loaded


def shares(
    instruments: Mapping[str, tuple[Any, torch.Tensor]], block: int, rounds: int
) -> dict[str, list[float]]:
    """Sorted shares of a block's duration that `play` takes, by instrument: what plays, and what it is given."""
    seconds: dict[str, list[float]] = {name: [] for name in instruments}
    with torch.inference_mode():
        for _ in range(WARM_UP + rounds):
            for name, (module, given) in instruments.items():
                started = time.perf_counter()
                module.play(given)
                seconds[name].append((time.perf_counter() - started) * 44100 / block)
    return {name: sorted(values[WARM_UP:]) for name, values in seconds.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What a block of the shipped instrument costs.")
    parser.add_argument("--rounds", type=int, default=600)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    table = Table(title="One block's time as a share of its duration: middle / 99th percentile")
    table.add_column("block")
    names = [f"{stops} stops at {value:g}" for stops in STOPS for value in (0.0, -1.0)]
    for name in names:
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        modules = {stops: instrument_of(stops, Path(folder)) for stops in STOPS}
        for block in BLOCKS:
            sound = 0.1 * torch.randn(1, 1, block, generator=torch.Generator().manual_seed(0))
            given = {
                f"{stops} stops at {value:g}": (
                    modules[stops],
                    torch.cat([sound, torch.full((1, stops, block), value)], 1),
                )
                for stops in STOPS
                for value in (0.0, -1.0)
            }
            measured = shares(given, block, rounds)
            cells = (measured[name] for name in names)
            table.add_row(
                str(block),
                *(f"{each[len(each) // 2]:.0%} / {each[int(len(each) * 0.99)]:.0%}" for each in cells),
            )
    Console().print(table)


if __name__ == "__main__":
    main()
