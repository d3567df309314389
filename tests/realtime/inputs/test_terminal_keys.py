"""The terminal's keys across Ctrl-Z and `fg`."""

import os
import select
import signal
import termios
import tty
from collections.abc import Iterator

import pytest

from tests.helpers.programs.terminal_program import FIRST_SCREEN, OTHER_SCREEN, Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


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
