"""The command `drawstop plugin`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from export.commands.options import JsonOption

if TYPE_CHECKING:
    from export.plugin.verify import HostCase


def plugin(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The Neutone model to write, X.nm.")],
    knobs: Annotated[
        list[str],
        typer.Option(
            help="Up to four stops, or wet (the input mixed in, as late as the output): all stops and wet if that is four or "
            "fewer, else the first four stops."
        ),
    ] = [],  # noqa: B006 (typer's default)
    buffers: Annotated[
        list[int],
        typer.Option(
            help="Samples that the model plays at once, multiples of its ratio; by default the ratio: the shortest delay."
        ),
    ] = [],  # noqa: B006
    name: Annotated[
        str, typer.Option(help="Shown by the plug-in; the instrument's own, 30 letters at most.")
    ] = "",
    authors: Annotated[list[str], typer.Option(help="Shown by the plug-in, five at most.")] = [],  # noqa: B006
    submission: Annotated[
        bool, typer.Option("--submission", help="All checks of the SDK, benchmarks too: minutes.")
    ] = False,
    json: JsonOption = None,
) -> None:
    """Write an instrument as a model for the Neutone FX plug-in (VST3, AU), with stops as its knobs: 0.5 is as played.

    Example: drawstop plugin organ.ts -o organ.nm --knobs guitar voice wet
    """
    from dataclasses import asdict

    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from export.plugin.write import PLAN, write_plugin

    with steps_bar() as progress:
        progress.expect(PLAN)
        written = write_plugin(instrument, out, knobs, buffers, name, authors, submission, progress)
    _print_cells(written.cells)
    typer.echo(
        f"{out}: knobs {', '.join(knob.name for knob in written.knobs)}; load it in Neutone FX with 'Load your own'"
    )
    if json is not None:
        write_json(json, {"model": str(out), "cells": [asdict(cell) for cell in written.cells]})


def _print_cells(cells: "list[HostCase]") -> None:
    """Print a table: each rate and buffer, the delay that the file reports, and how far it is from `play`."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "host", "buffer", "model plays", "delay reported", "measured", "largest difference from play"
    )
    for cell in cells:
        measured = "" if cell.measured is None else str(cell.measured)
        reported = f"{cell.buffering} + {cell.delay} = {cell.buffering + cell.delay}"
        row = (f"{cell.rate} Hz", cell.block, cell.model_block, reported, measured, f"{cell.difference:.1e}")
        table.add_row(*map(str, row))
    Console().print(table)
