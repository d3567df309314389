"""A table of a TOML file that people write: its values checked one by one, each complaint with its line."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.toml_document import Lines, Place

T = TypeVar("T")

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "whole number": (int,),
    "true or false": (bool,),
    "list": (list,),
}


class TableReader:
    """One table of the file, and where it stands."""

    def __init__(self, values: Mapping[str, Any], place: Place, lines: Lines) -> None:
        self.values = values
        self._place, self._lines = place, lines

    def only(self, known: Iterable[str]) -> None:
        """Refuse any other key."""
        for key in self.values:
            if key not in known:
                raise self.error(key, f"there is no {key!r} here; known are: {', '.join(known)}")

    def get(self, key: str, kind: str, default: Any) -> Any:
        """A value of this kind."""
        value = self.values.get(key)
        if value is None:
            return default
        if not is_a(kind, value):
            raise self.error(key, f"{key} takes a {kind}, got {value!r}")
        return float(value) if kind == "number" else value

    def needed(self, key: str) -> Any:
        """A text that must be there."""
        if key not in self.values:
            raise self.error("", f'{key} is missing; add {key} = "…"')
        return self.get(key, "text", "")

    def tables(self, key: str) -> list["TableReader"]:
        """The tables of an array."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.error(key, f"write [[{key}]] above each {key}")
        return [
            TableReader(each, (*self._place, key, place), self._lines) for place, each in enumerate(found)
        ]

    def table(self, key: str) -> Mapping[str, Any]:
        """A table, or an empty one."""
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            raise self.error(key, f"write [{key}] above it")
        return found

    def made(self, make: Callable[[], T]) -> T:
        """What `make` gives; its complaint gets this table's line."""
        try:
            return make()
        except DrawstopError as error:
            if str(error).startswith(f"{self._lines.path}, line"):
                raise
            raise self._lines.error(self._place, str(error)) from error

    def error(self, key: str, message: str) -> DrawstopError:
        """An error about one key."""
        return self._lines.error((*self._place, key), message)


def is_a(kind: str, value: Any) -> bool:
    """Whether a value is of a kind of `_TYPES`; true and false are no numbers here."""
    return isinstance(value, _TYPES[kind]) and (kind == "true or false" or not isinstance(value, bool))
