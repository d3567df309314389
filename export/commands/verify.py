"""The command `drawstop verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from export.instrument.verify import Check

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the same facts to this file.")]


def verify(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    model: Annotated[
        Path | None, typer.Option(help="The RAVE it was made from: compares the neutral bits too.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Call an instrument as its host would, and compare the outputs. Exits with 2 when a check fails.

    Example: drawstop verify organ.ts --model rave.ts
    """
    from drawstop.files import write_json
    from export.instrument.verify import require
    from export.instrument.verify import verify as verify_instrument

    checks = verify_instrument(instrument, model)
    print_checks(checks)
    if json is not None:
        write_json(json, {"instrument": str(instrument), "checks": checks_as_json(checks)})
    require(checks)


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
