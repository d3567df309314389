"""The picture and the table of `drawstop classify`: a row for each concept, over time."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from rich.table import Table

from drawstop.files import atomic_file
from training.evaluation.classify import Classified

matplotlib.use("Agg")

from matplotlib.figure import Figure

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 30
"""Characters of a recording's time course in the table; a longer one is averaged."""
MOST_DRAWN = 20
"""Recordings in the picture."""


def draw(path: Path, found: Sequence[Classified], measure: str, window_seconds: float) -> None:
    """Draws the answers of up to MOST_DRAWN recordings, a panel for each; dark is 0, bright 1, grey silence."""
    drawn = found[:MOST_DRAWN]
    concepts = list(drawn[0].answers)
    height = 0.9 + len(drawn) * (0.55 + 0.3 * len(concepts))
    figure = Figure(figsize=(9, height), dpi=100, layout="constrained")
    axes = figure.subplots(len(drawn), 1, squeeze=False)[:, 0]
    colours = matplotlib.colormaps["viridis"].with_extremes(bad="0.8")
    for axis, each in zip(axes, drawn, strict=True):
        values = np.array(
            [[np.nan if v is None else v for v in each.answers[c].seconds] for c in concepts], float
        )
        extent = (0.0, values.shape[1] * window_seconds, len(concepts) - 0.5, -0.5)
        image = axis.imshow(
            values, aspect="auto", cmap=colours, vmin=0, vmax=1, extent=extent, interpolation="none"
        )
        axis.set_yticks(range(len(concepts)), concepts)
        axis.set_title(each.path.name, loc="left", fontsize=9)
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=list(axes), label=measure, aspect=30)
    with atomic_file(path) as beside:
        figure.savefig(beside, metadata={"Software": None} if path.suffix == ".png" else None)


def table(found: Sequence[Classified], measure: str) -> Table:
    """A row for each recording and concept: the answer for all of it, its time course, the second of its maximum."""
    made = Table(title=f"{measure} of each recording, and over its seconds")
    for column in ("recording", "concept", measure, "over time", "most at"):
        made.add_column(
            column, justify="right" if column in (measure, "most at") else "left", overflow="fold"
        )
    for each in found:
        for place, (name, answer) in enumerate(each.answers.items()):
            known = each.path.name + (" (an example)" if each.learned_from else "")
            most = max(range(len(answer.seconds)), key=lambda i: answer.seconds[i] or 0.0)
            silent = answer.whole is None
            made.add_row(
                known if place == 0 else "",
                name,
                "silent" if silent else f"{answer.whole:.2f}",
                course(answer.seconds),
                "" if silent else f"{most} s",
                end_section=place == len(each.answers) - 1,
            )
    return made


def course(values: Sequence[float | None]) -> str:
    """Values in 0..1 as bars, at most WIDEST of them; a space in silence.

    >>> course([0.0, 0.5, 1.0, None])
    '▁▅█ '
    """
    parts = np.array_split(np.array([np.nan if v is None else v for v in values]), min(WIDEST, len(values)))
    bars = []
    for part in parts:
        known = part[np.isfinite(part)]
        bars.append(BARS[min(int(known.mean() * len(BARS)), len(BARS) - 1)] if len(known) else " ")
    return "".join(bars)
