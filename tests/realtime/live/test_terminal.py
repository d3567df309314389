"""The live view and the keys in a real pseudo-terminal: Ctrl-Z, `fg`, a resize."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import tty
from collections.abc import Iterator

import pytest
from repository import REPOSITORY

PATIENCE_S = 60.0
PROGRAM = """
import sys, time
from rich.text import Text
from realtime.inputs.terminal_keys import pressed_keys
from realtime.live.screen import opened_screen
seen = ""
with opened_screen() as screen, pressed_keys(True, screen.close, screen.open) as keys:
    while "q" not in seen:
        seen += keys()
        screen.show(Text(f"seen<{seen}>" + " long" * 30))
        time.sleep(0.02)
print("ended")
"""
OTHER_SCREEN, FIRST_SCREEN, LINE_UP = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[1A"


class Terminal:
    """A program in a terminal of its own, as its shell sees it."""

    def __init__(self) -> None:
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(REPOSITORY)
            os.environ |= {"TERM": "xterm", "COLUMNS": "", "LINES": ""}
            os.execv(sys.executable, [sys.executable, "-c", PROGRAM])
        self.shown = b""
        self.resize(24, 80)

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def wait_for(self, text: bytes) -> bytes:
        """Read until the program has shown this; returns what came since the last wait."""
        came = b""
        while text not in came:
            assert select.select([self.screen], [], [], PATIENCE_S)[0], (text, came[-500:])
            came += os.read(self.screen, 65536)
        self.shown += came
        return came

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.kill(made.pid, signal.SIGKILL)
    os.waitpid(made.pid, 0)
    os.close(made.screen)


@pytest.mark.slow
@pytest.mark.parametrize("shell_resets", [True, False])
def test_ctrl_z_gives_the_terminal_back_and_fg_brings_keys_and_view_back(
    terminal: Terminal, shell_resets: bool
) -> None:
    terminal.wait_for(b"seen<>")
    terminal.press(b"a")
    terminal.wait_for(b"seen<a>")
    terminal.press(b"\x1a")
    _, status = os.waitpid(terminal.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert termios.tcgetattr(terminal.screen)[3] & termios.ICANON
    assert select.select([terminal.screen], [], [], 0)[0]
    assert FIRST_SCREEN in os.read(terminal.screen, 1 << 20)
    if not shell_resets:
        tty.setcbreak(terminal.screen)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_for(OTHER_SCREEN)
    terminal.press(b"b")
    terminal.wait_for(b"seen<ab>")
    terminal.press(b"q")
    assert FIRST_SCREEN in terminal.wait_for(b"ended")
    _, status = os.waitpid(terminal.pid, 0)
    terminal.pid = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])  # for the fixture to end
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_resize_leaves_no_copy_of_the_view(terminal: Terminal) -> None:
    """A view that is drawn from the top of a screen of its own, and never from where it thinks that it began."""
    terminal.wait_for(b"seen<>")
    for lines, columns in ((24, 30), (10, 30), (40, 120)):
        terminal.resize(lines, columns)
        terminal.press(b"x")
        terminal.wait_for(b"x>")
    assert OTHER_SCREEN in terminal.shown
    assert LINE_UP not in terminal.shown
