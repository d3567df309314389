"""How long a thread of some real-time priority is held up on this machine, while something else is measured.

A thread of priority 99 waits for no other: who holds it up is the machine (the host, the kernel). One of a player's
priority waits for all that is above it, and for what is beside it at the same priority: other performances.
"""

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

STEP_S = 0.001
LONG_S = 0.005
"""A wake-up that comes later than this is a stall."""
HIGHEST = 99


@dataclass
class Stalls:
    """Measures from entering the context to leaving it, with a process on every core.

    Args:
        priority: of these processes, first in, first out.

    Attributes:
        real_time: whether the system grants that priority; else the figures are those of an ordinary thread.
        late: of every stall, when it ended (seconds since the beginning) and how late the thread woke, in seconds.
        stolen_s: processor seconds that the host took from this virtual machine.
    """

    priority: int = HIGHEST
    real_time: bool = False
    late: list[tuple[float, float]] = field(default_factory=list)
    stolen_s: float = 0.0

    def __enter__(self) -> "Stalls":
        self._stolen_before = _stolen_s()
        cores = sorted(os.sched_getaffinity(0))
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.live.stalls", str(core), str(self.priority)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for core in cores
        ]  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        granted = []
        for process in self._processes:
            said = process.communicate("end")[0].splitlines()
            granted.append(said[0] == "True")
            self.late += [(float(at), float(late)) for at, late in (line.split() for line in said[1:])]
        self.real_time = all(granted)
        self.late.sort()
        self.stolen_s = _stolen_s() - self._stolen_before

    def __str__(self) -> str:
        longest = max((late for _, late in self.late), default=0.0)
        whose = f"a thread of priority {self.priority}" if self.real_time else "an ordinary thread"
        return (
            f"{whose} was held up {len(self.late)} times for more than {1000 * LONG_S:.0f} ms, at most "
            f"{1000 * longest:.0f} ms; the host took {self.stolen_s:.1f} s"
        )


def memory_stalls() -> dict[str, int]:
    """How often, since the start of the machine, somebody had to wait for memory to be freed or moved; by the kernel's names."""
    lines = (line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    names = ("allocstall_", "compact_stall", "pgmigrate_success", "thp_collapse_alloc", "pgmajfault")
    return {name: int(count) for name, count in lines if name.startswith(names)}


def real_time_processes() -> list[int]:
    """The processes whose main thread is in the first-in-first-out class."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.sched_getscheduler(int(folder.name)) == os.SCHED_FIFO:
                found.append(int(folder.name))
    return found


def _stolen_s() -> float:
    fields = Path("/proc/stat").read_text().split("\n")[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def _measure(core: int, priority: int) -> None:
    """Print whether the priority is granted, and each stall, until the standard input ends."""
    os.sched_setaffinity(0, {core})
    granted = False
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        granted = True
    os.set_blocking(0, False)
    begin, stalls = time.monotonic(), []
    while True:
        before = time.monotonic()
        time.sleep(STEP_S)
        late = time.monotonic() - before - STEP_S
        if late > LONG_S:
            stalls.append((time.monotonic() - begin, late))
        with contextlib.suppress(BlockingIOError):
            os.read(0, 16)
            break
    print(granted)
    for at, late in stalls:
        print(f"{at:.3f} {late:.4f}")


if __name__ == "__main__":
    _measure(int(sys.argv[1]), int(sys.argv[2]))
