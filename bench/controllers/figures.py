"""What a measurement found, and the limits that it must keep."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass
class Figures:
    """A table's rows and the limits' verdicts."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    limits: list[tuple[str, float, float]] = field(default_factory=list)
    """Name, value, the most that it may be."""
    details: dict[str, Any] = field(default_factory=dict)

    def row(self, *cells: object) -> None:
        """One more row; numbers are shown to two places."""
        self.rows.append(tuple(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells))

    def limit(self, name: str, value: float, most: float) -> None:
        """The value must be at most so much."""
        self.limits.append((name, float(value), float(most)))

    @property
    def broken(self) -> list[str]:
        """The limits that aren't kept."""
        return [name for name, value, most in self.limits if not value <= most]

    def show(self) -> None:
        """Print it."""
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
        """For --json."""
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
    """Median, 99th percentile and largest of the magnitudes."""
    return spread(abs(value) for value in values)[1:]
