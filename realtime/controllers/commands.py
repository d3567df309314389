"""What a button, a key or an OSC message may ask for, beside moving a stop."""

from typing import Protocol


class Commands(Protocol):
    """Safe to call from any thread; none of them waits. Each raises DrawstopError where it can't be done."""

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        """Recall a scene, by its name or its number (from 0), over so many seconds or quarter notes.

        Over its own time if neither is given.
        """
        ...

    def store(self, name: str) -> None:
        """Keep where every stop stands as a scene."""
        ...

    def morph(self, first: str, second: str, share: float) -> None:
        """Between two scenes: 0 is the first, 1 the second."""
        ...

    def pad(self, x: float, y: float) -> None:
        """Between the pad's four scenes, at a place of 0 to 1 each way."""
        ...

    def undo(self) -> None:
        """Take the last recall, morph or store back."""
        ...

    def redo(self) -> None:
        """Do again what was taken back."""
        ...

    def panic(self) -> None:
        """Silence, every stop at rest, the instrument's memory cleared."""
        ...
