"""What the measurements that play live share: a real JACK server without a sound card, and a recording to begin."""

import contextlib
import importlib.metadata
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from drawstop.files import sha256_file
from realtime.live.supervisor import Supervisor
from realtime.recording.session_file import SessionAbout, begin_session

RATE, PERIOD = 48000, 256
SERVER = f"bench-{os.getpid()}"
PATIENCE_S = 60.0
DEMO = Path(__file__).parents[2] / "training" / "demo"


class Server:
    """`jackd -d dummy` under a name of its own, in real-time mode where that is granted.

    This process and those that it starts find it and no other.
    """

    def __init__(self, rate: int = RATE, period: int = PERIOD) -> None:
        os.environ |= {"JACK_DEFAULT_SERVER": SERVER, "JACK_NO_START_SERVER": "1"}
        kind = ["-R", "-P", "70"] if can_be_real_time() else ["--no-realtime"]
        self._command = ["jackd", *kind, "-n", SERVER, "-d", "dummy", "-r", str(rate), "-p", str(period)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while not ports():
            ended = self._process.poll()
            if ended is not None or time.monotonic() > deadline:
                how = (
                    "doesn't answer" if ended is None else f"ended with {ended}; JACK holds 8 servers at most"
                )
                raise RuntimeError(f"{' '.join(self._command)}: {how}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it, as if its sound card were pulled out."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)  # one that is killed keeps its place among JACK's 8 servers
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


@contextlib.contextmanager
def other_cores_busy() -> Iterator[None]:
    """Every core but one loaded by stress-ng."""
    load = subprocess.Popen(["stress-ng", "--cpu", str(max(1, (os.cpu_count() or 2) - 1)), "-q"])
    try:
        yield
    finally:
        load.terminate()


def can_be_real_time() -> bool:
    """Whether this process may take real-time priority; tried in a child, which it changes."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(70))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def ports() -> list[str]:
    """The names of all ports; none if there is no server."""
    told = subprocess.run(["jack_lsp"], capture_output=True, text=True)
    return told.stdout.split() if told.returncode == 0 else []


def connect(source: str, target: str) -> None:
    """Connect two ports."""
    subprocess.run(["jack_connect", source, target], check=True)


def demo_instrument(folder: Path) -> Path:
    """The demo's, baked into this folder, by a process of its own: a stage's never imports torch."""
    code = (
        "import sys; from pathlib import Path; from export.instrument.bake import bake; "
        "bake(Path(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]))"
    )
    path = folder / "demo.ts"
    subprocess.run([sys.executable, "-c", code, DEMO / "rave.ts", DEMO / "bank", path], check=True)
    return path


def begin_recording(supervisor: Supervisor, folder: Path) -> None:
    """Make the folder of a session for a performance that is open."""
    assert supervisor.latency is not None
    description, request = supervisor.description, supervisor.request
    versions = {name: importlib.metadata.version(name) for name in ("torch", "numpy")}
    about = SessionAbout(
        description.sample_rate, description.channels_in, description.channels_out, supervisor.latency.block,
        request.seed, request.noise, request.ceiling_db, sha256_file(request.instrument), versions,
    )  # fmt: skip
    begin_session(folder, about, request.instrument)


def resident_megabytes(pid: int) -> float:
    """The memory of a process that is its own and not shared, in MB."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE") / 1e6


def free_port() -> int:
    """A port that neither UDP nor TCP uses at 127.0.0.1."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                return port
