"""One more knob in a `mapping.toml`, whose comments and order stay."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

import tomlkit

from drawstop.files import atomic_file
from realtime.controllers.mapping.file import parse_mapping, read_mapping
from realtime.controllers.mapping.mapping import Knob
from realtime.controllers.mapping.toml_document import read_toml

HOW_IT_SENDS = ("mode", "order", "encoding")
"""What a controller decides, not its player: these are written anew when a knob is learned again."""
WRITTEN = ("mode", "order", "takeover", "encoding", "step", "dead_zone", "semitones", "shift", "bank")
"""A knob's keys that are written where they aren't as they would be without."""


def add_knob(path: Path, knob: Knob) -> None:
    """Write one more knob into a mapping, which is made if it isn't there. A knob with this source and stop is replaced.

    Raises:
        DrawstopError: what is there is no mapping; it stays as it was.
    """
    document = tomlkit.document()
    if path.exists():
        read_mapping(path)
        document, _ = read_toml(path)
    knobs = document.setdefault("knob", tomlkit.aot())
    table = _knob_table(knob)
    same = [place for place, each in enumerate(knobs) if _same(each, table)]
    if same:
        for key in HOW_IT_SENDS:
            knobs[same[0]].pop(key, None)
        knobs[same[0]].update(table)
    else:
        knobs.append(table)
    text = tomlkit.dumps(document)
    parse_mapping(text, path)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _same(table: Table[str, Any], other: Table[str, Any]) -> bool:
    return all(
        table.get(key) == other.get(key) for key in ("source", "device", "channel", "stop", "shift", "bank")
    )


def _knob_table(knob: Knob) -> Any:
    table = tomlkit.table()
    plain = Knob(knob.source, knob.stop)
    table["source"] = str(knob.source)
    for key in ("device", "channel"):
        if getattr(knob.source, key) is not None:
            table[key] = getattr(knob.source, key)
    table["stop"] = knob.stop
    if knob.source.notes != "last":
        table["notes"] = knob.source.notes
    for key in WRITTEN:
        if getattr(knob, key) != getattr(plain, key):
            table[key] = getattr(knob, key)
    if knob.low is not None and knob.high is not None:
        table["range"] = [knob.low, knob.high]
    return table
