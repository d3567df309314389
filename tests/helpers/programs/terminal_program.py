"""A program with keys and a live view in a real pseudo-terminal, as its shell sees it."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import PATIENCE_S

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

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.screen)
