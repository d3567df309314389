"""Waits in tests for what comes at some time: at once on a quiet machine, and late on a busy one."""

import time
from collections.abc import Callable

PATIENCE_S = 600.0
"""Seconds for which an event is awaited before it counts as lost."""

POLL_S = 0.05


def wait_for(is_so: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until a function returns something true; fail after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited {patience_s:g} s in vain for {what}"
        time.sleep(POLL_S)
