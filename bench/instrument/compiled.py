"""What a block costs as machine code beside TorchScript: `python -m bench.instrument.compiled organ.ts --blocks 256 512`.

TorchScript's `play` and the player that `drawstop play --backend aotinductor` uses take turns block by block, on one thread, so
that a busy moment hits both. The files are compiled into a folder of the bench's own: a minute for each length of block.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from bench.instrument.separator import shares
from realtime.backends.aotinductor import load_package, package_path, write_package

QUANTILES = (0.5, 0.99, 0.999)


def settings_of(stops: int) -> dict[str, list[float]]:
    """The stops' values of each cell, by its name."""
    return {
        "at rest": [0.0] * stops,
        "all at -1": [-1.0] * stops,
        "first -1, last +1": [-1.0, *[0.0] * (stops - 2), 1.0],
    }


def both(instrument: Path, block: int, values: list[float], rounds: int) -> list[list[float]]:
    """Sorted shares of a block's duration: TorchScript's, and the compiled player's.

    Args:
        instrument: with its `.pt2` beside it.
        block: samples.
        values: of the stops.
        rounds: how many blocks are counted.
    """
    plain, inner = (torch.jit.load(str(instrument)) for _ in range(2))  # type: ignore[no-untyped-call]
    compiled = load_package(package_path(instrument, block), instrument, inner, block)
    sound = 0.1 * torch.randn(1, 1, block, generator=torch.Generator().manual_seed(0))
    given = torch.cat([sound, torch.tensor(values)[None, :, None].expand(1, len(values), block)], 1)
    return list(shares({"plain": (plain, given), "compiled": (compiled, given)}, block, rounds).values())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("instrument", type=Path)
    parser.add_argument("--blocks", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--rounds", type=int, default=3000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    table = Table(title="One block's time as a share of its duration, %: p50, p99, p99.9")
    for head in ("block, stops", "TorchScript", "AOTInductor", "ratio of p50, p99"):
        table.add_column(head)
    with tempfile.TemporaryDirectory() as folder:
        instrument = Path(shutil.copy(arguments.instrument, folder))
        stops = int(torch.jit.load(str(instrument)).n_stops)  # type: ignore[no-untyped-call]
        for block in arguments.blocks:
            write_package(instrument, block, package_path(instrument, block), lambda *_: None)
            for name, values in settings_of(stops).items():
                found = [
                    [each[int(len(each) * share)] for share in QUANTILES]
                    for each in both(instrument, block, values, arguments.rounds)
                ]
                cells = [", ".join(f"{100 * share:.1f}" for share in each) for each in found]
                ratios = ", ".join(f"{found[1][i] / found[0][i]:.2f}" for i in (0, 1))
                table.add_row(f"{block}, {name}", *cells, ratios)
                console.print(f"{block}, {name}: {cells[0]} | {cells[1]} | {ratios}", style="dim")
    console.print(table)


if __name__ == "__main__":
    main()
