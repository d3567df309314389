"""Reads a TOML file that people write: comments survive, and an error names its line.

tomlkit keeps comments and order but no positions (its issue 55), so this module finds each key's line in the text.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from drawstop.errors import DrawstopError, reason_of

KeyPath = tuple[str | int, ...]
"""The keys and indices that lead to a value in a document: ("scene", 2, "values", "guitar")."""

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
    """The line numbers of a TOML file's keys, counted from 1.

    Args:
        path: the file, for errors.
        numbers: line numbers by key path.
    """

    def __init__(self, path: Path, numbers: Mapping[KeyPath, int]) -> None:
        self.path = path
        self._numbers = numbers

    def of(self, *key_path: str | int) -> int:
        """The line of a key, of an array's element or of a `[[table]]`; if it doesn't exist, of what encloses it."""
        for end in range(len(key_path), 0, -1):
            if key_path[:end] in self._numbers:
                return self._numbers[key_path[:end]]
        return 1

    def error(self, key_path: KeyPath, message: str) -> DrawstopError:
        """An error about a key: "<file>, line N: <message>". The message says what is wrong, and the cure."""
        return DrawstopError(f"{self.path}, line {self.of(*key_path)}: {message}")


def read_toml(path: Path) -> tuple[tomlkit.TOMLDocument, Lines]:
    """Read a TOML file.

    Raises:
        DrawstopError: it can't be read, or isn't TOML: "<file>, line N: <what>; <cure>".
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DrawstopError(f"can't read {path}: {reason_of(error)}") from error
    try:
        return parse_toml(content.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DrawstopError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from error


def parse_toml(text: str, path: Path) -> tuple[tomlkit.TOMLDocument, Lines]:
    """Read TOML from a text; `path` is for errors only. Raises the same errors as `read_toml`."""
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
    """An error from tomllib's message, which is clearer than tomlkit's and holds the line number as text."""
    match = _REPORTED.match(message)
    what = match.group(1) if match else message
    line = match.group(2) if match else None
    cure = next((cure for sign, cure in _CURES if sign in what), _OTHER_CURE)
    return DrawstopError(f"{path}, line {line or text.rstrip().count(chr(10)) + 1}: {what}; {cure}")


class _Scanner:
    """Scans a text that is known to be valid TOML, and records the line of each key."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line_ends = [index for index, char in enumerate(text) if char == "\n"]
        self._numbers: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}

    def numbers(self) -> Mapping[KeyPath, int]:
        """Line numbers by key path."""
        table: KeyPath = ()
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

    def _header(self, *, another: bool) -> KeyPath:
        """Read a table's header; in an array of tables, the key path ends with the newest table's index."""
        self._ended()
        start, key_path = self._at, KeyPath()
        parts = self._key()
        for depth, part in enumerate(parts, 1):
            key_path = (*key_path, part)
            self._note(key_path, start)
            if another and depth == len(parts):
                self._tables[key_path] = self._tables.get(key_path, 0) + 1
            if key_path in self._tables:
                key_path = (*key_path, self._tables[key_path] - 1)
                self._note(key_path, start)
        return key_path

    def _assignment(self, table: KeyPath) -> None:
        self._ended()
        start, key_path = self._at, table
        for part in self._key():
            key_path = (*key_path, part)
            self._note(key_path, start)
        self._took("=")
        self._value(key_path)

    def _value(self, key_path: KeyPath) -> None:
        if self._took("["):
            element = 0
            while not self._took("]"):
                self._note((*key_path, element), self._at)
                self._value((*key_path, element))
                self._took(",")
                element += 1
        elif self._took("{"):
            while not self._took("}"):
                self._assignment(key_path)
                self._took(",")
        elif not self._matched(_STRING):
            self._matched(_PLAIN)

    def _key(self) -> list[str]:
        """Read the parts of a dotted key."""
        parts = list[str]()
        while not parts or self._took("."):
            self._ended()
            text = self._matched(_KEY)
            parts.append(next(iter(tomllib.loads(f"{text} = 0"))) if text[:1] in "\"'" else text)
        return parts

    def _note(self, key_path: KeyPath, at: int) -> None:
        self._numbers.setdefault(key_path, bisect_right(self._line_ends, at - 1) + 1)

    def _ended(self) -> bool:
        """Skip blanks and comments. Returns whether the text has ended."""
        self._matched(_BLANK)
        return self._at >= len(self._text)

    def _took(self, sign: str) -> bool:
        """Skip blanks, and a sign if it comes next. Returns whether it did."""
        self._ended()
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) * found
        return found

    def _matched(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()
