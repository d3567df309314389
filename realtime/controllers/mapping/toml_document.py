"""A TOML file that people write: read so that its comments survive, and so that an error names its line.

tomlkit keeps comments and order but no positions (its issue 55), so the lines are found here in the text itself.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from drawstop.errors import DrawstopError, reason_of

Place = tuple[str | int, ...]
"""Where a value stands in a document: ("scene", 2, "values", "guitar")."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_QUOTED = r'"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'"
_KEY = re.compile(_QUOTED + r"|[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}|" + _QUOTED, re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")
_REPORTED = re.compile(r"^(.*?) \(at (?:line (\d+), column \d+|end of document)\)$", re.DOTALL)

_CURES = (
    ("Invalid value", 'put a text in quotes ("like this"), write a number as 0.5, or true or false'),
    ("Expected '='", "write name = value"),
    ("Unclosed array", "close it with ]"),
    ("Unclosed inline", "close it with }"),
    ("twice", "keep one of the two"),
    ("overwrite", "keep one of the two"),
    ("Duplicate", "keep one of the two"),
    ("inline table", "write it in one line: { guitar = 0.5, voice = 0.0 }"),
    ("Unterminated string", "end the text with a quote"),
    (r"Illegal character '\n'", "end the text with a quote in its own line"),
    (r"invalid character '\n'", "end the text with a quote in its own line"),
    ("character '", "take that character out"),
    ("Unescaped", r"write \\ for a backslash, or put the text in 'single quotes'"),
    ("Expected ']", "close the header: [name] or [[name]]"),
    ("Expected newline", "write one name = value in a line"),
)
_OTHER_CURE = "mend that line (how TOML is written: https://toml.io)"


class Lines:
    """The lines of a TOML file's keys, counted from 1.

    Args:
        path: the file, as errors name it.
        numbers: line by place.
    """

    def __init__(self, path: Path, numbers: Mapping[Place, int]) -> None:
        self.path = path
        self._numbers = numbers

    def of(self, *place: str | int) -> int:
        """The line of a key, of an array's element or of a `[[table]]`; of what encloses it where it isn't there."""
        for end in range(len(place), 0, -1):
            if place[:end] in self._numbers:
                return self._numbers[place[:end]]
        return 1

    def error(self, place: Place, message: str) -> DrawstopError:
        """An error about a place: "<file>, line N: <message>". The message says what is wrong; and the cure."""
        return DrawstopError(f"{self.path}, line {self.of(*place)}: {message}")


def read_toml(path: Path) -> tuple[tomlkit.TOMLDocument, Lines]:
    """Read a TOML file.

    Raises:
        DrawstopError: it can't be read, or isn't TOML: "<file>, line N: <what>; <cure>".
    """
    try:
        written = path.read_bytes()
    except OSError as error:
        raise DrawstopError(f"can't read {path}: {reason_of(error)}") from error
    try:
        return parse_toml(written.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise DrawstopError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from error


def parse_toml(text: str, path: Path) -> tuple[tomlkit.TOMLDocument, Lines]:
    """Read TOML from a text; `path` is for errors only. See `read_toml`."""
    try:
        tomllib.loads(text)
        return tomlkit.parse(text), Lines(path, _Scanner(text).numbers())
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, path) from error
    except TOMLKitError as error:
        line = getattr(error, "line", 1)
        raise DrawstopError(f"{path}, line {line}: {error}; {_OTHER_CURE}") from error
    except RecursionError as error:
        rows = [row.count("[") + row.count("{") for row in text.split("\n")]
        line = rows.index(max(rows)) + 1
        raise DrawstopError(
            f"{path}, line {line}: brackets stand in brackets too deeply; close some of them"
        ) from error


def _syntax_error(message: str, text: str, path: Path) -> DrawstopError:
    """tomllib tells better than tomlkit what is wrong; its line is in its message only."""
    found = _REPORTED.match(message)
    what = found.group(1) if found else message
    line = found.group(2) if found else None
    cure = next((cure for sign, cure in _CURES if sign in what), _OTHER_CURE)
    return DrawstopError(f"{path}, line {line or text.rstrip().count(chr(10)) + 1}: {what}; {cure}")


class _Scanner:
    """Walks through a text that is known to be TOML, and notes where each key begins."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line_ends = [place for place, char in enumerate(text) if char == "\n"]
        self._numbers: dict[Place, int] = {}
        self._tables: dict[Place, int] = {}

    def numbers(self) -> Mapping[Place, int]:
        """Line by place."""
        table: Place = ()
        while not self._ended():
            if self._took("[["):
                table = self._header(another=True)
                self._took("]]")
            elif self._took("["):
                table = self._header(another=False)
                self._took("]")
            else:
                self._assignment(table)
        return self._numbers

    def _header(self, *, another: bool) -> Place:
        """A table's name; in an array of tables, the newest one is meant."""
        self._ended()
        start, place = self._at, Place()
        parts = self._key()
        for depth, part in enumerate(parts, 1):
            place = (*place, part)
            self._note(place, start)
            if another and depth == len(parts):
                self._tables[place] = self._tables.get(place, 0) + 1
            if place in self._tables:
                place = (*place, self._tables[place] - 1)
                self._note(place, start)
        return place

    def _assignment(self, table: Place) -> None:
        self._ended()
        start, place = self._at, table
        for part in self._key():
            place = (*place, part)
            self._note(place, start)
        self._took("=")
        self._value(place)

    def _value(self, place: Place) -> None:
        if self._took("["):
            element = 0
            while not self._took("]"):
                self._note((*place, element), self._at)
                self._value((*place, element))
                self._took(",")
                element += 1
        elif self._took("{"):
            while not self._took("}"):
                self._assignment(place)
                self._took(",")
        elif not self._matched(_STRING):
            self._matched(_PLAIN)

    def _key(self) -> list[str]:
        """A dotted key's parts."""
        parts = list[str]()
        while not parts or self._took("."):
            self._ended()
            written = self._matched(_KEY)
            parts.append(next(iter(tomllib.loads(f"{written} = 0"))) if written[:1] in "\"'" else written)
        return parts

    def _note(self, place: Place, at: int) -> None:
        self._numbers.setdefault(place, bisect_right(self._line_ends, at - 1) + 1)

    def _ended(self) -> bool:
        """Go over blanks and comments; whether that was all."""
        self._matched(_BLANK)
        return self._at >= len(self._text)

    def _took(self, sign: str) -> bool:
        """Go over blanks and a sign, if the sign comes next."""
        self._ended()
        here = self._text.startswith(sign, self._at)
        self._at += len(sign) * here
        return here

    def _matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()
