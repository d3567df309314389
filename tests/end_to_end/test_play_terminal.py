"""`play` in a real pseudo-terminal of 80 x 24: arrows move the stops, the last line names the keys."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

from bench.live.jack import JackServer
from realtime.recording.session_file import read_session
from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import PATIENCE_S


def resize(terminal: int, lines: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def shown(terminal: int, text: str) -> None:
    """Read until the program has shown a text."""
    came = b""
    while text.encode() not in came:
        assert select.select([terminal], [], [], PATIENCE_S)[0], (text, came[-2000:])
        came += os.read(terminal, 65536)


def test_arrows_move_stops_zero_rests_and_the_view_follows_a_resize(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    terminal, inner = pty.openpty()
    resize(terminal, 24, 80)
    command = [
        sys.executable,
        "-m",
        "drawstop",
        "play",
        str(small),
        "--block",
        "512",
        "--record",
        str(tmp_path / "take"),
    ]
    environment = jack.environment | {"TERM": "xterm", "COLUMNS": "", "LINES": ""}
    process = subprocess.Popen(
        command, env=environment, cwd=REPOSITORY, stdin=inner, stderr=inner, stdout=subprocess.DEVNULL, start_new_session=True
    )  # fmt: skip
    os.close(inner)
    try:
        shown(terminal, "q end")
        os.write(terminal, b"\x1b[C\x1b[C")
        shown(terminal, "+0.10")
        shown(terminal, "last moved: guitar by key")
        resize(terminal, 40, 120)
        os.kill(process.pid, signal.SIGWINCH)
        os.write(terminal, b"\x1b[B\x1b[D")
        shown(terminal, "▶ voice")
        shown(terminal, "-0.05")
        os.write(terminal, b"\x1b[A0q")
        shown(terminal, "Ended.")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    moved = [(event.slug, round(event.value, 3)) for event in read_session(tmp_path / "take").events]
    assert moved == [("guitar", 0.05), ("guitar", 0.1), ("voice", -0.05), ("guitar", 0.0)]
