"""A plot as an inline SVG that uses the page's CSS colours, for light and dark themes."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from drawstop.errors import DrawstopError
from training.evaluation.report.numbers import number
from training.evaluation.results import Line, Plot

SERIES = 7
"""Number of colours, --series-0 and on in page.css; further lines use them again, dashed."""
SIZE_PT = (400, 250)
MOST_MARKED = 25
"""Points of a line up to which each one is marked."""
MOST_TICKS = 7
_MARKERS = "os^DvPX"
_SHAPES = (
    "M10.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0",
    "M10.8 2.8h6.4v6.4h-6.4z",
    "M14 2l4 7.5h-8z",
    "M14 1.8L18.2 6 14 10.2 9.8 6z",
    "M14 10l4-7.5h-8z",
    "M12.6 2h2.8v2.6h2.6v2.8h-2.6V10h-2.8V7.4H10V4.6h2.6z",
    "M11 2l3 2.6L17 2l1.4 1.4L15.6 6l2.8 2.6L17 10l-3-2.6L11 10l-1.4-1.4L12.4 6 9.6 3.4z",
)
"""The same markers as paths around (14, 6)."""
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
_INK, _RULE = "#a0000e", "#a0000f"
"""Placeholders that `_adapt_svg` replaces with the page's colours."""
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def plot_svg(plot: Plot, prefix: str, beside: Plot | None = None) -> Markup:
    """The curves, axes and their numbers; title, labels and legend are HTML in the page, so that they wrap.

    Args:
        prefix: prefix of the SVG's identifiers, unique in the page.
        beside: a plot that this one is compared with; the axes cover both.

    Raises:
        DrawstopError: a line of unequal lengths.
    """
    for line in plot.lines:
        _require_equal_lengths(plot, line)
    settings = {"svg.fonttype": "none", "svg.hashsalt": prefix, "font.size": 11, "axes.linewidth": 0.8}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(SIZE_PT[0] / 72, SIZE_PT[1] / 72), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        for place, line in enumerate(plot.lines):
            _draw(axes, line, place, plot.points)
        lines = plot.lines + (beside.lines if beside else ())
        axes.update_datalim([corner for line in lines for corner in _corners(line)])
        _set_axes(axes, plot, sorted({x for line in lines for x in line.x}))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=_NO_METADATA, transparent=True)
    return _adapt_svg(text.getvalue(), prefix)


def swatch_svg(place: int, plot: Plot) -> Markup:
    """A piece of a line with its marker, for the legend."""
    lines = (
        "" if plot.points else f'<path class="stroke" d="M1 6H27" stroke-dasharray="{_css_dashes(place)}"/>'
    )
    marked = plot.points or _marked(plot.lines[place])
    shape = f'<path class="mark" d="{_SHAPES[place % SERIES]}"/>' if marked else ""
    return Markup(
        f'<svg class="swatch series-{place % SERIES}" viewBox="0 0 28 12" aria-hidden="true">{lines}{shape}</svg>'
    )


def _draw(axes: Any, line: Line, place: int, points: bool) -> None:
    colour = f"#a0000{place % SERIES}"
    xs, ys, lows, highs = (_numbers(values) for values in (line.x, line.y, line.low, line.high))
    if points:
        axes.plot(xs, ys, _MARKERS[place % SERIES], color=colour, markersize=5.5, alpha=0.85)
        if lows:
            axes.vlines(xs, lows, highs, color=colour, linewidth=1)
        return
    if lows:
        axes.fill_between(xs, lows, highs, color=colour, alpha=0.16, linewidth=0)
    marker = _MARKERS[place % SERIES] if _marked(line) else None
    axes.plot(xs, ys, color=colour, marker=marker, markersize=4.5, linewidth=1.7, linestyle=_dash(place))


def _set_axes(axes: Any, plot: Plot, xs: list[float]) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_RULE)
    axes.grid(axis="y", color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(color=_RULE, labelcolor=_INK, length=3)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.margins(x=0.03, y=0.06)
    if plot.log_x and xs and xs[0] > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(int(x) if x == int(x) else x)))
    if 1 < len(xs) <= MOST_TICKS:
        axes.xaxis.set_major_locator(FixedLocator(xs))


def _adapt_svg(svg: str, prefix: str) -> Markup:
    """matplotlib's SVG file as an element: page colours, unique identifiers, no header, no size of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    svg = re.sub(r"<svg[^>]*>", f'<svg {box[0]} aria-hidden="true" focusable="false">', svg, count=1)
    svg = svg.replace(_INK, "currentColor").replace(_RULE, "var(--rule)")
    svg = re.sub(r"#a0000([0-6])", r"var(--series-\1)", svg)
    svg = re.sub(r' id="(?:figure|axes|patch|text|matplotlib|xtick|ytick|line2d|[A-Z])\w*\.?\w*"', "", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    return Markup(svg.strip())


def _require_equal_lengths(plot: Plot, line: Line) -> None:
    """Raises DrawstopError where a line's x, y and band have different lengths."""
    lengths = {len(line.x), len(line.y)} | {len(band) for band in (line.low, line.high) if band}
    if len(lengths) > 1 or bool(line.low) != bool(line.high):
        raise DrawstopError(
            f"the plot {plot.title!r} expected as many x, y and band values in {line.name!r}, "
            f"got {len(line.x)}, {len(line.y)}, {len(line.low)} and {len(line.high)}: measure again"
        )


def _corners(line: Line) -> list[tuple[float, float]]:
    """Two corners of the box around a line and its band; none for a line without points."""
    ys = [y for values in (line.y, line.low, line.high) for y in values if y is not None]
    return [(min(line.x), min(ys)), (max(line.x), max(ys))] if ys else []


def _numbers(values: tuple[float, ...]) -> list[float]:
    """The values with NaN for missing ones, which leaves a gap."""
    return [math.nan if value is None else value for value in values]


def _marked(line: Line) -> bool:
    return len(line.x) <= MOST_MARKED


def _dash(place: int) -> Any:
    return _DASHES[place // SERIES % len(_DASHES)]


def _css_dashes(place: int) -> str:
    dash = _dash(place)
    return "none" if dash == "-" else " ".join(str(1.7 * length) for length in dash[1])
