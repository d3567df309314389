"""Keys pressed in the terminal, without waiting for Return, also after Ctrl-Z and `fg`; and what they do in a performance."""

import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from drawstop.errors import DrawstopError
from realtime.engine.parameters import BYPASS, MUTE
from realtime.inputs.live_commands import LiveCommands

HELP = "↑↓ stop ←→ move 0 rest  b bypass m mute p panic u undo  1-9 instrument  q end"
"""The keys, in one line of a terminal of 80 or more columns."""

STEPS = 40
"""Presses of an arrow from one end of a stop's range to the other."""
ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
_KEY = re.compile(r"\x1b[\[O]([ABCD])|(\x1b[\[O][0-9;]*[A-Za-z~])|(.)", re.DOTALL)


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
    try:
        import termios
    except ImportError:  # Windows
        wanted = False
    if not wanted or not sys.stdin.isatty():
        yield lambda: ""
        return
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
    """Reads the keys that wait. Takes the terminal whenever this process is in its foreground: shells set it as they
    like when they bring a program back, and some tell it nothing."""

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


def key_names(typed: str) -> list[str]:
    """The keys of what a terminal has sent: arrows by name, other keys as they are; other sequences are left out.

    >>> key_names("b\\x1b[A\\x1bOD\\x1b[5~0")
    ['b', 'up', 'left', '0']
    """
    return [ARROWS[arrow] if arrow else char for arrow, _, char in _KEY.findall(typed) if arrow or char]


class LiveKeys:
    """Does what keys ask for.

    Args:
        commands: the performance's commands.
        notes: takes a line for the user where a command fails.

    Attributes:
        chosen: the index of the stop that arrows move.
    """

    def __init__(self, commands: LiveCommands, notes: Callable[[str], None]) -> None:
        self._commands, self._notes = commands, notes
        self.chosen = 0

    def press(self, key: str) -> None:
        """Do what a key asks for: `HELP` lists them."""
        try:
            self._press(key)
        except DrawstopError as error:
            self._notes(str(error))

    def _press(self, key: str) -> None:
        commands, parameters = self._commands, self._commands.parameters
        stops = [target for slug, target in parameters.targets.items() if "." not in slug]
        if key.isdigit() and 1 <= int(key) <= len(commands.instruments.names):
            commands.instrument(key)
        for letter, parameter in (("b", BYPASS), ("m", MUTE)):
            if key == letter:
                parameters.move({parameter.slug: 1.0 - round(parameters.values[parameter.slug])}, "key")
        named: dict[str, Callable[[], None]] = {"p": commands.panic, "u": commands.undo}
        if key in named:
            named[key]()
        if not stops:
            return
        self.chosen = min(self.chosen, len(stops) - 1)
        if key in ("up", "down"):
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(stops)
        stop = stops[self.chosen]
        step = (stop.maximum - stop.minimum) / STEPS
        moves = {"left": -step, "right": step, "0": -parameters.values[stop.slug]}
        if key in moves:
            parameters.move({stop.slug: round(parameters.values[stop.slug] + moves[key], 6)}, "key")
