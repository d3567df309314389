"""Reads a table of a TOML file that people write: checks its values one by one, each error with its line."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.toml_document import KeyPath, Lines

T = TypeVar("T")

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "whole number": (int,),
    "true or false": (bool,),
    "list": (list,),
}


class TableReader:
    """One table of the file, with its key path."""

    def __init__(self, values: Mapping[str, Any], key_path: KeyPath, lines: Lines) -> None:
        self.values = values
        self._key_path, self._lines = key_path, lines

    def only(self, known: Iterable[str]) -> None:
        """Refuse any other key."""
        for key in self.values:
            if key not in known:
                raise self.error(key, f"there is no {key!r} here; known are: {', '.join(known)}")

    def get(self, key: str, kind: str, default: Any) -> Any:
        """A value, which must be of this kind."""
        value = self.values.get(key)
        if value is None:
            return default
        if not is_a(kind, value):
            raise self.error(key, f"{key} takes a {kind}, got {value!r}")
        return float(value) if kind == "number" else value

    def needed(self, key: str) -> Any:
        """A text that the table must have."""
        if key not in self.values:
            raise self.error("", f'{key} is missing; add {key} = "…"')
        return self.get(key, "text", "")

    def tables(self, key: str) -> list["TableReader"]:
        """The tables of an array."""
        tables = self.values.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self.error(key, f"write [[{key}]] above each {key}")
        return [
            TableReader(each, (*self._key_path, key, index), self._lines) for index, each in enumerate(tables)
        ]

    def table(self, key: str) -> Mapping[str, Any]:
        """An inner table; an empty one if there is none."""
        table = self.values.get(key, {})
        if not isinstance(table, dict):
            raise self.error(key, f"write [{key}] above it")
        return table

    def inner(self, key: str) -> "TableReader":
        """The reader of an inner table."""
        return TableReader(self.table(key), (*self._key_path, key), self._lines)

    def made(self, make: Callable[[], T]) -> T:
        """The result of `make`; an error that it raises gets this table's line."""
        try:
            return make()
        except DrawstopError as error:
            if str(error).startswith(f"{self._lines.path}, line"):
                raise
            raise self._lines.error(self._key_path, str(error)) from error

    def error(self, key: str, message: str) -> DrawstopError:
        """An error about one key of this table."""
        return self._lines.error((*self._key_path, key), message)


def is_a(kind: str, value: Any) -> bool:
    """Whether a value is of a kind of `_TYPES`; here true and false are no numbers."""
    return isinstance(value, _TYPES[kind]) and (kind == "true or false" or not isinstance(value, bool))
