"""Tables as texts: equal decimals in a column, each count once, sort keys and interval bars."""

from __future__ import annotations

from dataclasses import dataclass

from drawstop.errors import DrawstopError
from training.evaluation.report.numbers import NOTHING, THIN, decimals_for, interval_text, mean_text, number
from training.evaluation.results import Cell, Plot, Table
from training.metrics.bootstrap import Estimate, Number


@dataclass(frozen=True)
class CellText:
    """A cell's text; for an estimate also its interval, its count and, for shares, the ends of a bar in percent."""

    text: str
    key: str = ""
    interval: str = ""
    n: str = ""
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class ColumnText:
    """A heading; `n` is the count that all estimates below share, if any."""

    name: str
    numeric: bool
    n: str = ""


def table_text(table: Table) -> tuple[tuple[ColumnText, ...], tuple[tuple[CellText, ...], ...]]:
    """The headings of a table and its rows, as texts.

    Raises:
        DrawstopError: a row isn't as long as the headings.
    """
    _require_full_rows(table)
    counts = _counts_of_rows(table)
    columns, cells = [], []
    for i, name in enumerate(table.columns):
        below = [row[i] for row in table.rows]
        column = ColumnText(name, _numeric(below), "" if counts else _common_n(below))
        decimals = decimals_for(_mean(cell) for cell in below)
        columns.append(column)
        cells.append([_cell(cell, table.unit, decimals, bool(counts or column.n)) for cell in below])
    if counts:
        columns.append(ColumnText("n", True))
        cells.append([CellText(number(count), str(count)) for count in counts])
    return tuple(columns), tuple(zip(*cells, strict=True)) if cells else ()


def _require_full_rows(table: Table) -> None:
    for row in table.rows:
        if len(row) != len(table.columns):
            raise DrawstopError(
                f"the table {table.title!r} expected {len(table.columns)} cells in each row, got {len(row)}: "
                "measure again"
            )


def _counts_of_rows(table: Table) -> list[int]:
    """The count that each row's estimates share; empty unless every row has one and some row has several estimates."""
    counts = [
        {cell.n for cell in row if isinstance(cell, Estimate) and cell.mean is not None} for row in table.rows
    ]
    several = any(sum(isinstance(cell, Estimate) for cell in row) > 1 for row in table.rows)
    if not several or any(len(each) != 1 or each == {0} for each in counts):
        return []
    return [each.pop() for each in counts]


def _cell(cell: Cell | Estimate, unit: str, decimals: int, n_above: bool) -> CellText:
    if isinstance(cell, Estimate):
        n = f"n{THIN}={THIN}{number(cell.n)}" if cell.n and not n_above else ""
        bar = _bar(cell) if unit == "share" else None
        interval = interval_text(cell, unit, decimals)
        return CellText(mean_text(cell, unit, decimals), _key(cell.mean), interval, n, bar)
    if cell is None:
        return CellText(NOTHING)
    if isinstance(cell, bool):
        return CellText("yes" if cell else "no", "1" if cell else "0")
    if isinstance(cell, str):
        return CellText(cell, cell)
    return CellText(number(cell, decimals), _key(cell))


def _bar(estimate: Estimate) -> tuple[float, float, float] | None:
    ends = (estimate.low, estimate.mean, estimate.high)
    if any(end is None or not 0 <= end <= 1 for end in ends):
        return None
    low, mean, high = (round(100 * (end or 0.0), 1) for end in ends)
    return low, mean, high


def _numeric(cells: list[Cell | Estimate]) -> bool:
    """Whether a column holds numbers, which are aligned right."""
    said = [cell for cell in cells if cell is not None]
    return bool(said) and not any(isinstance(cell, str | bool) for cell in said)


def _common_n(cells: list[Cell | Estimate]) -> str:
    counts = {cell.n for cell in cells if isinstance(cell, Estimate) and cell.mean is not None}
    common = len(counts) == 1 and len(cells) > 1 and counts != {0}
    return f"n{THIN}={THIN}{number(counts.pop())}" if common else ""


def _mean(cell: Cell | Estimate) -> Number:
    if isinstance(cell, Estimate):
        return cell.mean
    return None if isinstance(cell, str | bool) else cell


def _key(value: Number) -> str:
    return "" if value is None else repr(value)


def table_of(plot: Plot) -> Table:
    """The numbers of a plot: a row for each x, or for each point of a plot of points."""
    return _by_line(plot) if plot.points else _by_x(plot)


def _by_x(plot: Plot) -> Table:
    """A table with a row for each x and a column for each line."""
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


def _by_line(plot: Plot) -> Table:
    rows = tuple((line.name, x, y) for line in plot.lines for x, y in zip(line.x, line.y, strict=True))
    return Table(f"{plot.title}: numbers", ("Series", plot.x_label, plot.y_label), rows)
