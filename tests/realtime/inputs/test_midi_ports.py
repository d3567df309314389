"""Real JACK MIDI ports: messages come with their moment, devices come and go, the server too."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from bench.live.jack import JackServer
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import parse_mapping
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.parameters import ParameterStore
from realtime.inputs.midi_ports import MidiPorts
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.control.midi_controller import Controller, cc, ended
from tests.helpers.control.osc_parts import CommandRecorder
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.live

AHEAD = 10
"""Messages that may be on their way: JACK loses none of so few."""
STEP = 2 * 2 / 16383
"""The largest step of a 14-bit bend that moves a stop from -1 to 1, twice over: the wheel's upper half has a step less."""


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("jackd", "jack_lsp"):
        needs_program(name)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    with JackServer(synchronous=True) as server:
        for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
            monkeypatch.setenv(key, server.environment[key])
        yield server


def test_messages_come_whole_in_order_and_with_their_moment_also_after_a_pull_and_a_new_server(
    server: JackServer,
) -> None:
    received: list[tuple[str, mido.Message, float]] = []
    names: list[str] = []

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = inputs

    with MidiPorts(lambda *message: received.append(message), ["nano"], on_change=changed):
        nano, other = Controller(server, "nano"), Controller(server, "other")
        wait_for(lambda: names == ["nano:out"], "the input")
        other.send(*cc(1, 1))
        before = time.monotonic()
        for count, message in enumerate([*cc(20, *range(100)), mido.Message("sysex", data=(1, 2, 3))], 1):
            nano.send(message)
            wait_for(lambda count=count: len(received) >= count - AHEAD, "the messages")
        wait_for(lambda: len(received) == 101, "the last message")
        assert [message.value for _, message, _ in received[:100]] == list(range(100))
        assert {device for device, _, _ in received} == {"nano:out"}
        assert all(before <= moment <= time.monotonic() for _, _, moment in received)
        assert received[100][1].data == (1, 2, 3)

        nano.pull()
        wait_for(lambda: names == [], "the pull to be seen")
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input again")
        nano.send(*cc(20, 5))
        wait_for(lambda: [received[-1][1]] == cc(20, 5), "a message after the pull")

        nano.pull()
        other.pull()
        server.stop()
        wait_for(lambda: names == [], "the server's end to be seen")
        server.start()
        nano = Controller(server, "nano")
        wait_for(lambda: names == ["nano:out"], "the input on the new server")
        nano.send(*cc(20, 6))
        wait_for(lambda: [received[-1][1]] == cc(20, 6), "a message through the new server")
        nano.pull()


def test_one_box_by_two_systems_is_opened_once(server: JackServer) -> None:
    """As PipeWire shows ALSA's boxes to JACK's clients; there is no ALSA here, so both are JACK's, with those names."""
    received: list[tuple[str, mido.Message, float]] = []
    names: list[str] = []

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = inputs

    box = Controller(server, "nano", "nano MIDI 1 20:0")
    bridge = Controller(server, "Midi-Bridge", "nano 2:(capture_0) nano MIDI 1")
    other = Controller(server, "Midi-Bridge2", "fcb MIDI 1")
    with MidiPorts(lambda *message: received.append(message), on_change=changed):
        wait_for(lambda: len(names) == 2, "the inputs")
        for each in (box, bridge):
            each.send(*[mido.Message("clock")] * 3)
        other.send(*cc(20, 5))
        wait_for(lambda: [received[-1][1]] == cc(20, 5) if received else False, "the last message")
        assert [message.type for _, message, _ in received] == ["clock"] * 3 + ["control_change"]
        for each in (box, bridge, other):
            each.pull()


def test_a_whole_name_of_an_input_goes_before_a_part_of_one(server: JackServer) -> None:
    names: list[str] = []
    boxes = [Controller(server, name) for name in ("nano", "nano 2")]

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = inputs

    for wanted, found in (("nano:out", ["nano:out"]), ("nano", ["nano 2:out", "nano:out"])):
        with MidiPorts(lambda *message: None, [wanted], on_change=changed):
            wait_for(lambda found=found: sorted(names) == found, "the inputs")
    for box in boxes:
        box.pull()


