"""The delays of the shipped instrument in a DAW, as `just bench-plugin ... --json docs/hosts/daw_delays.json` measured them: the
table of docs/hosts/daw.md, and its picture."""

import io
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

MEASURED = Path(__file__).parents[1] / "hosts" / "daw_delays.json"
NAME = "hosts/daw.svg"
SIZE_INCHES = (6.4, 3.2)


def cells() -> list[dict[str, Any]]:
    """What was measured at each rate and buffer of the host: a `HostCase` of `export.plugin.verify` each."""
    measured: list[dict[str, Any]] = json.loads(MEASURED.read_text(encoding="utf-8"))["cells"]
    return measured


def table() -> str:
    """The table of docs/hosts/daw.md: buffers of a rate with the same delays share a row."""
    rows = ["| host | buffer | delay reported | measured | ms |", "|---|---:|---:|---:|---:|"]
    shown = 0
    for (rate, buffering, delay, measured), alike in groupby(cells(), _delays):
        total = buffering + delay
        host = f"{rate / 1000:g} kHz" if rate != shown else ""
        buffers = ", ".join(str(cell["block"]) for cell in alike)
        reported = f"{buffering} + {delay} = {total}"
        rows.append(f"| {host} | {buffers} | {reported} | {measured} | {1000 * total / rate:.1f} |")
        shown = rate
    return "\n".join(rows) + "\n"


def _delays(cell: dict[str, Any]) -> tuple[int, int, int, int]:
    return cell["rate"], cell["buffering"], cell["delay"], cell["measured"]


def picture() -> str:
    """The delay in milliseconds by buffer, a line for each rate, as SVG."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "drawstop"}):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        for rate, of_rate in groupby(cells(), lambda cell: cell["rate"]):
            points = [(cell["block"], 1000 * (cell["buffering"] + cell["delay"]) / rate) for cell in of_rate]
            axes.plot(*zip(*points, strict=True), marker="o", label=f"{rate / 1000:g} kHz")
            buffers = [block for block, _ in points]
        axes.set_xscale("log", base=2)
        axes.set_xticks(buffers, [str(block) for block in buffers])
        axes.set(xlabel="buffer of the host, samples", ylabel="delay, ms", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend()
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
