"""`mapping.toml`: its keys, and the reader, whose errors name the line and the cure."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.curves import LINEAR, Curve
from realtime.controllers.mapping.mapping import ANY_PROGRAM, Button, Combine, Knob, Mapping
from realtime.controllers.mapping.toml_document import Lines, parse_toml, read_toml
from realtime.controllers.mapping.toml_tables import TableReader, is_a
from realtime.controllers.midi.mpe_zones import Zones
from realtime.controllers.midi.source import MidiSource, parse_source

TOP_KEYS = {
    "takeover": "text", "smoothing": "number", "programs": "true, false or table", "clock": "text", "feedback": "true or false",
    "mpe": "table", "combine": "table", "knob": "tables", "button": "tables",
}  # fmt: skip
SOURCE_KEYS = {"source": "text", "device": "text", "channel": "whole number", "notes": "text"}
KNOB_KEYS = SOURCE_KEYS | {
    "stop": "text", "mode": "text", "range": "list", "curve": "text or table", "dead_zone": "number",
    "smoothing": "number", "takeover": "text", "encoding": "text", "step": "number", "order": "text",
    "semitones": "number", "shift": "text", "bank": "text", "trigger": "text",
}  # fmt: skip
BUTTON_KEYS = SOURCE_KEYS | {
    "does": "text", "name": "text", "seconds": "number", "beats": "number", "shift": "text",
    "trigger": "text",
}  # fmt: skip
PROGRAM_KEYS = {"channel": "whole number", "device": "text"}
MPE_KEYS = {"lower": "whole number", "upper": "whole number"}
"""The keys of the file's tables, and the type of each. The defaults are those of the dataclasses `Knob` and `Button`."""
FIELDS = {"smoothing": "smoothing_s", "bank": "page"}
"""The dataclass's field of a key, if it has another name."""
_READ_SEPARATELY = ("source", "device", "channel", "notes", "stop", "range", "curve", "does")

BOXES = Path(__file__).parent / "boxes"
"""The folder of mappings for common controllers, each named after its controller."""


def box_names() -> list[str]:
    """The names of the controllers that have a mapping here."""
    return sorted(path.stem for path in BOXES.glob("*.toml"))


def find_mapping(text: str) -> Path:
    """The file of a mapping, given by its path or by the name of a controller.

    Raises:
        DrawstopError: there is no such file or controller.
    """
    path = Path(text)
    if path.exists():
        return path
    if text in box_names():
        return BOXES / f"{text}.toml"
    raise DrawstopError(
        f"no mapping at {text}; drawstop learn makes one, and these controllers have one: {', '.join(box_names())}"
    )


def is_shipped(path: Path) -> bool:
    """Whether a mapping is one of those that come with Drawstop, which nobody writes into."""
    return path.parent == BOXES


def read_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        DrawstopError: a mistake, with the file, the line and the cure.
    """
    document, lines = read_toml(path)
    return _mapping(document.unwrap(), lines)


def parse_mapping(text: str, path: Path) -> Mapping:
    """Read a mapping from its text; `path` is for errors only."""
    document, lines = parse_toml(text, path)
    return _mapping(document.unwrap(), lines)


def _mapping(document: Table[str, Any], lines: Lines) -> Mapping:
    reader = TableReader(document, (), lines)
    reader.only(TOP_KEYS)
    common = _given(reader, {key: TOP_KEYS[key] for key in ("takeover", "smoothing")})
    combine: dict[str, Combine] = {}
    for slug, how in reader.table("combine").items():
        if how not in ("last", "sum"):
            raise lines.error(("combine", slug), f"combine takes last or sum, got {how!r}")
        combine[slug] = how
    rest = _given(reader, {key: TOP_KEYS[key] for key in ("clock", "feedback")}) | {
        "programs": _programs(reader)
    }
    if "mpe" in document:
        rest["mpe"] = _zones(reader.inner("mpe"))
    return Mapping(
        tuple(_knob(each, common) for each in reader.tables("knob")),
        tuple(_button(each) for each in reader.tables("button")),
        combine,
        **rest,
    )


def _knob(reader: TableReader, common: Table[str, Any]) -> Knob:
    reader.only(KNOB_KEYS)
    low, high = _range(reader)
    return reader.made(
        lambda: Knob(
            _source(reader),
            reader.needed("stop"),
            low=low,
            high=high,
            curve=_curve(reader),
            **{**common, **_given(reader, KNOB_KEYS)},
        )
    )


def _button(reader: TableReader) -> Button:
    reader.only(BUTTON_KEYS)
    return reader.made(lambda: Button(_source(reader), reader.needed("does"), **_given(reader, BUTTON_KEYS)))


def _programs(reader: TableReader) -> MidiSource | None:
    """The program changes that recall scenes; None: none do."""
    programs = reader.values.get("programs", True)
    if isinstance(programs, bool):
        return ANY_PROGRAM if programs else None
    if not isinstance(programs, dict):
        raise reader.error(
            "programs",
            f"programs takes true, false or {{ channel = 2 }}, with a device too; got {programs!r}",
        )
    table = reader.inner("programs")
    table.only(PROGRAM_KEYS)
    return table.made(lambda: MidiSource("program", **_sent_by(table)))


def _zones(reader: TableReader) -> Zones:
    reader.only(MPE_KEYS)
    return reader.made(lambda: Zones(**_given(reader, MPE_KEYS)))


def _given(reader: TableReader, keys: Table[str, str]) -> dict[str, Any]:
    """The values of those of some keys that the table has, by their dataclass's fields."""
    given = {key: kind for key, kind in keys.items() if key in reader.values and key not in _READ_SEPARATELY}
    return {FIELDS.get(key, key): reader.get(key, kind, None) for key, kind in given.items()}


def _source(reader: TableReader) -> MidiSource:
    sent_by = _sent_by(reader)
    return parse_source(reader.needed("source"), notes=reader.get("notes", "text", "last"), **sent_by)


def _sent_by(reader: TableReader) -> dict[str, Any]:
    return {key: reader.get(key, kind, None) for key, kind in PROGRAM_KEYS.items()}


def _range(reader: TableReader) -> tuple[float | None, float | None]:
    ends = reader.get("range", "list", None)
    if ends is None:
        return None, None
    if len(ends) != 2 or not all(is_a("number", end) for end in ends):
        raise reader.error("range", f"a range is [lowest, highest], got {ends}")
    return float(ends[0]), float(ends[1])


def _curve(reader: TableReader) -> Curve:
    curve = reader.values.get("curve")
    if curve is None:
        return LINEAR
    if isinstance(curve, str) and curve not in ("steps", "table"):
        return Curve(curve)  # type: ignore[arg-type]
    if isinstance(curve, dict) and list(curve) == ["steps"] and is_a("whole number", curve["steps"]):
        return Curve("steps", steps=curve["steps"])
    points = curve.get("table") if isinstance(curve, dict) and len(curve) == 1 else None
    if isinstance(points, list) and all(
        isinstance(point, list) and len(point) == 2 and all(is_a("number", x) for x in point)
        for point in points
    ):
        return Curve("table", table=tuple((float(x), float(y)) for x, y in points))
    raise reader.error(
        "curve",
        'a curve is "linear", "exponential", "s-curve", { steps = 5 } or { table = [[0, 0], [1, 1]] }; '
        f"got {curve}",
    )
