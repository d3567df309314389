"""`learn` with a real JACK MIDI port. What each kind of gesture is taken for: tests/realtime/controllers/learning."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from bench.live.jack import JackServer
from realtime.controllers.mapping.file import read_mapping
from tests.helpers.control.midi_controller import Controller, cc, ended
from tests.helpers.programs.drawstop_process import Lines, run_drawstop
from tests.helpers.waiting import PATIENCE_S


@pytest.fixture
def trembling(plug_in: Callable[[str], Controller]) -> Iterator[None]:
    """A box whose knob wavers by a step all the time."""
    other, stopped = plug_in("other"), threading.Event()

    def tremble() -> None:
        while not stopped.is_set():
            other.send(*cc(7, 63, 64), pace_s=0.02)

    thread = threading.Thread(target=tremble)
    thread.start()
    yield
    stopped.set()
    thread.join()


def test_learn_writes_the_pad_that_is_pressed_while_another_box_trembles_and_takes_it_back(
    tmp_path: Path, jack: JackServer, box: Controller, trembling: None
) -> None:
    path = tmp_path / "organ.toml"
    path.write_text("# mine\n")
    process = run_drawstop(jack, "learn", path, "guitar")
    output = Lines(process)
    output.wait_for("box:out is here")
    output.wait_for("guitar: turn its knob")
    box.send(mido.Message("note_on", note=36, velocity=99), mido.Message("note_off", note=36))
    output.wait_for("note 36 on channel 1 of box:out: a key or pad")
    assert process.wait(PATIENCE_S) == 0
    ended(process)
    (knob,) = read_mapping(path).knobs
    assert (str(knob.source), knob.stop, knob.mode) == ("note 36", "guitar", "velocity")
    assert (knob.source.device, knob.source.channel) == ("box:out", 1)
    assert path.read_text().startswith("# mine\n")

    undone = run_drawstop(jack, "learn", path, "--undo")
    assert undone.wait(PATIENCE_S) == 0
    ended(undone)
    assert not read_mapping(path).knobs
