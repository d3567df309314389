"""Measures what stops cost by their number, kind and site: time in a block, size of the file, time to load, the first block.

python -m bench.instrument.stops [--model rave.ts] [--blocks 200]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from bench.instrument.__main__ import BLOCK, DEMO, measure
from bench.instrument.random_bank import random_bank
from export.instrument.bake import script
from export.instrument.verify import noise_block
from training.models.rave.model import RaveModel
from training.models.rave.site import LATENT

NUMBERS = (1, 4, 16, 64)
MOST_GATED = 16


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.instrument.stops", description="What stops cost.")
    parser.add_argument("--blocks", type=int, default=200, help="blocks per row")
    parser.add_argument("--model", type=Path, default=DEMO / "rave.ts")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(
        "stops", "edit, % of plain", "edit, % of a block", "file MB", "load s", "first block s", "warm"
    )
    plain = arguments.model.stat().st_size / 1e6
    for title, folder, file in _files(arguments.model):
        with folder:
            table.add_row(title, *_row(arguments.model, file, arguments.blocks))
    console = Console()
    console.print(table)
    console.print(
        f"{arguments.model.name}: {plain:.1f} MB, loads in {_load(arguments.model)[1]:.2f} s. All stops at -1; blocks of "
        f"{BLOCK} samples, {arguments.blocks} each, one thread, in turns with the plain RAVE; warm: the fourth block, s."
    )


def _files(path: Path) -> Iterator[tuple[str, tempfile.TemporaryDirectory[str], Path]]:
    sites = RaveModel(path).sites()
    widest = max(sites, key=lambda name: sites[name].width)
    for site in (LATENT, widest):
        for gated in (False, True):
            for number in NUMBERS:
                if gated and (number > MOST_GATED or site != LATENT):
                    continue
                bank = random_bank(RaveModel(path, site), number, gated)
                folder = tempfile.TemporaryDirectory()
                file = Path(folder.name) / "bench.ts"
                torch.jit.save(script(RaveModel(path), [bank]), str(file))
                kind = "gated" if gated else "static"
                yield f"{number} {kind}, {site} ({sites[site].width} wide)", folder, file


def _row(model: Path, file: Path, blocks: int) -> list[str]:
    instrument, load_s = _load(file)
    for slug in instrument.stop_slugs:
        getattr(instrument, f"set_{slug}")(-1.0)
    channels = int(instrument.forward_params[0])
    with torch.inference_mode():
        first = [_seconds(lambda: instrument(noise_block(1, channels, BLOCK, 0))) for _ in range(4)]
    players: dict[str, Callable[[Tensor], Tensor]] = {"plain": RaveModel(model).script, "steered": instrument}
    times = {name: statistics.median(each) for name, each in measure(players, channels, blocks).items()}
    edit = times["steered"] - times["plain"]
    block_s = BLOCK / int(instrument.get_sample_rate())
    return [
        f"{100 * edit / times['plain']:+.1f}",
        f"{100 * edit / block_s:+.2f}",
        f"{file.stat().st_size / 1e6:.1f}",
        f"{load_s:.2f}",
        f"{first[0]:.2f}",
        f"{first[3]:.3f}",
    ]


def _load(file: Path) -> tuple[torch.jit.ScriptModule, float]:
    start = time.perf_counter()
    loaded = torch.jit.load(str(file), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    return loaded, time.perf_counter() - start


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
