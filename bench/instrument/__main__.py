"""Measures what a block costs: the instrument beside the plain RAVE, block by block in turns, in one run on one core.

    python -m bench.instrument [--blocks 200]

Ratios measured in turns hold on a busy machine too; milliseconds don't.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from bench.instrument.random_bank import random_bank
from export.instrument.bake import script
from export.instrument.verify import noise_block
from training.banks.bank import StopBank, load_bank
from training.models.rave.model import RaveModel

DEMO = Path(__file__).parents[2] / "training" / "demo"
BLOCK = 2048
WARM_UP_BLOCKS = 5


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.instrument", description="What a block costs.")
    parser.add_argument("--blocks", type=int, default=200, help="blocks per row")
    parser.add_argument("--model", type=Path, default=DEMO / "rave.ts")
    parser.add_argument("--bank", type=Path, default=DEMO / "bank")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = RaveModel(arguments.model)
    bank = load_bank(arguments.bank, model.fingerprint) if arguments.bank.is_dir() else random_bank(model, 2)
    note = "" if arguments.bank.is_dir() else " (random stops: there is no bank yet)"
    players = make_players(arguments.model, bank)
    times = measure(players, model.rates.channels, arguments.blocks)
    show(times, BLOCK / model.rates.sample_rate, f"{arguments.model.name}, {len(bank.stops)} stops{note}")


def make_players(path: Path, bank: StopBank) -> dict[str, Callable[[Tensor], Tensor]]:
    """The plain RAVE and three instruments, each loaded from disk with caches of its own."""
    players: dict[str, Callable[[Tensor], Tensor]] = {"plain RAVE": RaveModel(path).script}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.ts"
        model = RaveModel(path)
        torch.jit.save(script(model, [bank]), str(file))
        for name, value in (("neutral", 0.0), ("all stops at -1", -1.0), ("all stops at +1", 1.0)):
            instrument = torch.jit.load(str(file), map_location="cpu").eval()  # type: ignore[no-untyped-call]
            for stop in bank.stops:
                getattr(instrument, f"set_{stop.slug}")(value)
            players[f"instrument, {name}"] = instrument
    return players


@torch.inference_mode()
def measure(
    players: dict[str, Callable[[Tensor], Tensor]], channels: int, blocks: int
) -> dict[str, list[float]]:
    """Seconds per block, the players taking turns."""
    times: dict[str, list[float]] = {name: [] for name in players}
    for index in range(WARM_UP_BLOCKS + blocks):
        block = noise_block(1, channels, BLOCK, index)
        for name, play in players.items():
            start = time.perf_counter()
            play(block)
            if index >= WARM_UP_BLOCKS:
                times[name].append(time.perf_counter() - start)
    return times


def show(times: dict[str, list[float]], block_s: float, title: str) -> None:
    """A table: medians, and ratios of medians to the plain RAVE's."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    plain = medians["plain RAVE"]
    table = Table(
        "",
        "median ms",
        "x plain",
        "edit, % of plain",
        "edit, % of a block's time",
        "x real time",
        title=title,
    )
    for name, seconds in medians.items():
        edit = seconds - plain
        table.add_row(
            name,
            f"{1000 * seconds:.2f}",
            f"{seconds / plain:.3f}",
            f"{100 * edit / plain:+.1f}",
            f"{100 * edit / block_s:+.2f}",
            f"{block_s / seconds:.1f}",
        )
    console = Console()
    console.print(table)
    console.print(
        f"{len(times['plain RAVE'])} blocks of {BLOCK} samples each ({1000 * block_s:.1f} ms), one thread, "
        "in turns; x real time = sound per second of computing, on one core."
    )


if __name__ == "__main__":
    main()
