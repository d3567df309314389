"""A real JACK server without a sound card, for what plays live: measurements and tests."""

import fcntl
import itertools
import os
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType

RATE, PERIOD = 48000, 256
PATIENCE_S = 600.0
"""Seconds for which an event is awaited: it comes at once on a quiet machine, and late on a busy one."""
MOST_SERVERS = 8
"""JACK's own limit for a machine. A server that crashes counts on, until another one takes its name."""
_numbers = itertools.count()


class JackServer:
    """`jackd -d dummy` under a name of its own, in real-time mode where that is granted.

    Args:
        rate: hertz.
        period: samples per period.
        synchronous: each period waits until every client has finished. Without it, as JACK's users have it, a client that is late
            leaves what it had in its port, and MIDI in it comes twice.

    Attributes:
        environment: for processes that shall find this server and no other; one thread, no colours.
    """

    def __init__(self, rate: int = RATE, period: int = PERIOD, synchronous: bool = False) -> None:
        self.rate, self.period, self.synchronous = rate, period, synchronous
        self.name, self._lock = _reserved_name()
        if self._lock is not None:
            weakref.finalize(self, os.close, self._lock)
        self._variables = {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}
        self.environment = os.environ | self._variables | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "JackServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def use_here(self) -> "JackServer":
        """Let this process, and those that it starts, find this server and no other."""
        os.environ |= self._variables
        return self

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError if it doesn't."""
        kind = ["-R", "-P", "70"] if _real_time_is_granted() else ["--no-realtime"]
        command = [
            "jackd",
            *kind,
            *(["-S"] if self.synchronous else []),
            "-n",
            self.name,
            "-d",
            "dummy",
            "-r",
            str(self.rate),
            "-p",
            str(self.period),
        ]
        inherited = () if self._lock is None else (self._lock,)
        deadline = time.monotonic() + PATIENCE_S
        while "system:capture_1" not in self.ports():
            ended = None if self._process is None else self._process.poll()
            if time.monotonic() > deadline:
                how = (
                    "doesn't answer" if ended is None else f"ended with {ended}; JACK holds 8 servers at most"
                )
                raise RuntimeError(f"{' '.join(command)}: {how}")
            if self._process is None or ended is not None:  # or again: others' servers may have taken all 8
                self._process = subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=inherited
                )
            time.sleep(0.05 if ended is None else 1.0)

    def stop(self) -> None:
        """Stop it, as if its sound card were pulled out."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)  # one that is killed still counts among JACK's 8 servers
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def ports(self) -> list[str]:
        """The names of all ports; none if the server doesn't run."""
        return self._call("jack_lsp").split()

    def connect(self, source: str, target: str) -> None:
        """Connect two ports."""
        self._call("jack_connect", source, target)

    def _call(self, *command: str) -> str:
        try:
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:  # it isn't up yet, or the machine is busy: callers ask again
            return ""
        return done.stdout if done.returncode == 0 else ""


def _reserved_name() -> tuple[str, int | None]:
    """A server name that no other `JackServer` has, and the descriptor of the lock that reserves it.

    There are as many names as JACK allows servers, so that a new server takes the name, and the registration, of one
    that has crashed. The lock is inherited by the server's process: it lasts as long as that lives.
    """
    for number in range(MOST_SERVERS):
        name = f"drawstop-{number}"
        lock = os.open(Path(tempfile.gettempdir()) / f"{name}.jack-lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        for semaphore in Path("/dev/shm").glob(f"jack_sem.*_{name}_*"):
            semaphore.unlink(missing_ok=True)
        return name, lock
    return f"drawstop-{os.getpid()}-{next(_numbers)}", None


def _real_time_is_granted() -> bool:
    """Whether a process may take real-time priority; tried in a process of its own, which it changes."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(70))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
