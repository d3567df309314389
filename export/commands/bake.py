"""The command `drawstop bake`."""

from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import JsonOption, checks_as_json, print_checks


def bake(
    model: Annotated[Path, typer.Argument(help="A RAVE: its exported .ts, or its training run's folder.")],
    banks: Annotated[
        list[Path], typer.Argument(help="Banks with at least one stop each, of any of the model's sites.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The instrument to write, X.ts.")],
    json: JsonOption = None,
) -> None:
    """Put one or more banks inside a RAVE, verify the result as its host would use it, and write it as one file.

    Example: drawstop bake rave.ts bank/ -o organ.ts
    """
    from drawstop.files import write_json
    from export.instrument.bake import bake as bake_instrument

    if model.is_dir():
        from training.models.rave.export_run import export_run

        model = export_run(model)
    baked = bake_instrument(model, banks, out)
    print_checks(baked.checks)
    stops = ", ".join(stop.slug for stop in baked.description.stops)
    typer.echo(f"{out}: {stops}; {baked.description.delay_samples} samples of delay")
    if json is not None:
        write_json(json, {"instrument": str(out), "checks": checks_as_json(baked.checks)})
