"""`play` with real JACK MIDI ports and OSC clients, as a performer uses it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.recording.session_file import Session, read_session
from tests.helpers.control.midi_controller import Controller, cc, ended
from tests.helpers.control.osc_parts import UdpPeer, oscsend, udp_port_is_bound
from tests.helpers.programs.drawstop_process import Lines
from tests.helpers.programs.live_player import Playing
from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import PATIENCE_S, wait_for

RATE = 44100
RAMP_S = PATIENCE_S
"""Longer than anything here is late."""
ALL_14_BITS = [m for v in range(0, 16384, 64) for m in cc(1, v >> 7) + cc(33, v & 127)]
FINER_THAN_7_BITS = 1e-3
"""A distance of values: a stop goes from -1 to 1 in 127 steps of 7 bits."""

pytestmark = pytest.mark.usefixtures("playing_ends")


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("oscsend", "oscdump"):
        needs_program(name)


@pytest.fixture
def jack_options() -> dict[str, bool]:
    """Each period waits for every client: else a message of a late one comes twice."""
    return {"synchronous": True}


def moves(session: Session, source: str) -> list[float]:
    return [round(event.value, 4) for event in session.events if event.source == source]


def test_a_mapping_plays_is_mended_while_it_plays_and_survives_a_pull(
    small: Path,
    tmp_path: Path,
    jack: JackServer,
    plug_in: Callable[[str], Controller],
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
    assert values == sorted(values)  # of several that come late for a block the last one counts
    assert values[-1] == pytest.approx(2 * 16320 / 16383 - 1, abs=FINER_THAN_7_BITS)
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


def test_osc_clients_and_a_controller_move_one_instrument_and_each_is_sent_what_the_other_did(
    small: Path,
    tmp_path: Path,
    jack: JackServer,
    plug_in: Callable[[str], Controller],
) -> None:
    port, dump_port = free_port(), free_port()
    url = f"osc.udp://127.0.0.1:{port}"
    mapping, take = tmp_path / "m.toml", tmp_path / "take"
    mapping.write_text('[[knob]]\nsource = "cc 20"\nstop = "voice"\ntakeover = "jump"\n')
    dump = subprocess.Popen(
        ["oscdump", "-L", str(dump_port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    nano, received = plug_in("nano"), Lines(dump)
    wait_for(lambda: udp_port_is_bound(dump_port), "oscdump's port")
    playing = Playing(
        jack, small, "--headless", "--block", 512, "--mapping", mapping, "--osc", port, "--record", take
    )
    playing.wait_until_said("MIDI nano:out is here")
    oscsend(url, "/subscribe", "i", dump_port)
    received.wait_for("/stop/voice f 0.0")
    oscsend(url, "/stop/guitar/ramp", "ff", 1.0, RAMP_S)
    nano.send(*cc(20, 127))
    received.wait_for("/stop/guitar f 1.0")
    received.wait_for("/stop/voice f 1.0")
    received.wait_for("/meter/in f")
    oscsend(url, "/scene/loud/store")
    oscsend(url, "/stop/*", "f", 0)
    oscsend(url, "/scene/loud")
    oscsend(url, "/panic")
    received.wait_for("/mute f 1.0")
    oscsend(url, "/stop/oboe", "f", 1)
    playing.wait_until_said("oboe")
    code, _, err = playing.interrupt()
    ended(dump)
    assert code == 0, err
    session = read_session(take)
    first = next(event for event in session.events if event.source.startswith("osc"))
    assert (first.slug, first.value) == ("guitar", 1.0)
    assert 0 < first.ramp_samples <= RAMP_S * RATE  # a late one's ramp ends where it would have ended
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
