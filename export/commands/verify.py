"""The command `drawstop verify`."""

from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import JsonOption, checks_as_json, print_checks


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
