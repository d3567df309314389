"""`mapping.toml`: an example, its keys, and the reader, whose errors name the line and the cure."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.curves import LINEAR, Curve
from realtime.controllers.mapping.mapping import Button, Combine, Knob, Mapping
from realtime.controllers.mapping.toml_document import Lines, parse_toml, read_toml
from realtime.controllers.mapping.toml_tables import TableReader, is_a
from realtime.controllers.midi.mpe_zones import Zones
from realtime.controllers.midi.source import MidiSource, parse_source

EXAMPLE = """\
# What moves what. Save this file while it plays: the change applies at once.

takeover = "pickup"      # a knob at another position than its stop's waits until it passes it; or jump, scale, relative
smoothing = 0.01         # seconds in which a stop follows its knob
programs = true          # a program change recalls the scene of that number
feedback = true          # send the values of stops back to motor faders and rings of lights

[[knob]]
source = "cc 20"         # also cc14 1, nrpn 300, rpn 0, bend, pressure, key-pressure 60, note 60, program 3
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
bank = "two"             # only while this page of knobs is chosen

[[knob]]                 # a finger's pressure on an MPE controller; also mpe bend, mpe timbre, mpe strike, mpe lift
source = "mpe pressure"
notes = "max"            # of several notes the one pressed hardest; or sum, or last: the newest note
stop = "guitar"

[[knob]]                 # gliding two semitones to either side goes all the way
source = "mpe bend"
semitones = 2
stop = "voice"

[[button]]
source = "note 40"
does = "shift"           # or scene, store, bank (each with a name); undo, redo, panic, bypass, mute
name = "alt"

[[button]]
source = "note 41"
does = "panic"

[[button]]
source = "note 42"
does = "scene"
name = "verse"
beats = 4                # quarter notes of the MIDI clock; or seconds; without either the scene's own time

[mpe]                    # the zones' member channels, until the controller sends its own; without this, lower = 15
lower = 15

[combine]
voice = "sum"            # knobs of this stop add up; otherwise the one moved last counts
"""

TOP_KEYS = {
    "takeover": "text", "smoothing": "number", "programs": "true or false", "feedback": "true or false",
    "mpe": "table", "combine": "table", "knob": "tables", "button": "tables",
}  # fmt: skip
SOURCE_KEYS = {"source": "text", "device": "text", "channel": "whole number", "notes": "text"}
KNOB_KEYS = SOURCE_KEYS | {
    "stop": "text", "mode": "text", "range": "list", "curve": "text or table", "dead_zone": "number",
    "smoothing": "number", "takeover": "text", "encoding": "text", "step": "number", "order": "text",
    "semitones": "number", "shift": "text", "bank": "text",
}  # fmt: skip
BUTTON_KEYS = SOURCE_KEYS | {
    "does": "text", "name": "text", "seconds": "number", "beats": "number", "shift": "text",
}  # fmt: skip
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
    rest = _given(reader, {key: TOP_KEYS[key] for key in ("programs", "feedback")})
    if "mpe" in document:
        rest["mpe"] = _zones(TableReader(reader.table("mpe"), ("mpe",), lines))
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


def _zones(reader: TableReader) -> Zones:
    reader.only(MPE_KEYS)
    return reader.made(lambda: Zones(**_given(reader, MPE_KEYS)))


def _given(reader: TableReader, keys: Table[str, str]) -> dict[str, Any]:
    """The values of those of some keys that the table has, by their dataclass's fields."""
    given = {key: kind for key, kind in keys.items() if key in reader.values and key not in _READ_SEPARATELY}
    return {FIELDS.get(key, key): reader.get(key, kind, None) for key, kind in given.items()}


def _source(reader: TableReader) -> MidiSource:
    channel, device = reader.get("channel", "whole number", None), reader.get("device", "text", None)
    return parse_source(reader.needed("source"), channel, device, reader.get("notes", "text", "last"))


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
