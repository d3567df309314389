"""Checks and converts the arguments of an OSC message."""

import math
from collections.abc import Sequence

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import ErrorKind
from realtime.controllers.scenes.scene import CORNERS, LONGEST_BEATS, LONGEST_SECONDS

MAX_SECONDS = LONGEST_SECONDS
"""The longest ramp."""


class RefusedError(DrawstopError):
    """A message was refused; `kind` is the error counter that it belongs to."""

    def __init__(self, kind: ErrorKind, text: str) -> None:
        super().__init__(text)
        self.kind: ErrorKind = kind


class Arguments:
    """The arguments of one message. Each method converts all of them; a single nil or impulse counts as no argument.

    Raises:
        RefusedError: the arguments aren't what the method takes.
    """

    def __init__(self, values: Sequence[object]) -> None:
        self._values = () if list(values) == [None] else values

    def number(self) -> float:
        """One number: `f`, `i`, `d`, `h`, `T` (1) or `F` (0)."""
        return _number(self._exactly(1, "a number")[0])

    def number_and_seconds(self) -> tuple[float, float]:
        """A value, and the duration of the ramp to it in seconds."""
        value, seconds = self._exactly(2, "a value and seconds")
        return _number(value), _seconds(seconds)

    def two_names_and_number(self) -> tuple[str, str, float]:
        """Two texts and a number."""
        first, second, share = self._exactly(3, "two names and a number")
        if not isinstance(first, str) or not isinstance(second, str):
            raise RefusedError("wrong arguments", f"takes two names and a number, got {self._types()}")
        return first, second, _number(share)

    def seconds(self) -> float | None:
        """Seconds, or nothing."""
        return _seconds(self._exactly(1, "seconds or nothing")[0]) if self._values else None

    def beats(self) -> float:
        """A number of quarter notes."""
        beats = _number(self._exactly(1, "a number of beats")[0])
        if not 0.0 <= beats <= LONGEST_BEATS:
            raise RefusedError("wrong arguments", f"takes 0 to {LONGEST_BEATS:g} beats, got {beats:g}")
        return beats

    def names(self, count: int) -> list[str]:
        """The arguments, which have to be exactly `count` texts."""
        values = self._exactly(count, "a name" if count == 1 else f"{count} names")
        names = [value for value in values if isinstance(value, str)]
        if len(names) != count:
            raise RefusedError("wrong arguments", f"takes names, got {self._types()}")
        return names

    def name_or_nothing(self) -> str:
        """One text; "" if there is none."""
        return self.names(1)[0] if self._values else ""

    def names_and_two_numbers(self) -> tuple[list[str], float, float]:
        """Two numbers, or the names of a pad's corners before them."""
        if len(self._values) == CORNERS + 2:
            *_, first, second = self._values
            return Arguments(self._values[:CORNERS]).names(CORNERS), _number(first), _number(second)
        first, second = self._exactly(2, "two numbers")
        return [], _number(first), _number(second)

    def pressed(self) -> bool:
        """Whether a button is pressed: no argument, or a number other than 0."""
        return not self._values or _number(self._exactly(1, "one number or nothing")[0]) != 0.0

    def pressed_alone(self) -> bool | None:
        """For a button where a port may stand: whether it is pressed (1, T) or released (0, F); None: neither."""
        value = _number(self._values[0]) if len(self._values) == 1 else None
        return bool(value) if value in (0.0, 1.0) else None

    def port(self) -> int | None:
        """A UDP port; None, for the client's own, where there is nothing, or the 1 of a button that is pressed."""
        if not self._values or self.pressed_alone() is True:
            return None
        port = _number(self._exactly(1, "a port or nothing")[0])
        if not 1 <= port <= 65535 or port != int(port):
            raise RefusedError("wrong arguments", f"a port is in 1..65535, got {port:g}")
        return int(port)

    def _exactly(self, count: int, words: str) -> Sequence[object]:
        if len(self._values) != count:
            raise RefusedError("wrong arguments", f"takes {words}, got {self._types()}")
        return self._values

    def _types(self) -> str:
        return ", ".join(type(value).__name__ for value in self._values[:4]) or "nothing"


def _number(value: object) -> float:
    if not isinstance(value, (bool, int, float)):
        raise RefusedError("wrong arguments", f"takes a number, got {type(value).__name__}")
    if not math.isfinite(value):
        raise RefusedError("wrong arguments", f"takes a finite number, got {value}")
    return float(value)


def _seconds(value: object) -> float:
    seconds = _number(value)
    if not 0.0 <= seconds <= MAX_SECONDS:
        raise RefusedError("wrong arguments", f"takes 0 to {MAX_SECONDS:g} s, got {seconds:g}")
    return seconds
