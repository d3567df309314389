"""`jack_iodelay`: it measures the delay from one port to another, and its signal is a sound for the player's input."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench.live.jack import JackServer
from tests.helpers.waiting import wait_for

SETTLED = 4
"""Equal readings of jack_iodelay in a row: it has settled."""


@contextmanager
def running_iodelay(server: JackServer, into: str) -> Iterator["subprocess.Popen[str]"]:
    """jack_iodelay, whose signal goes into a port."""
    process = subprocess.Popen(
        ["stdbuf", "-oL", "jack_iodelay"], env=server.environment, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: {"jack_delay:in", "jack_delay:out"} <= set(server.ports()), "jack_iodelay")
        server.connect("jack_delay:out", into)
        yield process
    finally:
        process.kill()
        process.communicate()
        wait_for(lambda: "jack_delay:out" not in server.ports(), "the end of jack_iodelay")


def iodelay(server: JackServer, into: str, out: str) -> float:
    """Frames from jack_iodelay's output through `into` … `out` back to its input, once it has settled."""
    with running_iodelay(server, into) as process:
        server.connect(out, "jack_delay:in")
        assert process.stdout is not None
        readings: list[float] = []
        for line in process.stdout:
            readings += map(float, re.findall(r"([\d.]+) frames .* total roundtrip", line))
            if len(readings) >= SETTLED and len(set(readings[-SETTLED:])) == 1:
                break
    return readings[-1]
