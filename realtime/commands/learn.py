"""The commands `drawstop learn` and `drawstop monitor`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from drawstop.errors import DrawstopError

Midi = Annotated[
    list[str] | None,
    typer.Option(help="A MIDI input by (part of) its name; else every one. May be repeated."),
]


def learn(
    mapping: Annotated[
        Path, typer.Argument(help="The mapping to write into, M.toml; made if it isn't there.")
    ],
    stops: Annotated[
        list[str] | None,
        typer.Argument(help="The stops to map, one after another (drawstop inspect organ.ts lists them)."),
    ] = None,
    midi: Midi = None,
    takeover: Annotated[
        str, typer.Option(help="What a knob does that stands elsewhere: jump, pickup, scale, relative.")
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what was learned last; again, to have it back.")
    ] = False,
) -> None:
    """Map a controller by touching it: for each stop, turn its knob up and down once.

    What was touched is told: 7 or 14 bits, an endless encoder, a pad, a button. Comments in the file stay.

    Example: drawstop learn organ.toml guitar voice  (then: drawstop play organ.ts --mapping organ.toml)
    """
    from realtime.controllers.mapping.file import read_mapping
    from realtime.controllers.mapping.takeover import check_takeover
    from realtime.inputs.listen import heard_messages, learn_touch, told

    if takeover:
        check_takeover(takeover)

    before = mapping.with_name(f"{mapping.name}.before")
    if undo:
        _exchange(mapping, before)
        return
    if not stops:
        raise DrawstopError(f"learn takes the stops to map, as in: drawstop learn {mapping} guitar voice")
    if mapping.exists():
        read_mapping(mapping)
    with heard_messages(midi or (), _say) as messages:
        for stop in stops:
            _say(f"{stop}: turn its knob up and down, or strike its pad …")
            while not messages.empty():
                messages.get()
            learned = learn_touch(messages)
            _keep(mapping, before)
            _write(mapping, learned, stop, takeover)
            _say(f"{stop}: {told(learned)}")
            if not learned.sure:
                _say(
                    "  that could be another kind, too: if it moves wrongly, learn it again and turn it both ways "
                    "(on an MPE controller: move the finger one way only)"
                )
    _say(f"{mapping} is written. Next: drawstop play X.ts --mapping {mapping}")


def monitor(
    midi: Midi = None,
    mapping: Annotated[
        str | None, typer.Option(help="Show what this mapping makes of it, too: M.toml.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="End by itself after so long.")] = None,
) -> None:
    """Show what arrives from controllers, decoded, and what it moves. Nothing sounds.

    Example: drawstop monitor --mapping organ.toml
    """
    from realtime.controllers.mapping.file import find_mapping
    from realtime.inputs.listen import monitor as show

    try:
        show(midi or (), find_mapping(mapping) if mapping else None, seconds, typer.echo)
    except KeyboardInterrupt:
        return  # the usual way to end it


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _write(mapping: Path, learned: object, stop: str, takeover: str) -> None:
    from dataclasses import replace

    from realtime.controllers.mapping.add_knob import add_knob
    from realtime.controllers.mapping.learn import Learned
    from realtime.controllers.mapping.takeover import check_takeover

    assert isinstance(learned, Learned)
    knob = learned.knob(stop)
    add_knob(mapping, replace(knob, takeover=check_takeover(takeover)) if takeover else knob)


def _keep(mapping: Path, before: Path) -> None:
    """A copy for --undo; of a file that isn't there yet, an empty one."""
    if mapping.exists():
        shutil.copyfile(mapping, before)
    else:
        before.parent.mkdir(parents=True, exist_ok=True)
        before.write_text("", encoding="utf-8")


def _exchange(mapping: Path, before: Path) -> None:
    if not (mapping.exists() and before.exists()):
        raise DrawstopError(f"nothing to take back: {before} isn't there; drawstop learn makes it")
    text, old = mapping.read_bytes(), before.read_bytes()
    before.write_bytes(text)
    mapping.write_bytes(old)
    _say(f"{mapping} is as it was before the last knob was learned; --undo again has it back")
