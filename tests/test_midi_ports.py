"""Real JACK MIDI ports: messages come with their moment, devices come and go, the server too."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import mido
import pytest
from jack_server import JackServer, wait_for

from realtime.live.midi_ports import MidiPorts


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("jackd", "jack_lsp"):
        needs_program(name)


SENDER = """
import sys, mido
port = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("out", virtual=True, client_name=sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    port.send(mido.Message.from_hex(line))
"""


def ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class Controller:
    """A virtual MIDI device, in a process of its own."""

    def __init__(self, server: JackServer, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SENDER, name], env=server.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def send(self, *messages: mido.Message) -> None:
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(message.hex() + "\n")
            self.process.stdin.flush()
            time.sleep(
                0.002
            )  # one JACK period has room for few messages; more are lost by the sender's own library

    def pull(self) -> None:
        ended(self.process)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    with JackServer() as server:
        for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
            monkeypatch.setenv(key, server.environment[key])
        yield server


def cc(value: int) -> mido.Message:
    return mido.Message("control_change", control=20, value=value)


def test_messages_come_whole_in_order_and_with_their_moment_also_after_a_pull_and_a_new_server(
    server: JackServer,
) -> None:
    heard: list[tuple[str, mido.Message, float]] = []
    names: list[str] = []

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = inputs

    with MidiPorts(lambda *told: heard.append(told), ["nano"], on_change=changed):
        nano, other = Controller(server, "nano"), Controller(server, "other")
        wait_for(lambda: names == ["nano:out"], "the input")
        other.send(cc(1))
        before = time.monotonic()
        nano.send(*(cc(value) for value in range(100)), mido.Message("sysex", data=(1, 2, 3)))
        wait_for(lambda: len(heard) == 101, "the messages")
        assert [message.value for _, message, _ in heard[:100]] == list(range(100))
        assert {device for device, _, _ in heard} == {"nano:out"}
        assert all(before <= moment <= time.monotonic() for _, _, moment in heard)
        assert heard[100][1].data == (1, 2, 3)

        nano.pull()
        wait_for(lambda: names == [], "the pull to be seen")
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input again")
        nano.send(cc(5))
        wait_for(lambda: heard[-1][1] == cc(5), "a message after the pull")

        nano.pull()
        other.pull()
        server.stop()
        wait_for(lambda: names == [], "the server's end to be seen")
        server.start()
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input on the new server")
        nano.send(cc(6))
        wait_for(lambda: heard[-1][1] == cc(6), "a message through the new server")
        nano.pull()


def test_messages_go_out(server: JackServer) -> None:
    catcher = """
import mido
port = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_input("in", virtual=True, client_name="fader")
for message in port:
    print(message.hex(), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", catcher], env=server.environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    names: list[str] = []

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = outputs

    try:
        with MidiPorts(lambda *told: None, [], ["fader"], changed) as ports:
            wait_for(lambda: names == ["fader:in"], "the output")
            ports.send("fader:in", cc(77))
            assert process.stdout is not None
            assert mido.Message.from_hex(process.stdout.readline()) == cc(77)
    finally:
        ended(process)
