"""Keys pressed in the terminal, without waiting for Return."""

import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed_keys(wanted: bool) -> Iterator[Callable[[], str]]:
    """Gives a function that tells the keys pressed since it was last called; none where there is no terminal."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        wanted = False
    if not wanted or not sys.stdin.isatty():
        yield lambda: ""
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield _read_waiting
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _read_waiting() -> str:
    keys = ""
    while select.select([sys.stdin], [], [], 0)[0]:
        key = sys.stdin.read(1)
        if not key:
            break
        keys += key
    return keys
