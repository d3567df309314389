"""Lets instruments in one at a time, each in a thread: of those that are asked for meanwhile, the last."""

import threading
from collections.abc import Callable
from pathlib import Path

from drawstop.errors import DrawstopError


class LatestSwap:
    """The swaps of a performance. Safe to use from several threads.

    Args:
        bring_in: lets one instrument in, and waits until that is done; it may stop early if `superseded`.
        note: takes a line for the user: why an instrument doesn't come in.
    """

    def __init__(self, bring_in: Callable[[Path], None], note: Callable[[str], None]) -> None:
        self._bring_in, self._note = bring_in, note
        self._lock, self._idle = threading.Lock(), threading.Event()
        self._idle.set()
        self._wanted: Path | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether an instrument is on its way in."""
        return not self._idle.is_set()

    @property
    def superseded(self) -> bool:
        """Whether another instrument, or a newer version, is wanted than the one that is on its way in."""
        return self._wanted is not None or self._closed

    def ask(self, path: Path) -> None:
        """Let an instrument in, after the one that is on its way; doesn't wait."""
        with self._lock:
            self._wanted = path
            if self.busy or self._closed:
                return
            self._idle.clear()
        threading.Thread(target=self._run, name="swap", daemon=True).start()

    def refuse(self) -> None:
        """Let no more in from now on."""
        with self._lock:
            self._closed, self._wanted = True, None

    def close(self) -> None:
        """Let no more in, and wait until none is on its way."""
        self.refuse()
        self._idle.wait()

    def _run(self) -> None:
        while (path := self._next()) is not None:
            try:
                self._bring_in(path)
            except DrawstopError as error:
                if not self.superseded:
                    self._note(str(error))

    def _next(self) -> Path | None:
        with self._lock:
            path, self._wanted = (None if self._closed else self._wanted), None
            if path is None:
                self._idle.set()
            return path
