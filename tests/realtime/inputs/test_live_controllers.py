"""`play`, `learn` and `monitor` with real JACK MIDI ports, as a performer uses them."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest
from live_player import Playing, wait_for
from midi_controller import Controller, cc, ended
from osc_parts import UdpPeer
from repository import REPOSITORY

from bench.live.jack import JackServer
from realtime.controllers.mapping.file import read_mapping
from realtime.recording.session_file import Session, read_session

RATE = 44100
ALL_14_BITS = [m for v in range(0, 16384, 64) for m in cc(1, v >> 7) + cc(33, v & 127)]
WHEEL = [
    mido.Message("pitchwheel", pitch=pitch) for pitch in (*range(0, 6000, 400), *range(6000, 1000, -400))
]
FINGER = [
    message.copy(channel=3)
    for message in (
        mido.Message("pitchwheel", pitch=0), *cc(74, 64), mido.Message("note_on", note=60, velocity=70),
        *[mido.Message("aftertouch", value=value) for value in range(0, 100, 5)], mido.Message("note_off", note=60),
    )
]  # fmt: skip

pytestmark = pytest.mark.usefixtures("playing_ends")


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("jackd", "jack_lsp", "oscsend", "oscdump"):
        needs_program(name)


@pytest.fixture
def jack() -> Iterator[JackServer]:
    with JackServer() as server:
        yield server


@pytest.fixture
def plug_in(jack: JackServer) -> Iterator[Callable[[str], Controller]]:
    """Gives controllers by name."""
    plugged: list[Controller] = []

    def plug(name: str) -> Controller:
        plugged.append(Controller(jack, name))
        return plugged[-1]

    yield plug
    for controller in plugged:
        controller.pull()


@pytest.fixture
def trembling(plug_in: Callable[[str], Controller]) -> Iterator[None]:
    """A box whose knob wavers by a step all the time."""
    other, ended = plug_in("other"), threading.Event()

    def tremble() -> None:
        while not ended.is_set():
            other.send(*cc(7, 63, 64), pace_s=0.02)

    thread = threading.Thread(target=tremble)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def box(plug_in: Callable[[str], Controller]) -> Controller:
    return plug_in("box")


def run_drawstop(jack: JackServer, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "drawstop", *map(str, arguments)], env=jack.environment, cwd=REPOSITORY,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


class Lines:
    """What a process says, line by line, while it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.lines = process, list[str]()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def wait_for(self, text: str) -> None:
        wait_for(lambda: any(text in line for line in self.lines), f"{text!r} in {self.lines}", 20)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives UDP and TCP ports that nobody uses."""

    def find() -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            return port

    return find


def moves(session: Session, source: str) -> list[float]:
    return [round(event.value, 4) for event in session.events if event.source == source]


def test_a_mapping_plays_is_mended_while_it_plays_and_survives_a_pull(
    small: Path,
    tmp_path: Path,
    jack: JackServer,
    plug_in: Callable[[str], Controller],
    free_port: Callable[[], int],
) -> None:
    port = free_port()

    def wait_for_voice(value: float) -> None:
        wait_for(
            lambda: osc_value(port, "/stop/voice") == pytest.approx(value, abs=1e-4), f"voice at {value}"
        )

    mapping, scenes, take = tmp_path / "m.toml", tmp_path / "scenes.toml", tmp_path / "take"
    mapping.write_text(
        '[[knob]]\nsource = "cc14 1"\nstop = "guitar"\ntakeover = "jump"\ndevice = "nano:out"\n'
        '[[knob]]\nsource = "cc 9"\nstop = "guitar"\ndevice = "FCB1010"\n'
        '[[knob]]\nsource = "cc 20"\nstop = "voice"\ntakeover = "jump"\n'
        '[[button]]\nsource = "note 40"\ndoes = "store"\nname = "Verse"\n'
    )
    nano = plug_in("nano")
    playing = Playing(
        jack, small, "--headless", "--block", 512, "--mapping", mapping, "--scenes", scenes, "--record", take,
        "--osc", port,
    )  # fmt: skip
    playing.wait_until_said("MIDI nano:out is here")
    playing.wait_until_said("the mapping's 'FCB1010' isn't here; here is: nano:out")
    nano.send(*ALL_14_BITS)
    nano.send(mido.Message("note_on", note=40, velocity=100), mido.Message("note_on", note=40, velocity=0))
    wait_for(lambda: scenes.exists(), "the stored scene")
    nano.send(mido.Message("control_change", control=20, value=127))
    wait_for_voice(1.0)
    nano.send(mido.Message("program_change", program=0))
    wait_for_voice(0.0)

    mapping.write_text(mapping.read_text() + 'kurve = "linear"\n')
    playing.wait_until_said("line 18: there is no 'kurve' here")
    mapping.write_text('[[knob]]\nsource = "cc 30"\nstop = "voice"\ntakeover = "jump"\n')
    playing.wait_until_said("is in use as it was saved")
    nano.send(*cc(30, 0))
    wait_for_voice(-1.0)

    nano.pull()
    playing.wait_until_said("MIDI nano:out has gone")
    nano = plug_in("nano")
    wait_for(lambda: playing.said("MIDI nano:out is here") == 2, "the box again")
    nano.send(*cc(30, 96))
    wait_for_voice(32 / 63)
    code, _, err = playing.interrupt()
    assert code == 0, err
    session = read_session(take)
    values = moves(session, "cc14 1")
    assert (
        len(set(values)) > 128
    )  # more than 7 bits can say; of several that come late for a block the last one counts
    assert values == sorted(values)
    assert values[-1] == pytest.approx(2 * 16320 / 16383 - 1, abs=1e-3)
    assert moves(session, "cc 20") == [1.0]
    assert moves(session, "scene verse")[-1] == 0.0  # what voice was when the scene was stored
    assert moves(session, "cc 30") == [-1.0, round(32 / 63, 4)]


def osc_value(port: int, address: str) -> float:
    """The present value at an OSC address of the performance."""
    with UdpPeer(port) as client:
        client.send_message("/values", [])
        value = client.receive_until(address).params[0]
        assert isinstance(value, float)
        return value


def osc(port: int, address: str, *arguments: object) -> None:
    subprocess.run(["oscsend", "localhost", str(port), address, *map(str, arguments)], check=True)


def test_osc_clients_and_a_controller_move_one_instrument_and_each_is_sent_what_the_other_did(
    small: Path,
    tmp_path: Path,
    jack: JackServer,
    plug_in: Callable[[str], Controller],
    free_port: Callable[[], int],
) -> None:
    port, dump_port = free_port(), free_port()
    mapping, take = tmp_path / "m.toml", tmp_path / "take"
    mapping.write_text('[[knob]]\nsource = "cc 20"\nstop = "voice"\ntakeover = "jump"\n')
    dump = subprocess.Popen(
        ["oscdump", "-L", str(dump_port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    nano, received = plug_in("nano"), Lines(dump)
    playing = Playing(
        jack, small, "--headless", "--block", 512, "--mapping", mapping, "--osc", port, "--record", take
    )
    playing.wait_until_said("MIDI nano:out is here")
    osc(port, "/subscribe", "i", dump_port)
    received.wait_for("/stop/voice f 0.0")
    osc(port, "/stop/guitar/ramp", "ff", 1.0, 0.5)
    nano.send(*cc(20, 127))
    received.wait_for("/stop/guitar f 1.0")
    received.wait_for("/stop/voice f 1.0")
    received.wait_for("/meter/in f")
    osc(port, "/scene/loud/store")
    osc(port, "/stop/*", "f", 0)
    osc(port, "/scene/loud")
    osc(port, "/panic")
    received.wait_for("/mute f 1.0")
    osc(port, "/stop/oboe", "f", 1)
    playing.wait_until_said("oboe")
    code, _, err = playing.interrupt()
    ended(dump)
    assert code == 0, err
    session = read_session(take)
    first = next(event for event in session.events if event.source.startswith("osc"))
    assert (first.slug, first.value) == ("guitar", 1.0)
    assert 0 < first.ramp_samples <= RATE // 2  # a late one's ramp ends where it would have ended
    assert moves(session, "scene loud") == [1.0, 1.0]
    assert moves(session, "panic") == [1.0, 1.0, 0.0, 0.0]
    rendered = subprocess.run(
        [sys.executable, "-m", "drawstop", "render", "--session", take, "-o", tmp_path / "out.wav"],
        env=jack.environment, capture_output=True, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert rendered.returncode == 0, rendered.stderr
    assert "the same bits as were played" in rendered.stderr


def test_a_broken_mapping_is_one_line_before_anything_sounds(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    (tmp_path / "m.toml").write_text("[[knob]]\nsource = 'cc 20'\n")
    code, _, err = Playing(jack, small, "--headless", "--mapping", tmp_path / "m.toml").ended()
    assert code == 2
    assert "m.toml, line 1: stop is missing" in err


def test_learn_recognises_what_is_moved_by_its_messages_while_another_box_trembles(
    tmp_path: Path, jack: JackServer, box: Controller, trembling: None
) -> None:
    path = tmp_path / "organ.toml"
    path.write_text("# mine\n")
    process = run_drawstop(
        jack, "learn", path, "guitar", "voice", "engine.wet", "engine.mute", "organ", "flute", "oboe", "drums"
    )
    output = Lines(process)
    gestures = {
        "guitar": (
            cc(20, *range(60, 80), *range(80, 55, -1)),
            "cc 20 on channel 1 of box:out: a knob of 7 bits",
        ),
        "voice": (ALL_14_BITS[:60], "cc14 1 on channel 1 of box:out: a 14-bit controller, msb-first"),
        "engine.wet": (cc(30, *[1] * 6, *[127] * 6), "an endless encoder, twos-complement"),
        "engine.mute": (
            [mido.Message("note_on", note=36, velocity=99), mido.Message("note_off", note=36)],
            "note 36 on channel 1 of box:out: a key or pad",
        ),
        "organ": (FINGER, "mpe pressure of box:out: a finger on an MPE controller, any note"),
        "flute": (
            [mido.Message("program_change", program=4)],
            "program 4 on channel 1 of box:out: a program change",
        ),
        "oboe": (
            [mido.Message("note_on", note=104, velocity=127), *WHEEL, mido.Message("note_off", note=104)],
            "bend on channel 1 of box:out: a wheel of 14 bits",
        ),
        "drums": (
            [*cc(99, 2), *cc(98, 44), *cc(96, *[0] * 5), *cc(97, *[0] * 4)],
            "nrpn 300 on channel 1 of box:out: an endless encoder, increments",
        ),
    }
    output.wait_for("box:out is here")
    for stop, (messages, says) in gestures.items():
        output.wait_for(f"{stop}: turn its knob")
        box.send(*messages)
        output.wait_for(says)
    assert process.wait(20) == 0
    knobs = read_mapping(path).knobs
    assert [(str(knob.source), knob.stop, knob.mode) for knob in knobs] == [
        ("cc 20", "guitar", "absolute"), ("cc14 1", "voice", "absolute"),
        ("cc 30", "engine.wet", "relative"), ("note 36", "engine.mute", "velocity"), ("mpe pressure", "organ", "absolute"),
        ("program 4", "flute", "toggle"), ("bend", "oboe", "absolute"), ("nrpn 300", "drums", "relative"),
    ]  # fmt: skip
    assert {knob.source.device for knob in knobs} == {"box:out"}
    assert [knob.source.channel for knob in knobs] == [1, 1, 1, 1, None, 1, 1, 1]
    assert path.read_text().startswith("# mine\n")
    ended(process)

    undone = run_drawstop(jack, "learn", path, "--undo")
    assert undone.wait(20) == 0
    ended(undone)
    assert len(read_mapping(path).knobs) == 7


def test_monitor_shows_what_comes_and_what_it_moves(
    tmp_path: Path, jack: JackServer, box: Controller
) -> None:
    path = tmp_path / "organ.toml"
    path.write_text(
        '[[knob]]\nsource = "cc 20"\nstop = "guitar"\ntakeover = "jump"\n'
        '[[button]]\nsource = "program 2"\ndoes = "undo"\ndevice = "FCB1010"\n'
    )
    process = run_drawstop(jack, "monitor", "--mapping", path)
    output = Lines(process)
    output.wait_for("box:out is here")
    output.wait_for("the mapping's 'FCB1010' isn't here; here is: box:out")
    box.send(*cc(20, 127), mido.Message("pitchwheel", pitch=0))
    output.wait_for("control=20 value=127")
    output.wait_for("cc 20 -> guitar +1.0000")
    output.wait_for("bend on channel 1: 8192 of 16383")
    box.send(*[mido.Message("clock")] * 40, pace_s=0.02)
    output.wait_for("clock of box:out: 1")
    output.wait_for(", followed")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    ended(process)
