"""Random sequences of gestures: nothing sticks, no stop jumps, and clocks don't add up."""

import os
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import parse_mapping
from realtime.controllers.mapping.takeover import CLOSE, NEAR, STEEPEST
from realtime.controllers.midi.clock import DEFAULT_BPM, TICKS_PER_BEAT, Tempo
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.source import ControllerInput, MidiSource
from realtime.controllers.parameters import ParameterStore
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.control.midi_controller import cc
from tests.helpers.control.osc_parts import CommandRecorder

SEQUENCES, EXAMPLES = 20, 500 if os.environ.get("DRAWSTOP_WHOLE_TABLE") else 100
"""Sequences in an example of hypothesis's, which costs more than a sequence: 2,000 in all, 10,000 in `just test-models`."""
GESTURES = 11
BYTES = 3 * GESTURES + 3
EVEN_CLOCK = 0.01
"""Relative error with a clock without jitter; doubled ticks would be 100 % off, and two clocks in turn some 20."""
ROUNDING = 1e-6
SLUGS = ("pickup", "scale", "relative", "shifted", "momentary", "velocity", "latching", "program")
TAKEOVERS = "".join(
    f'[[knob]]\nsource = "cc 20"\nstop = "{slug}"\ntakeover = "{slug}"\n'
    for slug in ("pickup", "scale", "relative")
)
MAPPING = parse_mapping(
    TAKEOVERS + """
[[knob]]
source = "cc 20"
stop = "shifted"
shift = "alt"
[[knob]]
source = "note 5"
stop = "momentary"
mode = "momentary"
[[knob]]
source = "note 6"
stop = "velocity"
mode = "velocity"
[[knob]]
source = "cc 64"
stop = "latching"
mode = "toggle"
trigger = "any"
[[knob]]
source = "program 3"
stop = "program"
mode = "toggle"
[[button]]
source = "note 1"
does = "shift"
name = "alt"
[[button]]
source = "cc 65"
does = "shift"
name = "pedal"
[[button]]
source = "note 2"
does = "undo"
""", Path("m.toml"),
)  # fmt: skip


class Performer:
    """A performer with a box, and the mapping behind it."""

    def __init__(self) -> None:
        self.commands, self.tempo = CommandRecorder(), Tempo()
        self.parameters = ParameterStore(
            EventRecorder(), [StopDescription(slug, slug, slug) for slug in SLUGS]
        )
        self.midi = MidiInput(self.parameters, MAPPING, self.commands, self.tempo)
        self.seconds = 0.0
        self.knob, self.seen = 64, True
        self.turn(64)

    def send(self, *messages: mido.Message) -> None:
        for message in messages:
            self.seconds += 0.1
            self.midi.receive("box", message, self.seconds)

    def turn(self, data: int) -> None:
        """Turn the knob, and check that no stop jumps."""
        before, last = self.parameters.values, position(self.knob)
        if not self.seen and abs(position(data) - last) > NEAR:  # pulled out, and turned meanwhile
            last = None
        self.send(*cc(20, data))
        self.knob, self.seen = data, True
        travelled = 0.0 if last is None else abs(position(data) - last)
        allowed = {"pickup": travelled + CLOSE, "shifted": travelled + CLOSE, "relative": travelled,
                   "scale": max(STEEPEST * travelled, travelled + CLOSE) + CLOSE / 8}  # fmt: skip
        for slug, most in allowed.items():
            moved = abs(self.parameters.values[slug] - before[slug]) / 2
            assert moved <= most + ROUNDING, (slug, before[slug], last, data)

    def do(self, kind: int, x: int, y: int) -> None:
        """One gesture."""
        match kind % 12:
            case 0:
                self.turn(x % 128)
            case 1 | 2:
                self.turn(min(max(self.knob + x % 15 - 7, 0), 127))
            case 3:
                self.parameters.move({SLUGS[y % 4]: x / 127.5 - 1}, "scene")
            case 4 | 5 | 6:
                note = (1, 5, 6)[y % 3]
                self.send(mido.Message("note_on", note=note, velocity=x // 2))
            case 7:
                self.send(*cc(65, 127 * (x % 2)))
            case 8:
                self.press(cc(64, 127 * (x % 2)), "latching")
            case 9:
                self.press([mido.Message("program_change", program=3)], "program")
            case 10:
                self.midi.forget("box")
                self.seen = False
            case 11:
                self.midi.use(MAPPING)

    def press(self, messages: list[mido.Message], slug: str) -> None:
        """A press of a source that never lets go: it acts each time, unless a shift has another job for it."""
        before, undone = self.parameters.values[slug], len(self.commands.calls)
        self.send(mido.Message("note_on", note=2, velocity=90), mido.Message("note_off", note=2), *messages)
        unshifted = len(self.commands.calls) > undone
        assert (self.parameters.values[slug] != before) == unshifted

    def let_go(self, by_pulling: bool) -> None:
        """Let go of all, by hand or by pulling the plug; then nothing is held."""
        if by_pulling:
            self.midi.forget("box")
        else:
            self.send(*(mido.Message("note_off", note=note) for note in (1, 5, 6)), *cc(65, 0))
        values, undone = self.parameters.values, len(self.commands.calls)
        assert (values["momentary"], values["velocity"]) == (0.0, 0.0)
        self.send(mido.Message("note_on", note=2, velocity=90))
        assert len(self.commands.calls) == undone + 1

    def clocks(self, first: int, second: int, pattern: int) -> None:
        """Two or three clocks at once; the tempo is that of one of them."""
        tempos = [60.0 + first % 120, 60.0 + second % 120, 60.0 + first % 120][: 2 + pattern % 2]
        ticks = [
            (1.0 + source * 0.003 + count * 60 / bpm / TICKS_PER_BEAT, f"clock {source}")
            for source, bpm in enumerate(tempos)
            for count in range(30 + (pattern >> source) % 8 * 6)
        ]
        for at, source in sorted(ticks):
            self.midi.receive(source, mido.Message("clock"), at)
        bpm = self.tempo.bpm
        assert any(abs(bpm / each - 1) < EVEN_CLOCK for each in (*tempos, DEFAULT_BPM)), (bpm, tempos)
        assert self.tempo.followed is not None


def position(data: int) -> float:
    return ControllerInput(MidiSource("cc", 20), data).position


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(st.binary(min_size=SEQUENCES * BYTES, max_size=SEQUENCES * BYTES))
def test_random_gestures_leave_nothing_stuck_move_no_stop_too_far_and_double_no_tempo(content: bytes) -> None:
    for start in range(0, len(content), BYTES):
        sequence, performer = content[start : start + BYTES], Performer()
        for index in range(GESTURES):
            performer.do(*sequence[3 * index : 3 * index + 3])
        performer.let_go(by_pulling=sequence[0] % 2 == 1)
        performer.clocks(*sequence[-3:])
