"""How late this machine wakes a thread while a test runs: what a limit in real time must allow for on a busy machine."""

import threading
import time
from types import TracebackType

STEP_S = 0.002


class SchedulingDelay:
    """Measures from entering the context to leaving it.

    Attributes:
        worst_s: the longest delay of a thread's wake-up, in seconds; some 0.1 ms on a quiet machine.
    """

    def __init__(self) -> None:
        self.worst_s = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "SchedulingDelay":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            begin = time.monotonic()
            time.sleep(STEP_S)
            self.worst_s = max(self.worst_s, time.monotonic() - begin - STEP_S)
