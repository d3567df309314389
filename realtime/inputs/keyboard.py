"""Keys pressed in the terminal, without waiting for Return."""

import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed_keys(wanted: bool) -> Iterator[Callable[[], str]]:
    """Read keys without waiting, as long as the context lasts.

    Yields:
        A function that returns the keys pressed since its last call; always "" without a terminal.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        wanted = False
    if not wanted or not sys.stdin.isatty():
        yield lambda: ""
        return
    terminal = sys.stdin.fileno()
    old_settings = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield _read_waiting
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, old_settings)


def _read_waiting() -> str:
    keys = ""
    while select.select([sys.stdin], [], [], 0)[0]:
        key = sys.stdin.read(1)
        if not key:
            break
        keys += key
    return keys
