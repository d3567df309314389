"""The results of a measurement, and the limits that they must keep."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass
class Results:
    """A table of results, and the limits."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    limits: list[tuple[str, float, float]] = field(default_factory=list)
    """Name, value, the most that it may be."""
    details: dict[str, Any] = field(default_factory=dict)

    def row(self, *cells: object) -> None:
        """Add a row; numbers are shown to two decimals."""
        self.rows.append(tuple(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells))

    def limit(self, name: str, value: float, most: float) -> None:
        """Add a limit: the value must be at most `most`."""
        self.limits.append((name, float(value), float(most)))

    @property
    def broken(self) -> list[str]:
        """The names of the limits that are broken."""
        return [name for name, value, most in self.limits if not value <= most]

    def show(self) -> None:
        """Print the table and the limits."""
        table = Table(*self.columns, title=self.title, title_justify="left")
        for row in self.rows:
            table.add_row(*row)
        console = Console(width=130)
        console.print(table)
        for name, value, most in self.limits:
            console.print(
                f"{'ok    ' if value <= most else 'BROKEN'}  {name}: {value:.4g} (at most {most:.4g})"
            )

    def as_json(self) -> dict[str, Any]:
        """The content of --json."""
        limits = [
            {"name": name, "value": value, "most": most, "kept": value <= most}
            for name, value, most in self.limits
        ]
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "limits": limits, **self.details}


def spread(values: Iterable[float]) -> tuple[float, float, float, float]:
    """Smallest, median, 99th percentile, largest."""
    array = np.asarray(list(values), dtype=np.float64)
    return float(array.min()), float(np.median(array)), float(np.quantile(array, 0.99)), float(array.max())


def sizes(values: Iterable[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and largest of the absolute values."""
    return spread(abs(value) for value in values)[1:]
