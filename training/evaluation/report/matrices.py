"""Matrices as shaded texts: the farther a value is from the middle, the stronger its colour."""

from __future__ import annotations

from dataclasses import dataclass

from drawstop.errors import DrawstopError
from training.evaluation.report.numbers import NOTHING, decimals_for, number
from training.evaluation.results import Matrix
from training.metrics.bootstrap import Number


@dataclass(frozen=True)
class Shade:
    """A matrix's cell: its text, on which side of the middle it is, and how strongly (0..1)."""

    text: str
    side: str
    strength: str


def shaded(matrix: Matrix, beside: Matrix | None = None) -> tuple[tuple[str, tuple[Shade, ...]], ...]:
    """The rows of a matrix: name and shaded cells, in the same shades as the matrix `beside` it.

    Raises:
        DrawstopError: rows or columns are missing.
    """
    _require_full_matrix(matrix)
    shown = [matrix, beside] if beside is not None else [matrix]
    known = [value for each in shown for row in each.values for value in row if value is not None]
    farthest = max((abs(value - matrix.middle) for value in known), default=0.0)
    decimals = decimals_for(known)
    return tuple(
        (name, tuple(_shade(value, matrix.middle, farthest, decimals) for value in values))
        for name, values in zip(matrix.rows, matrix.values, strict=True)
    )


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
