"""A real JACK server without a sound card, for the tests that play live; and the player as a user starts it."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from repository import REPOSITORY

PATIENCE_S = 240.0
"""How long an event is awaited: it comes at once on a quiet machine, and late on a busy one."""
_numbers = itertools.count()


class JackServer:
    """`jackd -d dummy` under a name of its own, and the ports of whoever connects."""

    def __init__(self, rate: int = 48000, period: int = 256) -> None:
        self.rate, self.period = rate, period
        self.name = f"drawstop-{os.getpid()}-{next(_numbers)}"
        self.environment = os.environ | {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "OMP_NUM_THREADS": "1",
            "NO_COLOR": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "JackServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        kind = ["-R", "-P", "70"] if _real_time_is_granted() else ["--no-realtime"]
        command = [
            "jackd",
            *kind,
            "-n",
            self.name,
            "-d",
            "dummy",
            "-r",
            str(self.rate),
            "-p",
            str(self.period),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: "system:capture_1" in self.ports(), "the JACK server")

    def stop(self) -> None:
        """Stop it, as if its sound card were pulled out."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def ports(self) -> list[str]:
        """The names of all ports."""
        return self._call("jack_lsp").split()

    def connect(self, source: str, target: str) -> None:
        """Connect two ports."""
        self._call("jack_connect", source, target)

    def disconnect(self, source: str, target: str) -> None:
        """Disconnect two ports."""
        self._call("jack_disconnect", source, target)

    def _call(self, *command: str) -> str:
        try:
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=20)
        except (
            subprocess.TimeoutExpired
        ):  # a server that isn't up yet, or a busy machine: whoever waits asks again
            return ""
        return done.stdout if done.returncode == 0 else ""


class Playing:
    """`drawstop play …` in a process of its own, as a user starts it."""

    started: ClassVar[list["Playing"]] = []

    def __init__(self, server: JackServer, *arguments: object) -> None:
        command = [sys.executable, "-m", "drawstop", "play", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, env=server.environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        Playing.started.append(self)
        self._said: dict[str, list[str]] = {"out": [], "err": []}
        self._readers = [
            threading.Thread(target=self._said[name].extend, args=(stream,), daemon=True)
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def tells(self, text: str) -> None:
        """Wait until it has said this on stderr."""
        wait_for(lambda: text in "".join(self._said["err"]) or self.process.poll() is not None, repr(text))
        assert text in "".join(self._said["err"])

    def said(self, text: str) -> int:
        """How often it has said this on stderr."""
        return "".join(self._said["err"]).count(text)

    def interrupt(self) -> tuple[int, str, str]:
        """Ctrl-C; see `ended`."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def close(self) -> None:
        """End it, if it still runs, and its pipes."""
        self.process.kill()
        self.process.wait()
        for stream, reader in zip((self.process.stdout, self.process.stderr), self._readers, strict=True):
            reader.join(PATIENCE_S)  # until its orphans have ended, too
            assert stream is not None
            stream.close()

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end; exit code, output and errors."""
        self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        self.close()
        return self.process.returncode, "".join(self._said["out"]), "".join(self._said["err"])


class Sounding:
    """A recording, at the server's rate, played over and over into a port by a JACK client of its own."""

    CODE = """if True:
        import sys, sounddevice, soundfile
        sound, rate = soundfile.read(sys.argv[1], dtype="float32")
        sounddevice.play(sound, rate, device="system", loop=True)
        sys.stdin.read()
    """

    def __init__(self, server: JackServer, recording: Path, port: str) -> None:
        before = set(server.ports())
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, str(recording)], env=server.environment, stdin=subprocess.PIPE
        )
        try:
            wait_for(lambda: self._outputs(server, before), "the recording's port")
        except AssertionError:
            self.close()
            raise
        server.connect(self._outputs(server, before)[0], port)

    def _outputs(self, server: JackServer, before: set[str]) -> list[str]:
        return sorted(port for port in set(server.ports()) - before if ":out_" in port)

    def __enter__(self) -> "Sounding":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def _real_time_is_granted() -> bool:
    """As on a stage: the server before everything else. Tried in a process of its own, which it changes."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(70))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def wait_for(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until a function says yes; fail after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited {patience_s:g} s in vain for {what}"
        time.sleep(0.05)
