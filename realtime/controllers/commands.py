"""The commands that a button, a key or an OSC message can give, beside moving a stop."""

from collections.abc import Sequence
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

    def rename(self, which: str, name: str) -> None:
        """Give a scene another name."""
        ...

    def remove(self, which: str) -> None:
        """Remove a scene."""
        ...

    def learn(self, stop: str) -> None:
        """Let the controller that is moved next move this stop from then on; "": no longer wait for one."""
        ...

    def record(self, name: str = "") -> None:
        """Record the performance from now on, as a session of this name; "": of the present time."""
        ...

    def end_recording(self) -> None:
        """End the recording."""
        ...

    def toggle_recording(self) -> None:
        """Record from now on, or end the recording."""
        ...

    def pad(self, x: float, y: float, corners: Sequence[str] | None = None) -> None:
        """Mix four scenes, at a point with x and y in 0 to 1; None: the pad's own corners."""
        ...

    def undo(self) -> None:
        """Undo the last recall, morph or store."""
        ...

    def redo(self) -> None:
        """Redo what was undone last."""
        ...

    def next_scene(self) -> None:
        """Recall the scene after the one recalled last; the first one at the start."""
        ...

    def previous_scene(self) -> None:
        """Recall the scene before the one recalled last; the last one at the start."""
        ...

    def tap(self, at: float | None = None) -> None:
        """Take a tap for the tempo, at a moment of `time.monotonic`'s clock; None: now."""
        ...

    def instrument(self, which: str | int) -> None:
        """Swap to an instrument of the command line, by its number from 1 or its file's name."""
        ...

    def next_instrument(self) -> None:
        """Swap to the next instrument of the command line; after the last comes the first."""
        ...

    def previous_instrument(self) -> None:
        """Swap to the previous instrument of the command line; before the first comes the last."""
        ...

    def panic(self) -> None:
        """Mute, set every stop to 0 and clear the instrument's memory."""
        ...
