"""A command of Drawstop in a process of its own, and the lines that a process prints while it runs."""

import subprocess
import sys
import threading

from bench.live.jack import JackServer
from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import wait_for


def run_drawstop(jack: JackServer, *arguments: object) -> "subprocess.Popen[str]":
    """`drawstop …` as a user starts it; output and errors come in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "drawstop", *map(str, arguments)], env=jack.environment, cwd=REPOSITORY,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


class Lines:
    """What a process prints, line by line, while it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.lines = process, list[str]()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def has(self, text: str) -> bool:
        """Whether it has printed this."""
        return any(text in line for line in self.lines)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this, or fail when it has ended without."""
        wait_for(lambda: self.has(text) or not self._thread.is_alive(), repr(text))
        assert self.has(text), "".join(self.lines)
