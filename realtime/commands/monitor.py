"""The command `drawstop monitor`."""

from typing import Annotated

import typer


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

    Example: drawstop monitor --mapping organ.toml
    """
    from realtime.controllers.mapping.file import find_mapping
    from realtime.inputs.monitor import monitor as show

    try:
        show(midi or (), find_mapping(mapping) if mapping else None, seconds, typer.echo)
    except KeyboardInterrupt:
        return  # the usual way to end it
