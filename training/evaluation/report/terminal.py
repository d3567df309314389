"""Results on a terminal: answers, goals, tables and matrices; curves and sounds are only in the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from training.evaluation.results import Matrix, Result, Table
from training.metrics.bootstrap import Estimate

LONGEST = 24
"""Most rows of a table that a terminal shows; the rest is in the page and the JSON."""


def show(console: Console, results: Sequence[Result]) -> None:
    """Prints every result."""
    for result in results:
        console.print(f"\n{result.title}", style="bold", highlight=False)
        console.print(result.answer, highlight=False)
        for goal in result.goals:
            console.print(
                f"  {'reached' if goal.reached else 'missed '}  {goal.goal}: {goal.seen}", highlight=False
            )
        for block in result.content:
            if isinstance(block, Table):
                console.print(_table(block))
            elif isinstance(block, Matrix):
                console.print(_matrix(block))


def _table(table: Table) -> RichTable:
    left = len(table.rows) - LONGEST
    caption = f"{left} more rows in the page and the JSON" if left > 0 else None
    shown = RichTable(*table.columns, title=table.title, caption=caption)
    for row in table.rows[:LONGEST]:
        shown.add_row(*(cell_text(cell, table.unit) for cell in row))
    return shown


def _matrix(matrix: Matrix) -> RichTable:
    shown = RichTable(matrix.row_label, *matrix.columns, title=matrix.title)
    for name, values in zip(matrix.rows, matrix.values, strict=True):
        shown.add_row(name, *("–" if value is None else f"{value:+.2f}" for value in values))
    return shown


def cell_text(cell: Any, unit: str) -> str:
    """A cell in words; an estimate with its interval.

    >>> cell_text(Estimate(0.5, 0.25, 0.75, 8), "share"), cell_text(None, ""), cell_text(0.123456, "")
    ('50% (25–75)', '–', '0.123')
    """
    if isinstance(cell, Estimate):
        if cell.mean is None:
            return "–"
        scale, mark = (100, "%") if unit == "share" else (1, "")
        digits = 0 if unit == "share" else 2
        low, high = (cell.mean if end is None else end for end in (cell.low, cell.high))
        return f"{scale * cell.mean:.{digits}f}{mark} ({scale * low:.{digits}f}–{scale * high:.{digits}f})"
    if cell is None:
        return "–"
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)
