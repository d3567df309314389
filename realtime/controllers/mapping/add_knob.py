"""Adds one knob to a `mapping.toml`, whose comments and order stay."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

import tomlkit

from drawstop.files import atomic_file
from realtime.controllers.mapping.file import FIELDS, parse_mapping, read_mapping
from realtime.controllers.mapping.mapping import Knob
from realtime.controllers.mapping.toml_document import read_toml

DETECTED = ("mode", "order", "encoding", "trigger")
"""The keys that `detect` finds: these are replaced when a knob is learned again, the player's own choices stay."""
OPTIONAL = (
    "mode",
    "order",
    "takeover",
    "encoding",
    "step",
    "dead_zone",
    "semitones",
    "shift",
    "bank",
    "trigger",
)
"""The keys that are written only if they differ from the default."""


def add_knob(path: Path, knob: Knob) -> None:
    """Write one knob into a mapping, which is created if it doesn't exist. A knob with its source and stop is replaced.

    Raises:
        DrawstopError: the file is no mapping; it stays as it was.
    """
    document = tomlkit.document()
    if path.exists():
        read_mapping(path)
        document, _ = read_toml(path)
    knobs = document.setdefault("knob", tomlkit.aot())
    table = _knob_table(knob)
    same = [each for each in knobs if _same(each, table)]
    if same:
        for key in DETECTED:
            same[0].pop(key, None)
        same[0].update(table)
    else:
        knobs.append(table)
    text = tomlkit.dumps(document)
    parse_mapping(text, path)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def knob_toml(knob: Knob) -> str:
    """A knob as a mapping's file has it.

    >>> from realtime.controllers.midi.source import MidiSource
    >>> print(knob_toml(Knob(MidiSource("cc", 20, 1, "nano"), "guitar")), end="")
    [[knob]]
    source = "cc 20"
    device = "nano"
    channel = 1
    stop = "guitar"
    """
    knobs = tomlkit.aot()
    knobs.append(_knob_table(knob))
    return tomlkit.dumps({"knob": knobs})


def _same(table: Table[str, Any], other: Table[str, Any]) -> bool:
    return all(
        table.get(key) == other.get(key) for key in ("source", "device", "channel", "stop", "shift", "bank")
    )


def _knob_table(knob: Knob) -> Any:
    table = tomlkit.table()
    default = Knob(knob.source, knob.stop)
    table["source"] = str(knob.source)
    for key in ("device", "channel"):
        if getattr(knob.source, key) is not None:
            table[key] = getattr(knob.source, key)
    table["stop"] = knob.stop
    if knob.source.notes != "last":
        table["notes"] = knob.source.notes
    for key in OPTIONAL:
        field = FIELDS.get(key, key)
        if getattr(knob, field) != getattr(default, field):
            table[key] = getattr(knob, field)
    if knob.low is not None and knob.high is not None:
        table["range"] = [knob.low, knob.high]
    return table
