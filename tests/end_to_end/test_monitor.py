"""`monitor` with a real JACK MIDI port."""

import os
import signal
from pathlib import Path

import mido

from bench.live.jack import JackServer
from tests.helpers.control.midi_controller import Controller, cc, ended
from tests.helpers.programs.drawstop_process import Lines, run_drawstop
from tests.helpers.waiting import PATIENCE_S, wait_for


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

    def tempo_is_shown() -> bool:
        box.send(*[mido.Message("clock")] * 12, pace_s=0.02)
        return output.has("clock of box:out: ")

    wait_for(tempo_is_shown, "the tempo of the clock")
    output.wait_for(", followed")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    ended(process)
