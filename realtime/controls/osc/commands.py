"""What OSC messages can ask for beyond movements."""

from typing import Protocol


class Commands(Protocol):
    """Done by others, in the server's thread: nothing here may wait. Each raises DrawstopError for what it can't do."""

    def scene(self, name: str, seconds: float) -> None:
        """Go to a scene."""
        ...

    def store(self, name: str) -> None:
        """Keep where everything stands as a scene."""
        ...

    def morph(self, first: str, second: str, share: float) -> None:
        """Between two scenes: 0 is the first, 1 the second."""
        ...

    def undo(self) -> None:
        """Take back the last scene, morph or store."""
        ...

    def panic(self) -> None:
        """Silence, every stop at 0, the instrument's memory cleared."""
        ...
