"""Measures a Neutone model of an instrument: its delay and its difference from `play` at every rate and buffer of the host,
and what a buffer costs beside the plain RAVE in the SDK's own wrapper, in turns on one core.

    python -m bench.instrument.plugin instrument.ts --model rave.ts [--json docs/hosts/daw_delays.json]

Ratios measured in turns hold on a busy machine too; shares of a buffer hold on a quiet one.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from neutone_sdk import WaveformToWaveformBase
from neutone_sdk.sqw import SampleQueueWrapper
from neutone_sdk.utils import load_neutone_model, model_to_torchscript
from rich.console import Console
from rich.table import Table
from torch import Tensor

from drawstop.files import write_json
from export.plugin.knobs import MOST_KNOBS
from export.plugin.verify import HostCase, verify_plugin
from export.plugin.write import write_plugin
from realtime.engine.instrument_file import load

RATES = (44100, 48000, 96000)
BUFFERS = (64, 128, 256, 512, 1024, 2048, 4096)
COSTS = ((44100, 256), (44100, 1024), (48000, 512))
TURNS, WARM_UP = 200, 30


class PlainRave(WaveformToWaveformBase):  # type: ignore[misc]
    """A RAVE's `forward` and nothing else, as Neutone's own example wraps one."""

    neutone_parameters_metadata: dict[str, dict[str, int | float | str | bool | list[str] | list[int]]]
    remapped_params: dict[str, Tensor]
    neutone_parameter_names: list[str]

    def __init__(self, rave: torch.jit.ScriptModule, rate: int, block: int) -> None:
        self.rate: int = rate
        self.block: int = block
        super().__init__(rave)

    def get_model_name(self) -> str:
        return "plain"

    def get_model_authors(self) -> list[str]:
        return ["Drawstop"]

    def get_model_short_description(self) -> str:
        return ""

    def get_model_long_description(self) -> str:
        return ""

    def get_technical_description(self) -> str:
        return ""

    def get_tags(self) -> list[str]:
        return ["rave"]

    def get_model_version(self) -> str:
        return "1"

    def is_experimental(self) -> bool:
        return False

    def is_input_mono(self) -> bool:
        return True

    def is_output_mono(self) -> bool:
        return True

    def get_native_sample_rates(self) -> list[int]:
        return [self.rate]

    def get_native_buffer_sizes(self) -> list[int]:
        return [self.block]

    def do_forward_pass(self, x: Tensor, params: dict[str, Tensor]) -> Tensor:
        y: Tensor = self.model.forward(x.unsqueeze(0)).squeeze(0)
        return y


def main() -> None:
    """Write the model, measure, and print two tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.instrument.plugin", description=__doc__)
    parser.add_argument("instrument", type=Path)
    parser.add_argument("--model", type=Path, help="the RAVE that it was baked from; without one, no costs")
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="how much is played for each rate and buffer"
    )
    parser.add_argument("--json", type=Path, help="write the delays and differences to this file too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        written = write_plugin(arguments.instrument, Path(folder) / "bench.nm")
        cells = [(rate, buffer) for rate in RATES for buffer in BUFFERS]
        loaded = load(arguments.instrument)
        measured = verify_plugin(written.path, loaded, written.knobs, cells, arguments.seconds)
        print_cells(measured)
        if arguments.json is not None:
            write_json(arguments.json, {"cells": [asdict(cell) for cell in measured]})
        if arguments.model is not None:
            plain = PlainRave(
                torch.jit.load(str(arguments.model)),  # type: ignore[no-untyped-call]
                loaded.description.sample_rate,
                written.buffers[0],
            )
            with torch.no_grad():
                players = {"plain RAVE": model_to_torchscript(SampleQueueWrapper(plain))}
            for name in ("at rest", "all knobs at 0"):
                players[name] = load_neutone_model(str(written.path))[0]
            print_costs(players)


def print_cells(cells: list[HostCase]) -> None:
    """A row for each rate and buffer of the host."""
    table = Table("rate", "buffer", "delay reported", "ms", "measured", "largest difference from play")
    for cell in cells:
        total = cell.buffering + cell.delay
        measured = "" if cell.measured is None else f"{cell.measured}"
        table.add_row(
            str(cell.rate), str(cell.block), f"{cell.buffering} + {cell.delay}", f"{1000 * total / cell.rate:.1f}",
            measured, f"{cell.difference:.0e}",
        )  # fmt: skip
    Console().print(table)


@torch.inference_mode()
def print_costs(players: dict[str, Any]) -> None:
    """Share of a buffer's time that one core computes, and its ratio to the plain RAVE's: the quickest tenth of the buffers,
    in time of the process, which a busy machine spoils little; the players take turns."""
    table = Table("rate", "buffer", *(f"{name}, share (ratio)" for name in players))
    for rate, buffer in COSTS:
        knobs = {name: torch.full((MOST_KNOBS, buffer), 0.5) for name in players}
        knobs["all knobs at 0"][:2] = 0.0
        for rows in knobs.values():
            rows[2] = 1.0  # wet
        times: dict[str, list[float]] = {name: [] for name in players}
        for model in players.values():
            model.set_daw_sample_rate_and_buffer_size(rate, buffer)
        for turn in range(WARM_UP + TURNS):
            sound = 0.1 * torch.randn(2, buffer, generator=torch.Generator().manual_seed(turn))
            for name, model in players.items():
                start = time.process_time()
                model.forward(sound, knobs[name])
                if turn >= WARM_UP:
                    times[name].append(time.process_time() - start)
        quick = {name: statistics.quantiles(values, n=10)[0] for name, values in times.items()}
        plain = quick["plain RAVE"]
        shares = [f"{seconds * rate / buffer:.0%} ({seconds / plain:.1f})" for seconds in quick.values()]
        table.add_row(str(rate), str(buffer), *shares)
    Console().print(table)


if __name__ == "__main__":
    main()
