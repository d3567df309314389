"""Keys pressed in the terminal, without waiting for Return, also after Ctrl-Z and `fg`; on Windows from its console."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

CONSOLE_KEYS = {
    "H": "\x1b[A", "P": "\x1b[B", "M": "\x1b[C", "K": "\x1b[D",
    "t": "\x1b[1;5C", "s": "\x1b[1;5D",  # right and left with Ctrl
    "G": "\x1b[H", "O": "\x1b[F", "I": "\x1b[5~", "Q": "\x1b[6~", "S": "\x1b[3~",
}  # fmt: skip
"""What follows a key's prefix on the Windows console, and what terminals send for that key."""


def nothing() -> None:
    """Do nothing."""


@contextmanager
def pressed_keys(
    wanted: bool, on_stop: Callable[[], None] = nothing, on_return: Callable[[], None] = nothing
) -> Iterator[Callable[[], str]]:
    """Read keys without waiting, as long as the context lasts.

    Args:
        wanted: False: read none.
        on_stop: called when the user stops the program (Ctrl-Z), before the shell has the terminal.
        on_return: called when the program has the terminal again (`fg`).

    Yields:
        A function that returns the keys pressed since its last call; always "" without a terminal.
    """
    if not wanted or not sys.stdin.isatty():
        yield lambda: ""
        return
    if sys.platform == "win32":
        import msvcrt

        yield lambda: console_keys(msvcrt.kbhit, msvcrt.getwch)
        return
    import termios

    terminal = sys.stdin.fileno()
    old_settings = termios.tcgetattr(terminal)
    keys = _Keys(terminal, on_return)

    def stop(number: int, frame: FrameType | None) -> None:
        on_stop()
        keys.are_ours = False
        termios.tcsetattr(terminal, termios.TCSANOW, old_settings)
        os.kill(os.getpid(), signal.SIGSTOP)

    old_handler = signal.signal(signal.SIGTSTP, stop)
    try:
        keys()
        yield keys
    finally:
        signal.signal(signal.SIGTSTP, old_handler)
        if _in_foreground(terminal):
            termios.tcsetattr(terminal, termios.TCSADRAIN, old_settings)


class _Keys:
    """Reads the keys that wait.

    Sets the terminal whenever this process is in its foreground: a shell that brings a program back sets the terminal as it
    likes, and may send no signal.
    """

    def __init__(self, terminal: int, on_return: Callable[[], None]) -> None:
        self._terminal, self._on_return = terminal, on_return
        self._is_first = True
        self.are_ours = False

    def __call__(self) -> str:
        if not _in_foreground(self._terminal):
            return ""
        self._take()
        keys = b""
        while select.select([self._terminal], [], [], 0)[0] and (key := os.read(self._terminal, 1)):
            keys += key
        return keys.decode(errors="ignore")

    def _take(self) -> None:
        import termios
        import tty

        line_wise = termios.tcgetattr(self._terminal)[3] & termios.ICANON
        if line_wise or not self.are_ours:
            tty.setcbreak(self._terminal, termios.TCSANOW)
            if not self._is_first and not self.are_ours:
                self._on_return()
        self.are_ours, self._is_first = True, False


def _in_foreground(terminal: int) -> bool:
    """Whether this process has the terminal; a process in the background that reads or sets it is stopped."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # another terminal than the one that controls this process: it stops nobody
        return True


def console_keys(is_waiting: Callable[[], bool], read: Callable[[], str]) -> str:
    """The keys that wait at the Windows console, as terminals send them; keys that nobody needs are left out.

    Args:
        is_waiting: whether a character waits: `msvcrt.kbhit`.
        read: reads one without showing it: `msvcrt.getwch`.
    """
    keys = ""
    while is_waiting():
        char = read()
        # a key without a character comes as two, one right after the other; a typed à comes alone
        if char == "\x00" or (char == "\xe0" and is_waiting()):
            keys += CONSOLE_KEYS.get(read(), "")
        else:
            keys += char
    return keys
