"""Blocks of evidence as a template shows them: pictures, shades and data URIs in place of numbers and paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from markupsafe import Markup

from drawstop.errors import DrawstopError
from training.evaluation.report.embedded_sound import Embedded, embed
from training.evaluation.report.numbers import NOTHING, THIN, decimals_for, number, size_text
from training.evaluation.report.svg_plot import plot_svg, require_equal_lengths, swatch_svg
from training.evaluation.report.table_views import LONG_ROWS, Place, TableView, label_of, table_view
from training.evaluation.results import Block, Matrix, Players, Plot, Table
from training.metrics.bootstrap import Estimate, Number


@dataclass(frozen=True)
class PlotView:
    """A picture, its legend, and the numbers in it."""

    kind: ClassVar[str] = "plot"
    title: str
    label: str
    note: str
    x_label: str
    y_label: str
    svg: Markup
    legend: tuple[tuple[Markup, str], ...]
    numbers: TableView


@dataclass(frozen=True)
class Shade:
    """A matrix's cell: its text, on which side of the middle it is, and how strongly (0..1)."""

    text: str
    side: str
    strength: str


@dataclass(frozen=True)
class MatrixView:
    """A matrix of shaded texts."""

    kind: ClassVar[str] = "matrix"
    title: str
    label: str
    note: str
    row_label: str
    column_label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Shade, ...]], ...]


@dataclass(frozen=True)
class SoundView:
    """A sound with its label."""

    label: str
    length: str
    sound: Embedded


@dataclass(frozen=True)
class PlayersView:
    """Sounds in rows."""

    kind: ClassVar[str] = "players"
    title: str
    label: str
    note: str
    rows: tuple[tuple[SoundView, ...], ...]

    @property
    def long(self) -> bool:
        """Whether it is filtered."""
        return len(self.rows) > LONG_ROWS

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(each.sound.size_bytes for row in self.rows for each in row)

    @property
    def count(self) -> str:
        """How many sounds there are, and how large."""
        sounds = sum(len(row) for row in self.rows)
        return f"{sounds} sound{'' if sounds == 1 else 's'}, {size_text(self.size_bytes)}"


BlockView: TypeAlias = TableView | PlotView | MatrixView | PlayersView


def block_view(block: Block, place: Place) -> BlockView:
    """A block as the template shows it. Raises DrawstopError for a sound or a line that can't be shown."""
    if isinstance(block, Table):
        return table_view(block, place)
    if isinstance(block, Plot):
        return _plot_view(block, place)
    if isinstance(block, Matrix):
        return _matrix_view(block, place)
    return _players_view(block, place)


def _plot_view(plot: Plot, place: Place) -> PlotView:
    for line in plot.lines:
        require_equal_lengths(plot, line)
    legend = tuple((swatch_svg(i, plot), line.name) for i, line in enumerate(plot.lines))
    numbers = table_view(_table_of_points(plot) if plot.points else _table_of_lines(plot), place)
    svg = plot_svg(plot, place.prefix, place.beside if isinstance(place.beside, Plot) else None)
    return PlotView(
        plot.title, label_of(plot, place), plot.note, plot.x_label, plot.y_label, svg, legend, numbers
    )


def _table_of_lines(plot: Plot) -> Table:
    """A row for each x, a column for each line."""
    xs = sorted({x for line in plot.lines for x in line.x})
    known = [
        {
            x: Estimate(y, line.low[i] if line.low else None, line.high[i] if line.high else None)
            for i, (x, y) in enumerate(zip(line.x, line.y, strict=True))
        }
        for line in plot.lines
    ]
    rows = tuple((x, *(points.get(x) for points in known)) for x in xs)
    names = (line.name or plot.y_label for line in plot.lines)
    return Table(f"{plot.title}: numbers", (plot.x_label, *names), rows)


def _table_of_points(plot: Plot) -> Table:
    rows = tuple((line.name, x, y) for line in plot.lines for x, y in zip(line.x, line.y, strict=True))
    return Table(f"{plot.title}: numbers", ("Series", plot.x_label, plot.y_label), rows)


def _matrix_view(matrix: Matrix, place: Place) -> MatrixView:
    _require_full_matrix(matrix)
    shown = [matrix, place.beside] if isinstance(place.beside, Matrix) else [matrix]
    known = [value for each in shown for row in each.values for value in row if value is not None]
    farthest = max((abs(value - matrix.middle) for value in known), default=0.0)
    decimals = decimals_for(known)
    rows = tuple(
        (name, tuple(_shade(value, matrix.middle, farthest, decimals) for value in values))
        for name, values in zip(matrix.rows, matrix.values, strict=True)
    )
    labels = (matrix.row_label, matrix.column_label)
    return MatrixView(matrix.title, label_of(matrix, place), matrix.note, *labels, matrix.columns, rows)


def _require_full_matrix(matrix: Matrix) -> None:
    expected = (len(matrix.rows), len(matrix.columns))
    got = (len(matrix.values), *{len(row) for row in matrix.values})
    if got not in (expected, (0,)):
        raise DrawstopError(
            f"the matrix {matrix.title!r} expected {expected[0]} rows of {expected[1]} values, "
            f"got {got[0]} of {', '.join(map(str, got[1:]))}: measure again"
        )


def _shade(value: Number, middle: float, farthest: float, decimals: int) -> Shade:
    if value is None:
        return Shade(NOTHING, "", "0")
    strength = abs(value - middle) / farthest if farthest else 0.0
    side = "above" if value > middle else "below"
    return Shade(number(float(value), decimals), side, f"{strength:.2f}")


def _players_view(players: Players, place: Place) -> PlayersView:
    wanted_by = f"the players {players.title!r}"
    rows = []
    for row in players.rows:
        embedded = [(sound.label, embed(place.folder, sound.path, wanted_by)) for sound in row]
        rows.append(tuple(SoundView(label, _length(sound), sound) for label, sound in embedded))
    return PlayersView(players.title, label_of(players, place), players.note, tuple(rows))


def _length(sound: Embedded) -> str:
    return f"{number(sound.seconds, 1)}{THIN}s"
