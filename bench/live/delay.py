"""The delay of an instrument, part by part: `python -m bench.live.delay [--seconds 20] [--latency low] [--busy]`.

For each rate and device block a JACK server without a sound card, and the shipped instrument, or another one, with its first
stop at -1. That the delay is what is reported, to the sample, tests show by jack_iodelay; this says what it is, and whether
blocks are lost.
"""

import argparse
import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from bench.live.jack import JackServer
from bench.live.preparation import baked, other_cores_busy
from realtime.engine.control_event import ControlEvent
from realtime.live.latency import Latency, read_latency
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.duration_histogram import quantile

SHIPPED = Path(__file__).parents[2] / "training" / "shipped"
RATES, PERIODS = (44100, 48000), (64, 128, 256)
TICK_S = 0.1


@dataclass(frozen=True)
class Measured:
    """What one performance came to.

    Attributes:
        closest_ms: by how much the nearest block was in time.
        callback, block: p50, p99 and p99.9 of the callback, as shares of its period, and of the instrument's blocks, as shares
            of theirs.
    """

    latency: Latency
    blocks: int
    lost: int
    closest_ms: float
    callback: list[float]
    block: list[float]


def measure(instrument: Path, arguments: argparse.Namespace) -> Measured:
    """Play for so long, the first stop at -1, and count."""
    latency = read_latency(arguments.latency)
    supervisor = Supervisor(
        LiveRequest(instrument, block=arguments.block, latency=latency, backend=arguments.backend)
    )
    try:
        supervisor.load()
        chosen = supervisor.open()
        supervisor.start()
        slug = supervisor.description.stops[0].slug
        supervisor.schedule([ControlEvent(supervisor.now(), slug, -1.0, "bench")])
        end = time.monotonic() + arguments.seconds
        while time.monotonic() < end:
            supervisor.watch()
            time.sleep(TICK_S)
        report, ring, blocks = supervisor.report(), supervisor.ring, supervisor.player.block_times()
        assert ring is not None
        callbacks = ring.counters().durations
    finally:
        supervisor.close()
    return Measured(
        chosen,
        report.sample // chosen.block,
        report.lost_blocks,
        chosen.milliseconds(report.least_lead),
        _shares(callbacks, chosen.host_block / chosen.device_rate),
        _shares(blocks, chosen.block / chosen.rate),
    )


def _shares(durations: npt.NDArray[np.int64], period_s: float) -> list[float]:
    return [quantile(durations, share) / period_s for share in (0.5, 0.99, 0.999)]


def row(measured: Measured, rate: int, period: int) -> list[str]:
    """A row of the table, in ms."""
    latency = measured.latency
    parts = (latency.device, latency.filling, latency.slack, latency.model, latency.total)
    return [
        f"{rate} / {period}",
        str(latency.block),
        *(f"{latency.milliseconds(samples):.1f}" for samples in parts),
        f"{measured.blocks:,}",
        str(measured.lost),
        f"{measured.closest_ms:.1f}",
        *(
            ", ".join(f"{100 * share:.0f}" for share in shares)
            for shares in (measured.callback, measured.block)
        ),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.live.delay", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--latency", default="low")
    parser.add_argument("--instrument", type=Path, help="a baked one; the shipped one if not given")
    parser.add_argument(
        "--backend", default="torchscript", help="aotinductor: with --instrument and its .pt2"
    )
    parser.add_argument("--block", type=int, help="of the instrument; by trial if not given")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES)
    parser.add_argument("--periods", type=int, nargs="+", default=PERIODS, help="device blocks")
    parser.add_argument("--busy", action="store_true", help="every other core loaded by stress-ng")
    arguments = parser.parse_args()
    heads = (
        "device",
        "block",
        "device, ms",
        "filling",
        "rings",
        "model",
        "in all",
        "blocks",
        "lost",
        "closest",
        "callback, %: p50, p99, p99.9",
        "block, %",
    )
    table = Table(*heads, title=f"--latency {arguments.latency}, {arguments.seconds:g} s each")
    console = Console()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as beside:
        instrument = arguments.instrument or baked(SHIPPED, Path(folder))
        if arguments.busy:
            beside.enter_context(other_cores_busy())
        for rate in arguments.rates:
            for period in arguments.periods:
                with JackServer(rate, period).use_here():
                    measured = measure(instrument, arguments)
                table.add_row(*row(measured, rate, period))
                console.print(" ".join(row(measured, rate, period)), style="dim")
    console.print(table)


if __name__ == "__main__":
    main()
