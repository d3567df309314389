"""The command `drawstop learn`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from drawstop.errors import DrawstopError
from drawstop.front.calling import program


def learn(
    mapping: Annotated[
        Path, typer.Argument(help="The mapping to write into, M.toml; made if it isn't there.")
    ],
    stops: Annotated[
        list[str] | None,
        typer.Argument(help="The stops to map, one after another (drawstop inspect organ.ts lists them)."),
    ] = None,
    midi: Annotated[
        list[str] | None,
        typer.Option(help="A MIDI input by (part of) its name; else every one. May be repeated."),
    ] = None,
    takeover: Annotated[
        str,
        typer.Option(
            help="What a knob at another position than its stop does: jump, pickup, scale, relative."
        ),
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what was learned last; again, to have it back.")
    ] = False,
) -> None:
    """Map a controller by moving it: for each stop, turn its knob up and down once.

    Its kind is recognised: 7 or 14 bits, an endless encoder, a pad, a button. Comments in the file stay.

    Example: drawstop learn organ.toml guitar voice  (then: drawstop play organ.ts --mapping organ.toml)
    """
    from realtime.controllers.mapping.file import read_mapping
    from realtime.controllers.mapping.takeover import check_takeover
    from realtime.inputs.learn import describe, learn_source
    from realtime.inputs.message_queue import message_queue

    if takeover:
        check_takeover(takeover)

    backup = mapping.with_name(f"{mapping.name}.before")
    if undo:
        _exchange(mapping, backup)
        return
    if not stops:
        raise DrawstopError(f"learn takes the stops to map, as in: drawstop learn {mapping} guitar voice")
    if mapping.exists():
        read_mapping(mapping)
    with message_queue(midi or (), _show_line) as messages:
        for stop in stops:
            _show_line(f"{stop}: turn its knob up and down, strike its pad, or press its pedal …")
            while not messages.empty():
                messages.get()
            learned = learn_source(messages)
            _copy(mapping, backup)
            _write(mapping, learned, stop, takeover)
            _show_line(f"{stop}: {describe(learned)}")
            if learned.second is not None:
                _show_line(f"  not sure; it could be {describe(learned.second)}")
                _show_line(
                    "  if it moves wrongly, learn it again: turn a knob both ways, tap a pedal, move one thing alone, and a "
                    "finger on an MPE controller one way only"
                )
    _show_line(f"{mapping} is written. Next: {program()} play X.ts --mapping {mapping}")


def _show_line(line: str) -> None:
    typer.echo(line, err=True)


def _write(mapping: Path, learned: object, stop: str, takeover: str) -> None:
    from dataclasses import replace

    from realtime.controllers.learning.learned import LearnedSource
    from realtime.controllers.mapping.add_knob import add_knob
    from realtime.controllers.mapping.takeover import check_takeover

    assert isinstance(learned, LearnedSource)
    knob = learned.knob(stop)
    add_knob(mapping, replace(knob, takeover=check_takeover(takeover)) if takeover else knob)


def _copy(mapping: Path, backup: Path) -> None:
    """Copy the mapping for --undo; if it doesn't exist yet, the copy is empty."""
    if mapping.exists():
        shutil.copyfile(mapping, backup)
    else:
        backup.parent.mkdir(parents=True, exist_ok=True)
        backup.write_text("", encoding="utf-8")


def _exchange(mapping: Path, backup: Path) -> None:
    if not (mapping.exists() and backup.exists()):
        raise DrawstopError(f"nothing to take back: {backup} isn't there; drawstop learn makes it")
    text, old = mapping.read_bytes(), backup.read_bytes()
    backup.write_bytes(text)
    mapping.write_bytes(old)
    _show_line(f"{mapping} is as it was before the last knob was learned; --undo again has it back")
