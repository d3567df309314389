"""A watch on one file: calls a function when the file has changed."""

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 5.0


class FileWatcher:
    """Compares a file's time and size with those it saw last, whenever `check` is called.

    Make it before the file is first read: then no change after that reading is missed. A file that is still being written
    is waited for: until two checks have found it alike, and not empty.

    Args:
        path: the file; it may appear and disappear.
        on_change: called when the file exists and differs from what was seen last.
        is_whole: whether a file of this kind is complete.
        patience_s: seconds after which one that isn't, and no longer changes, is taken as it is: it is broken.
    """

    def __init__(
        self,
        path: Path,
        on_change: Callable[[], None],
        is_whole: Callable[[Path], bool] = lambda path: True,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._path, self._on_change, self._is_whole = path, on_change, is_whole
        self._patience_s, self._since = patience_s, 0.0
        self._seen = self._last = self._stamp()

    def check(self) -> None:
        """Call `on_change` if the file has changed since the last call."""
        stamp = self._stamp()
        settled, self._last = stamp == self._last, stamp
        if not settled:
            self._since = time.monotonic()
        if stamp is None or stamp == self._seen or not settled or not stamp[1]:
            return
        if time.monotonic() - self._since < self._patience_s and not self._is_whole(self._path):
            return
        self._seen = stamp
        self._on_change()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
