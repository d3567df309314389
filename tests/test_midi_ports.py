"""Real JACK MIDI ports: messages come with their moment, devices come and go, the server too."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import mido
import pytest
from jack_server import JackServer, wait_for
from midi_controller import Controller, cc, ended

from realtime.live.midi_ports import MidiPorts


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("jackd", "jack_lsp"):
        needs_program(name)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    with JackServer() as server:
        for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
            monkeypatch.setenv(key, server.environment[key])
        yield server


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
        other.send(*cc(1, 1))
        before = time.monotonic()
        nano.send(*cc(20, *range(100)), mido.Message("sysex", data=(1, 2, 3)))
        wait_for(lambda: len(heard) == 101, "the messages")
        assert [message.value for _, message, _ in heard[:100]] == list(range(100))
        assert {device for device, _, _ in heard} == {"nano:out"}
        assert all(before <= moment <= time.monotonic() for _, _, moment in heard)
        assert heard[100][1].data == (1, 2, 3)

        nano.pull()
        wait_for(lambda: names == [], "the pull to be seen")
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input again")
        nano.send(*cc(20, 5))
        wait_for(lambda: [heard[-1][1]] == cc(20, 5), "a message after the pull")

        nano.pull()
        other.pull()
        server.stop()
        wait_for(lambda: names == [], "the server's end to be seen")
        server.start()
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input on the new server")
        nano.send(*cc(20, 6))
        wait_for(lambda: [heard[-1][1]] == cc(20, 6), "a message through the new server")
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
            ports.send("fader:in", cc(20, 77)[0])
            assert process.stdout is not None
            assert mido.Message.from_hex(process.stdout.readline()) == cc(20, 77)[0]
    finally:
        ended(process)
