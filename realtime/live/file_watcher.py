"""Sees when a file has been written anew."""

from collections.abc import Callable
from pathlib import Path


class FileWatcher:
    """Looks at a file when it is told to. To be made before the file is first read: what changes from then on is seen.

    Args:
        path: of the file; it may come and go.
        on_change: called when it is there and differs from what was seen last.
    """

    def __init__(self, path: Path, on_change: Callable[[], None]) -> None:
        self._path, self._on_change = path, on_change
        self._seen = self._stamp()

    def look(self) -> None:
        """Call `on_change` if it is time."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        self._on_change()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size
