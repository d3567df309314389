"""The picture of a sweep: variance explained over active features, one panel a site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

from drawstop.files import atomic_file
from training.banks.train.sweep import Row

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#1f78b4", "#d95f0e", "#33a02c", "#8856a7", "#b15928")
MARKERS = "osD^vP"
FRONT_COLOUR = "#999999"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draws to a .png or .svg: a colour for each architecture, a marker for each width, a line through the Pareto front."""
    sites = list(dict.fromkeys(row.site for row in rows))
    style = {
        "svg.hashsalt": "drawstop",
        "svg.fonttype": "none",
        "axes.titlelocation": "left",
        "font.size": 11,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.5 * len(sites), 5.5), dpi=100, layout="constrained")
        for axis, site in zip(figure.subplots(1, len(sites), squeeze=False)[0], sites, strict=True):
            _panel(axis, site, [row for row in rows if row.site == site])
        undated = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with atomic_file(path) as beside:
            figure.savefig(beside, metadata=undated)


def _panel(axis: Axes, site: str, rows: Sequence[Row]) -> None:
    architectures = list(dict.fromkeys(row.architecture for row in rows))
    widths = sorted({row.width for row in rows})
    front = sorted((row.l0, row.fve) for row in rows if row.best)
    axis.plot(*zip(*front, strict=True), color=FRONT_COLOUR, linestyle=":", zorder=1, label="best")
    for i, architecture in enumerate(architectures):
        for w, width in enumerate(widths):
            chosen = sorted(
                (row.l0, row.fve) for row in rows if (row.architecture, row.width) == (architecture, width)
            )
            if chosen:
                axis.plot(
                    *zip(*chosen, strict=True),
                    color=COLOURS[i % len(COLOURS)],
                    marker=MARKERS[w % len(MARKERS)],
                    linewidth=0.8,
                    alpha=0.85,
                    label=f"{architecture}, {width}",
                )
    axis.set_title(site)
    axis.set_xlabel("active features per frame (L0)")
    axis.set_ylabel("fraction of variance explained")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
