"""A MIDI controller for tests: a virtual JACK MIDI port in a process of its own, as a real box is outside of ours."""

import subprocess
import sys

import mido

from bench.live.jack import JackServer

_SENDER = """
import sys, time, mido
port = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output(sys.argv[2], virtual=True, client_name=sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    pace_s, message = line.split(" ", 1)
    port.send(mido.Message.from_hex(message))
    time.sleep(float(pace_s))
    print("sent", flush=True)
"""
PACE_S = 0.002  # one JACK period has room for few messages; more are lost by the sender's own library


class Controller:
    """Its output is called `<name>:<port>`."""

    def __init__(self, server: JackServer, name: str, port: str = "out") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SENDER, name, port], env=server.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def send(self, *messages: mido.Message, pace_s: float = PACE_S) -> None:
        """Send messages, one after another, and wait until all are sent."""
        assert self._process.stdin is not None and self._process.stdout is not None
        for message in messages:
            self._process.stdin.write(f"{pace_s} {message.hex()}\n")
            self._process.stdin.flush()
            assert self._process.stdout.readline() == "sent\n"

    def pull(self) -> None:
        """Pull its cable."""
        ended(self._process)


def ended(process: "subprocess.Popen[str]") -> None:
    """Kill a process and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def cc(number: int, *values: int) -> list[mido.Message]:
    """Control changes, on channel 1."""
    return [mido.Message("control_change", control=number, value=value) for value in values]
