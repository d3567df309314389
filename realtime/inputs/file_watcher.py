"""A watch on one file: calls a function when the file has changed."""

from collections.abc import Callable
from pathlib import Path


class FileWatcher:
    """Compares a file's time and size with those it saw last, whenever `check` is called.

    Make it before the file is first read: then no change after that reading is missed.

    Args:
        path: the file; it may appear and disappear.
        on_change: called when the file exists and differs from what was seen last.
    """

    def __init__(self, path: Path, on_change: Callable[[], None]) -> None:
        self._path, self._on_change = path, on_change
        self._seen = self._stamp()

    def check(self) -> None:
        """Call `on_change` if the file has changed since the last call."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        self._on_change()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
