"""The reference of mapping.toml: every key with its type, default and meaning, from the code's own dataclasses."""

import inspect
import re
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from realtime.controllers.mapping.curves import LINEAR, Curve
from realtime.controllers.mapping.file import (
    BUTTON_KEYS,
    FIELDS,
    KNOB_KEYS,
    MPE_KEYS,
    PROGRAM_KEYS,
    SOURCE_KEYS,
    TOP_KEYS,
)
from realtime.controllers.mapping.mapping import Button, Combine, Knob, Mapping
from realtime.controllers.midi.mpe_zones import Zones
from realtime.controllers.midi.source import MAXIMA, MPE_RESTS, NUMBERS, Kind, MidiSource

_NONE = re.compile(r"(?:^|(?<=[.;] ))None: ")


@dataclass(frozen=True)
class Row:
    """One key of one table.

    Args:
        key: the key as it is written.
        takes: a type, or the words that can be written.
        default: the default as TOML; empty: there is none, and the meaning says what happens without the key.
        meaning: one or more sentences.
    """

    key: str
    takes: str
    default: str
    meaning: str


def rows() -> dict[str, list[Row]]:
    """The rows of each table, by its header."""
    of_all = [_row(Knob, "takeover"), _row(Knob, "smoothing")]
    top = {
        row.key: Row(row.key, row.takes, row.default, "For each knob that doesn't say (below).")
        for row in of_all
    }
    tables = {
        "knob": Row(
            "[[knob]]", TOP_KEYS["knob"], "", "A source that moves a stop, or a parameter of the engine."
        ),
        "button": Row(
            "[[button]]", TOP_KEYS["button"], "", "A source that does something when it is pressed."
        ),
        "programs": Row("programs", TOP_KEYS["programs"], "true", meanings(Mapping)["programs"]),
        "mpe": Row("[mpe]", TOP_KEYS["mpe"], f"lower = {Mapping().mpe.lower}", meanings(Mapping)["mpe"]),
        "combine": Row("[combine]", f"{_words(Combine)} by stop", "", meanings(Mapping)["combine"]),
    }
    return {
        "At the top": [top.get(key) or tables.get(key) or _row(Mapping, key) for key in TOP_KEYS],
        "[[knob]]": [_row(MidiSource if key in SOURCE_KEYS else Knob, key) for key in KNOB_KEYS],
        "[[button]]": [_row(MidiSource if key in SOURCE_KEYS else Button, key) for key in BUTTON_KEYS],
        "[programs]": [_row(MidiSource, key) for key in PROGRAM_KEYS],
        "[mpe]": [_row(Zones, key) for key in MPE_KEYS],
    }


def reference() -> str:
    """All tables in Markdown; a key that means the same as in a table above says so."""
    parts = []
    known = set[tuple[str, str]]()
    for title, table in rows().items():
        lines = ["| key | takes | default | |", "|---|---|---|---|"]
        lines += [
            f"| `{row.key}` | {row.takes} | {f'`{row.default}`' if row.default else ''} "
            f"| {'As above.' if (row.key, row.meaning) in known else row.meaning} |"
            for row in table
        ]
        known |= {(row.key, row.meaning) for row in table}
        parts.append(f"## {title if title == 'At the top' else f'`{title}`'}\n\n" + "\n".join(lines))
    return "\n\n".join([*parts, f"## Sources\n\n{sources()}"])


def sources() -> str:
    """The table of what can follow `source =`, in Markdown."""
    lines = ["| source | number | data | while no note sounds |", "|---|---|---|---|"]
    for kind in get_args(Kind):
        number = f"0 to {NUMBERS[kind]}" if kind in NUMBERS else ""
        lines.append(f"| `{kind}` | {number} | 0 to {MAXIMA[kind]} | {MPE_RESTS.get(kind, '')} |")
    return "\n".join(lines)


def meanings(of: type) -> dict[str, str]:
    """The docstring of each field of a dataclass, by the field's name."""
    docstring = inspect.getdoc(of) or ""
    arguments = re.search(r"^Args:\n((?: {4}.*\n?|\n)+)", docstring, re.MULTILINE)
    assert arguments is not None, of
    texts = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", arguments[1], re.MULTILINE)
    return {name: _sentence(text) for name, text in texts}


def _row(of: type, key: str) -> Row:
    if key == "source":
        return Row(key, "a source (below)", "", f"{meanings(Knob)['source']}")
    kinds_by_key = {**TOP_KEYS, **KNOB_KEYS, **BUTTON_KEYS, **MPE_KEYS}
    if key == "range":
        return Row(key, "two numbers", "", f"Low and high. {meanings(of)['low']} {meanings(of)['high']}")
    if key == "curve":
        names = _words(get_type_hints(Curve)["name"], leave=("steps", "table"))
        takes = f"{names}, `{{ steps = 5 }}` or `{{ table = [[0, 0], [1, 1]] }}`"
        meaning = f"{meanings(of)[key]} {meanings(Curve)['name']} {meanings(Curve)['table']}"
        return Row(key, takes, _toml(LINEAR.name), meaning)
    field = FIELDS.get(key, key)
    default = next(each.default for each in fields(of) if each.name == field)
    takes = _words(get_type_hints(of)[field]) or kinds_by_key[key]
    return Row(key, takes, _toml(default), meanings(of)[field])


def _words(hint: Any, leave: tuple[str, ...] = ()) -> str:
    """The words of a Literal; empty for another type."""
    if get_origin(hint) is not Literal:
        return ""
    return ", ".join(f'`"{word}"`' for word in get_args(hint) if word not in leave)


def _toml(value: Any) -> str:
    """A default as it would be written; empty for None and for a key that must be given."""
    if value is None or value is MISSING or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return (
        f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    plain = _NONE.sub("Without it: ", plain).replace("; Without it: ", "; without it: ")
    return plain if plain.startswith("`") else plain[0].upper() + plain[1:]
