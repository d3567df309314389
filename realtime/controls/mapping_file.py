"""`mapping.toml`: read with a word for every mistake, and written so that its comments stay."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

import tomlkit

from drawstop.base.errors import DrawstopError
from drawstop.base.files import atomic_file
from realtime.controls.curves import LINEAR, Curve
from realtime.controls.mapping import Button, Combine, Knob, Mapping
from realtime.controls.midi_sources import MidiSource, parse_source
from realtime.controls.toml_lines import Lines, parse_toml, read_toml
from realtime.controls.toml_tables import TableReader, is_a

EXAMPLE = """\
# What moves what. Save this file while it plays: the change applies at once.

takeover = "pickup"      # a knob that stands elsewhere than its stop waits until it passes it; or jump, scale, relative
smoothing = 0.01         # seconds in which a stop follows its knob
programs = true          # a program change recalls the scene of that number
feedback = true          # tell motor faders and rings of lights where their stops stand

[[knob]]
source = "cc 20"         # also cc14 1, nrpn 300, rpn 0, bend, pressure, key-pressure 60, note 60
stop = "guitar"          # or "#1": the instrument's first stop, whatever its name

[[knob]]                 # only this box, only its channel 2, turned the other way round, flat in the middle
source = "cc14 1"
device = "nanoKONTROL"
channel = 2
order = "msb-first"      # which half of a 14-bit value comes first; or lsb-first
stop = "voice"
range = [1.0, -1.0]
dead_zone = 0.1
takeover = "scale"

[[knob]]                 # an endless encoder
source = "cc 30"
mode = "relative"
encoding = "twos-complement"  # or binary-offset, sign-bit
step = 0.01
stop = "engine.wet"

[[knob]]                 # a pad: as loud as it is struck, while it is held; or toggle, momentary
source = "note 36"
mode = "velocity"
stop = "voice"

[[knob]]                 # the same knob moves another stop, bent
source = "cc 20"
stop = "engine.output_gain"
range = [-12.0, 0.0]
curve = "s-curve"        # or linear, exponential, { steps = 5 }, { table = [[0, 0], [0.7, 0.2], [1, 1]] }
shift = "alt"            # only while the shift button of that name is held
bank = "two"             # only while this bank is chosen

[[button]]
source = "note 40"
does = "shift"           # or scene, store, bank (each with a name); undo, redo, panic, bypass, mute
name = "alt"

[[button]]
source = "note 41"
does = "panic"

[combine]
voice = "sum"            # knobs of this stop add up; otherwise the last one touched counts
"""

KNOB_KEYS = (
    "source", "device", "channel", "order", "stop", "mode", "range", "curve", "dead_zone", "smoothing", "takeover",
    "encoding", "step", "shift", "bank",
)  # fmt: skip
HOW_IT_SENDS = ("mode", "order", "encoding")
"""What a controller decides, not its player: these are written anew when a knob is learned again."""
BUTTON_KEYS = ("source", "device", "channel", "does", "name", "shift")
TOP_KEYS = ("takeover", "smoothing", "programs", "feedback", "knob", "button", "combine")


BOXES = Path(__file__).parent / "boxes"
"""Mappings for controllers as they come, by their names."""


def box_names() -> list[str]:
    """The controllers that need no mapping of their own."""
    return sorted(path.stem for path in BOXES.glob("*.toml"))


def find_mapping(text: str) -> Path:
    """The file of a mapping: a path, or the name of a controller.

    Raises:
        DrawstopError: neither.
    """
    path = Path(text)
    if path.exists():
        return path
    if text in box_names():
        return BOXES / f"{text}.toml"
    raise DrawstopError(
        f"no mapping at {text}; drawstop learn makes one, and these controllers have one: {', '.join(box_names())}"
    )


def read_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        DrawstopError: with the file, the line, what is wrong there and what to do.
    """
    document, lines = read_toml(path)
    return _mapping(document.unwrap(), lines)


def parse_mapping(text: str, path: Path) -> Mapping:
    """The same from a text; `path` is for errors only."""
    document, lines = parse_toml(text, path)
    return _mapping(document.unwrap(), lines)


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
    for key in ("mode", "order", "takeover", "encoding", "step", "dead_zone", "shift", "bank"):
        if getattr(knob, key) != getattr(plain, key):
            table[key] = getattr(knob, key)
    if knob.low is not None and knob.high is not None:
        table["range"] = [knob.low, knob.high]
    return table


def _mapping(document: Table[str, Any], lines: Lines) -> Mapping:
    reader = TableReader(document, (), lines)
    reader.only(TOP_KEYS)
    common = {
        "takeover": reader.get("takeover", "text", "pickup"),
        "smoothing": float(reader.get("smoothing", "number", 0.01)),
    }
    knobs = [_knob(each, common) for each in reader.tables("knob")]
    buttons = [_button(each) for each in reader.tables("button")]
    combine: dict[str, Combine] = {}
    for slug, how in reader.table("combine").items():
        if how not in ("last", "sum"):
            raise lines.error(("combine", slug), f"combine takes last or sum, got {how!r}")
        combine[slug] = how
    return Mapping(
        tuple(knobs),
        tuple(buttons),
        combine,
        reader.get("programs", "true or false", True),
        reader.get("feedback", "true or false", False),
    )


def _knob(reader: TableReader, common: Table[str, Any]) -> Knob:
    reader.only(KNOB_KEYS)
    low, high = _range(reader)
    return reader.made(
        lambda: Knob(
            source=_source(reader),
            stop=reader.needed("stop"),
            mode=reader.get("mode", "text", "absolute"),
            low=low,
            high=high,
            curve=_curve(reader),
            dead_zone=float(reader.get("dead_zone", "number", 0.0)),
            smoothing_s=float(reader.get("smoothing", "number", common["smoothing"])),
            takeover=reader.get("takeover", "text", common["takeover"]),
            encoding=reader.get("encoding", "text", "twos-complement"),
            step=float(reader.get("step", "number", 1 / 128)),
            order=reader.get("order", "text", "msb-first"),
            shift=reader.get("shift", "text", None),
            bank=reader.get("bank", "text", None),
        )
    )


def _button(reader: TableReader) -> Button:
    reader.only(BUTTON_KEYS)
    return reader.made(
        lambda: Button(
            _source(reader),
            reader.needed("does"),
            reader.get("name", "text", ""),
            reader.get("shift", "text", None),
        )
    )


def _source(reader: TableReader) -> MidiSource:
    channel, device = reader.get("channel", "whole number", None), reader.get("device", "text", None)
    return parse_source(reader.needed("source"), channel, device)


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
