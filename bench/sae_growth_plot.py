"""The picture of bench.sae_growth: time and memory along each axis, readable on light and dark pages."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

from bench.sae_growth import Measured

_GREY, _TIME, _MEMORY = "#808080", "#e07020", "#3090d0"  # each stands out on white and on black
_TICKS_MB = (50, 100, 200, 400)
_STYLE = {
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "drawstop",
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _GREY),
}


def draw(found: list[Measured], path: Path) -> None:
    """Writes the SVG; hollow points are extrapolated."""
    axes = list(dict.fromkeys(each.axis for each in found))
    with pyplot.rc_context(_STYLE):
        figure, panels = pyplot.subplots(2, len(axes), figsize=(9, 4.6), sharey="row", sharex="col")
        for column, axis in enumerate(axes):
            points = [each for each in found if each.axis == axis]
            along = [getattr(each.point, axis) for each in points]
            _curve(panels[0][column], along, [each.pass_s for each in points], points, _TIME)
            _curve(panels[1][column], along, [each.memory_mb for each in points], points, _MEMORY)
            panels[1][column].set_xlabel(axis)
            panels[1][column].set_xticks(along, [f"{count:,}" for count in along], rotation=30)
            panels[1][column].minorticks_off()
        panels[0][0].set_ylabel("CPU s for one pass\n(hollow: extrapolated)")
        panels[1][0].set_ylabel("memory, MB")
        panels[1][0].set_yticks(_TICKS_MB, map(str, _TICKS_MB))
        panels[1][0].minorticks_off()
        figure.tight_layout()
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
        pyplot.close(figure)


def _curve(
    panel: pyplot.Axes, along: list[int], values: list[float], points: list[Measured], colour: str
) -> None:
    panel.loglog(along, values, color=colour, linewidth=1)
    for x, y, each in zip(along, values, points, strict=True):
        hollow = each.extrapolated and colour == _TIME
        panel.plot(x, y, "o", color=colour, markerfacecolor="none" if hollow else colour)
    panel.grid(color=_GREY, alpha=0.25, linewidth=0.5)
