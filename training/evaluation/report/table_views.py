"""Tables of evidence as a template shows them: texts, sort keys and interval bars in place of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from drawstop.errors import DrawstopError
from training.evaluation.report.numbers import NOTHING, THIN, decimals_for, interval_text, mean_text, number
from training.evaluation.results import Block, Cell, Table
from training.metrics.bootstrap import Estimate, Number

LONG_ROWS = 30
"""More rows than this can be sorted and filtered, and scroll in a box of their own."""


@dataclass(frozen=True)
class Place:
    """Where a block stands.

    Attributes:
        folder: what its sounds' paths are relative to.
        prefix: what its identifiers begin with.
        owner: whose it is, for screen readers.
        beside: what it is compared with: both have the same axes and the same shades.
    """

    folder: Path
    prefix: str
    owner: str
    beside: Block | None = None


@dataclass(frozen=True)
class CellView:
    """A cell's text; of an estimate also its interval, its count and, of shares, the ends of a bar in percent."""

    text: str
    key: str = ""
    interval: str = ""
    n: str = ""
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class ColumnView:
    """A heading; `n` is said once there when all estimates below share it."""

    name: str
    numeric: bool
    n: str = ""


@dataclass(frozen=True)
class TableView:
    """A table of texts."""

    kind: ClassVar[str] = "table"
    title: str
    label: str
    note: str
    columns: tuple[ColumnView, ...]
    rows: tuple[tuple[CellView, ...], ...]

    @property
    def long(self) -> bool:
        """Whether it is sorted and filtered."""
        return len(self.rows) > LONG_ROWS


def table_view(table: Table, place: Place) -> TableView:
    """Cells as texts, numbers of a column with equally many decimals, each count said once.

    Raises:
        DrawstopError: a row isn't as long as the headings.
    """
    _require_full_rows(table)
    counts = _counts_of_rows(table)
    columns, cells = [], []
    for i, name in enumerate(table.columns):
        below = [row[i] for row in table.rows]
        column = ColumnView(name, _numeric(below), "" if counts else _common_n(below))
        decimals = decimals_for(_mean(cell) for cell in below)
        columns.append(column)
        cells.append([_cell(cell, table.unit, decimals, bool(counts or column.n)) for cell in below])
    if counts:
        columns.append(ColumnView("n", True))
        cells.append([CellView(number(count), str(count)) for count in counts])
    rows = tuple(zip(*cells, strict=True)) if cells else ()
    return TableView(table.title, label_of(table, place), table.note, tuple(columns), rows)


def _require_full_rows(table: Table) -> None:
    for row in table.rows:
        if len(row) != len(table.columns):
            raise DrawstopError(
                f"the table {table.title!r} expected {len(table.columns)} cells in each row, got {len(row)}: "
                "measure again"
            )


def _counts_of_rows(table: Table) -> list[int]:
    """Of each row the count that its estimates share, where every row has at least one and most have several."""
    counts = [
        {cell.n for cell in row if isinstance(cell, Estimate) and cell.mean is not None} for row in table.rows
    ]
    several = any(sum(isinstance(cell, Estimate) for cell in row) > 1 for row in table.rows)
    if not several or any(len(each) != 1 or each == {0} for each in counts):
        return []
    return [each.pop() for each in counts]


def _cell(cell: Cell | Estimate, unit: str, decimals: int, n_above: bool) -> CellView:
    if isinstance(cell, Estimate):
        n = f"n{THIN}={THIN}{number(cell.n)}" if cell.n and not n_above else ""
        bar = _bar(cell) if unit == "share" else None
        interval = interval_text(cell, unit, decimals)
        return CellView(mean_text(cell, unit, decimals), _key(cell.mean), interval, n, bar)
    if cell is None:
        return CellView(NOTHING)
    if isinstance(cell, bool):
        return CellView("yes" if cell else "no", "1" if cell else "0")
    if isinstance(cell, str):
        return CellView(cell, cell)
    return CellView(number(cell, decimals), _key(cell))


def _bar(estimate: Estimate) -> tuple[float, float, float] | None:
    ends = (estimate.low, estimate.mean, estimate.high)
    if any(end is None or not 0 <= end <= 1 for end in ends):
        return None
    low, mean, high = (round(100 * (end or 0.0), 1) for end in ends)
    return low, mean, high


def _numeric(cells: list[Cell | Estimate]) -> bool:
    """Whether a column is one of numbers, and so set flush right."""
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


def label_of(block: Block, place: Place) -> str:
    """What a screen reader calls a block: titles alone come more than once."""
    return f"{place.owner}: {block.title}"