def test_fingers_of_an_mpe_controller_move_their_stops_through_a_real_port(server: JackServer) -> None:
    """As MPE controllers send: the zone first, then each note on a channel of its own, its values before it begins."""
    parameters = ParameterStore(
        EventRecorder(48000), [StopDescription(slug, slug, slug) for slug in ("guitar", "voice", "oboe")]
    )
    mapping = """
[[knob]]
source = "mpe pressure"
notes = "max"
stop = "guitar"
[[knob]]
source = "mpe bend"
semitones = 12
stop = "voice"
[[knob]]
source = "bend"
stop = "oboe"
takeover = "jump"
"""
    midi_input, names, received = (
        MidiInput(parameters, parse_mapping(mapping, Path("m.toml"))),
        list[str](),
        list[object](),
    )

    def receive(device: str, message: mido.Message, moment: float) -> None:
        midi_input.receive(device, message, moment)
        received.append(message)

    def changed(inputs: list[str], outputs: list[str]) -> None:
        names[:] = inputs

    def finger(channel: int, bend: int, *pressures: int) -> list[mido.Message]:
        begin = [
            mido.Message("pitchwheel", channel=channel, pitch=bend),
            *cc(74, 64),
            mido.Message("note_on", note=60),
        ]
        presses = [mido.Message("aftertouch", value=value) for value in pressures]
        return [message.copy(channel=channel) for message in (*begin, *presses)]

    with MidiPorts(receive, ["seaboard"], on_change=changed):
        seaboard = Controller(server, "seaboard")
        wait_for(lambda: names == ["seaboard:out"], "the input")
        sent = 0

        def play(*messages: mido.Message) -> dict[str, float]:
            nonlocal sent
            sent += len(messages)
            seaboard.send(*messages)
            wait_for(lambda: len(received) == sent, "the messages")
            return parameters.values

        configure = [*cc(101, 0), *cc(100, 6), *cc(6, 5), *cc(101, 0), *cc(100, 0)]
        play(*configure, *[each.copy(channel=1) for each in (*cc(101, 0), *cc(100, 0), *cc(6, 24))])
        one = play(*finger(1, 2048, 20, 100))
        assert one == pytest.approx({"guitar": (100 - 64) / 126 + 0.5, "voice": 0.5, "oboe": 0.0}, abs=STEP)
        two = play(*finger(2, -2048, 64))
        assert two == pytest.approx({"guitar": (100 - 64) / 126 + 0.5, "voice": -0.5, "oboe": 0.0}, abs=STEP)
        assert play(mido.Message("pitchwheel", pitch=8191))["oboe"] == 1.0  # the master's
        plain = play(mido.Message("pitchwheel", channel=6, pitch=-8192))  # no member of five
        assert plain == pytest.approx({**two, "oboe": -1.0})
        alone = play(mido.Message("note_off", channel=1, note=60))
        assert alone == pytest.approx({"guitar": 0.5, "voice": -0.5, "oboe": -1.0})
        rest = play(mido.Message("note_off", channel=2, note=60))
        assert rest == {"guitar": 0.0, "voice": 0.0, "oboe": -1.0}
        seaboard.pull()


def test_pedals_programs_and_clocks_through_real_ports(server: JackServer) -> None:
    """Each of the smallest inputs that a performer's boxes send: pedals without release, banks, two clocks, a pulled plug."""
    parameters = ParameterStore(
        EventRecorder(48000), [StopDescription(slug, slug, slug) for slug in ("guitar", "voice", "oboe")]
    )
    mapping = """
programs = { channel = 2, device = "fcb" }
[[knob]]
source = "cc 64"
stop = "guitar"
mode = "toggle"
[[knob]]
source = "cc 65"
stop = "voice"
mode = "toggle"
trigger = "any"
[[knob]]
source = "note 36"
stop = "oboe"
mode = "velocity"
[[button]]
source = "program 7"
does = "undo"
"""
    commands, tempo, names, received = CommandRecorder(), Tempo(), list[str](), list[object]()
    midi_input = MidiInput(parameters, parse_mapping(mapping, Path("m.toml")), commands, tempo)

    def receive(device: str, message: mido.Message, moment: float) -> None:
        midi_input.receive(device, message, moment)
        received.append(message)

    def changed(inputs: list[str], outputs: list[str]) -> None:
        for gone in set(names) - set(inputs):
            midi_input.forget(gone)
        names[:] = inputs

    def program(number: int, channel: int) -> mido.Message:
        return mido.Message("program_change", program=number, channel=channel)

    with MidiPorts(receive, on_change=changed):
        fcb, keys = Controller(server, "fcb"), Controller(server, "keys")
        wait_for(lambda: sorted(names) == ["fcb:out", "keys:out"], "the inputs")
        values = []
        for message in (*cc(64, 127, 127, 127), *cc(65, 127, 0, 127, 0)):
            count = len(received)
            fcb.send(message, pace_s=0.05)
            wait_for(lambda count=count: len(received) > count, "the message")
            values.append((parameters.values["guitar"], parameters.values["voice"]))
        assert [guitar for guitar, _ in values[:3]] == [1.0, 0.0, 1.0]
        assert [voice for _, voice in values[3:]] == [1.0, 0.0, 1.0, 0.0]

        count = len(received)
        fcb.send(*[each.copy(channel=1) for each in cc(0, 1)], program(3, 1), program(3, 0), program(7, 0))
        keys.send(program(4, 1), mido.Message("note_on", note=36, velocity=127))
        wait_for(lambda: len(received) == count + 6, "the messages")
        assert commands.calls == [("scene", 131, None, None), ("undo",)]
        assert parameters.values["oboe"] == 1.0
        keys.pull()
        wait_for(lambda: parameters.values["oboe"] == 0.0, "the pad of the box that was pulled out")

        drum, synth = Controller(server, "drum"), Controller(server, "synth")
        wait_for(lambda: {"drum:out", "synth:out"} <= set(names), "the clocks")
        drum.send(mido.Message("clock"))
        wait_for(lambda: tempo.followed == "drum:out", "the first clock")
        drum.pull()
        wait_for(lambda: tempo.followed is None, "the clock's end")
        synth.send(mido.Message("clock"))
        wait_for(lambda: tempo.followed == "synth:out", "the other clock")
        for box in (fcb, synth):
            box.pull()


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
        with MidiPorts(lambda *message: None, [], ["fader"], changed) as ports:
            wait_for(lambda: names == ["fader:in"], "the output")
            ports.send("fader:in", cc(20, 77)[0])
            assert process.stdout is not None
            assert mido.Message.from_hex(process.stdout.readline()) == cc(20, 77)[0]
    finally:
        ended(process)
