"""An option that several commands share, and the checks of an instrument as they print and write them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from export.instrument.verify import Check

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the same facts to this file.")]


def print_checks(checks: "list[Check]") -> None:
    """Print a table: each check, whether it held, and what was seen."""
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "held", "seen")
    for check in checks:
        table.add_row(check.name, "yes" if check.passed else "NO", check.seen)
    Console().print(table)


def checks_as_json(checks: "list[Check]") -> list[dict[str, Any]]:
    """The checks as `--json` writes them."""
    return [{"name": check.name, "passed": check.passed, "seen": check.seen} for check in checks]
