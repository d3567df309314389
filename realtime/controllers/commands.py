"""The commands that a button, a key or an OSC message can give, beside moving a stop."""

from typing import Protocol


class Commands(Protocol):
    """Safe to call from any thread; no method waits. Each raises DrawstopError if the command can't be carried out."""

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        """Recall a scene, by its name or its number (from 0).

        Args:
            which: name or number.
            seconds: duration of the ramp; None: `beats`, else the scene's own duration.
            beats: the same in quarter notes.
        """
        ...

    def store(self, name: str) -> None:
        """Store the present value of every stop as a scene."""
        ...

    def morph(self, first: str, second: str, share: float) -> None:
        """Mix two scenes: at share 0 the first, at 1 the second."""
        ...

    def pad(self, x: float, y: float) -> None:
        """Mix the pad's four corner scenes, at a point with x and y in 0 to 1."""
        ...

    def undo(self) -> None:
        """Undo the last recall, morph or store."""
        ...

    def redo(self) -> None:
        """Redo what was undone last."""
        ...

    def panic(self) -> None:
        """Mute, set every stop to 0 and clear the instrument's memory."""
        ...
