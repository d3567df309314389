"""Swaps instruments one at a time, each in a thread; of several requests during a swap only the last is carried out."""

import threading
from collections.abc import Callable
from pathlib import Path

from drawstop.errors import DrawstopError


class LatestSwap:
    """The swaps of a performance. Safe to use from several threads.

    Args:
        swap_to: swaps to an instrument, and waits until that is done; it may stop early if `superseded`.
        show_line: takes a line for the user: why a swap failed.
    """

    def __init__(self, swap_to: Callable[[Path], None], show_line: Callable[[str], None]) -> None:
        self._swap_to, self._show_line = swap_to, show_line
        self._lock, self._idle = threading.Lock(), threading.Event()
        self._idle.set()
        self._wanted: Path | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a swap is under way."""
        return not self._idle.is_set()

    @property
    def superseded(self) -> bool:
        """Whether a newer request waits, or no more swaps are allowed."""
        return self._wanted is not None or self._closed

    def ask(self, path: Path) -> None:
        """Swap to an instrument, after the swap that is under way; doesn't wait."""
        with self._lock:
            self._wanted = path
            if self.busy or self._closed:
                return
            self._idle.clear()
        threading.Thread(target=self._run, name="swap", daemon=True).start()

    def refuse(self) -> None:
        """Allow no more swaps from now on."""
        with self._lock:
            self._closed, self._wanted = True, None

    def close(self) -> None:
        """Allow no more swaps, and wait until none is under way."""
        self.refuse()
        self._idle.wait()

    def _run(self) -> None:
        while (path := self._next()) is not None:
            try:
                self._swap_to(path)
            except DrawstopError as error:
                if not self.superseded:
                    self._show_line(str(error))

    def _next(self) -> Path | None:
        with self._lock:
            path, self._wanted = (None if self._closed else self._wanted), None
            if path is None:
                self._idle.set()
            return path
