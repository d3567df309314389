"""The instruments of a performance, as keys, buttons and OSC messages choose among them."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from drawstop.errors import DrawstopError


class InstrumentChoice:
    """The instruments of the command line, of which one plays. Safe to use from several threads.

    Args:
        paths: the instruments; the first one plays.
        swap: swaps to one; doesn't wait.
    """

    def __init__(self, paths: Sequence[Path], swap: Callable[[Path], None]) -> None:
        self._paths, self._swap = tuple(paths), swap
        self._lock = threading.Lock()
        self._index = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The instruments' names, as `choose` takes them."""
        return tuple(path.stem for path in self._paths)

    @property
    def chosen(self) -> str:
        """The name of the instrument that was chosen last; empty if there is none."""
        return self._paths[self._index].stem if self._paths else ""

    def choose(self, which: str | int) -> None:
        """Swap to an instrument, by its number from 1, or by its file's name.

        Raises:
            DrawstopError: there is none.
        """
        text = str(which)
        found = [
            index for index, path in enumerate(self._paths) if text in (str(index + 1), path.name, path.stem)
        ]
        if not found:
            known = ", ".join(f"{index} {path.stem}" for index, path in enumerate(self._paths, 1)) or "none"
            raise DrawstopError(f"no instrument is {text!r}; on the command line are: {known}")
        self._swap_to(found[0])

    def step(self, by: int) -> None:
        """Swap to the next (1) or the previous (-1) instrument; after the last one comes the first."""
        if not self._paths:
            raise DrawstopError("no other instrument is here; give several on the command line")
        self._swap_to((self._index + by) % len(self._paths))

    def is_playing(self, path: Path) -> bool:
        """Whether this is the instrument that was chosen last."""
        return bool(self._paths) and self._paths[self._index] == path

    def _swap_to(self, index: int) -> None:
        with self._lock:
            self._index = index
            self._swap(self._paths[index])
