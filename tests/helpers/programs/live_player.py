"""The player as a user starts it, and a recording that is played into it, for the tests that play live."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from bench.live.jack import JackServer
from realtime.processes.device_process import JACK_CLIENT
from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import PATIENCE_S, wait_for


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

    def wait_until_said(self, text: str) -> None:
        """Wait until it has said this on stderr."""
        wait_for(lambda: text in "".join(self._said["err"]) or self.process.poll() is not None, repr(text))
        said = "".join(self._said["err"])
        assert text in said, said

    def said(self, text: str) -> int:
        """The number of times that it has said this on stderr."""
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
        errors = "".join(self._said["err"])
        assert "leaked" not in errors, errors  # Python says it of shared memory that nobody freed
        return self.process.returncode, "".join(self._said["out"]), errors


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
        """Our own output may come at this moment, too; it isn't the recording's."""
        new = set(server.ports()) - before
        return sorted(
            port for port in new if ":out_" in port and not port.startswith(f"{JACK_CLIENT.decode()}:")
        )

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
