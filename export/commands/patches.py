"""The command `drawstop patches`."""

from pathlib import Path
from typing import Annotated

import typer


def patches(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    package: Annotated[
        bool,
        typer.Option(
            "--package", help="A folder to drop among Max's packages or Pd's externals, X.ts inside."
        ),
    ] = False,
) -> None:
    """Write an instrument's patches for Pd, Max and Live (a knob per stop, help for every method) and a SuperCollider file.

    Example: drawstop patches organ.ts -o organ-patches
    """
    from export.instrument.verify import open_instrument
    from export.patches.write import write_package, write_patches

    _, description = open_instrument(instrument)
    if package:
        write_package(description, instrument, out)
    else:
        write_patches(description, instrument.name, out)
    typer.echo(
        f"{out}: open {instrument.stem}.pd or {instrument.stem}.maxpat; README.md has the three steps to sound"
    )
