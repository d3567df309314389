"""The command `drawstop monitor`."""

import sys
from typing import Annotated

import typer

REDRAWS_PER_S = 15


def monitor(
    midi: Annotated[
        list[str] | None,
        typer.Option(help="A MIDI input by (part of) its name; else every one. May be repeated."),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="Show what this mapping makes of it, too: M.toml.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="End by itself after so long.")] = None,
) -> None:
    """Show what arrives from controllers, decoded, and what it moves. Nothing sounds.

    In a terminal a table, with the source that was moved last as a mapping has it, ready to be copied; else a line a message.

    Example: drawstop monitor --mapping organ.toml
    """
    from rich.live import Live

    from realtime.controllers.mapping.file import find_mapping
    from realtime.inputs.monitor import SourceTable
    from realtime.inputs.monitor import monitor as show

    path = find_mapping(mapping) if mapping else None
    try:
        if not sys.stdout.isatty():
            show(midi or (), path, seconds, typer.echo)
            return
        table = SourceTable()
        with Live(table, refresh_per_second=REDRAWS_PER_S):
            show(midi or (), path, seconds, typer.echo, table)
    except KeyboardInterrupt:
        return  # the usual way to end it
