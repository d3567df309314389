"""Preparations for live measurements: the example RAVE's instrument, a session's folder, a busy machine, a free port."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

DEMO = Path(__file__).parents[2] / "training" / "demo"


@contextlib.contextmanager
def other_cores_busy() -> Iterator[None]:
    """Every core but one loaded by stress-ng."""
    load = subprocess.Popen(["stress-ng", "--cpu", str(max(1, (os.cpu_count() or 2) - 1)), "-q"])
    try:
        yield
    finally:
        load.terminate()


def example_instrument(folder: Path) -> Path:
    """Bake the example RAVE's instrument into this folder."""
    return baked(DEMO, folder)


def baked(model: Path, folder: Path) -> Path:
    """Bake a folder's RAVE and bank into another one, in a process of its own: a supervisor's never imports torch."""
    code = (
        "import sys; from pathlib import Path; from export.instrument.bake import bake; "
        "bake(Path(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]))"
    )
    path = folder / f"{model.name}.ts"
    subprocess.run([sys.executable, "-c", code, model / "rave.ts", model / "bank", path], check=True)
    return path


def resident_megabytes(pid: int) -> float:
    """The memory of a process that it shares with no other, in MB."""
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
