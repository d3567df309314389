"""Scenes recalled by program changes and buttons, over the time that they or the scene say, at the MIDI clock's tempo."""

from pathlib import Path

import mido
import pytest

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import parse_mapping
from realtime.controllers.midi.clock import TICKS_PER_BEAT, Tempo
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from realtime.inputs.live_controllers import LiveCommands
from tests.helpers.control.event_recorder import EventRecorder

RATE = 48000
BPM = 90.0
BEAT = RATE * 60 / BPM
EVEN_CLOCK = 1e-3
"""The tolerance of an even clock's tempo; docs/play/scenes.md says within 0.01 %, and an event's ramp is whole samples."""
MAPPING = """
[[button]]
source = "note 40"
does = "scene"
name = "quick"
beats = 8
[[button]]
source = "note 41"
does = "scene"
name = "slow"
seconds = 0.5
[[button]]
source = "note 42"
does = "scene"
name = "slow"
seconds = 0
"""


@pytest.fixture
def sound() -> EventRecorder:
    return EventRecorder(RATE)


@pytest.fixture
def midi(sound: EventRecorder) -> MidiInput:
    parameters = ParameterStore(sound, [StopDescription("Guitar", "guitar", "GUI")])
    scenes = Scenes(
        parameters,
        [Scene("Slow", {"guitar": 1.0}, beats=4), Scene("Quick", {"guitar": -1.0})],
        tempo=Tempo(200),
    )
    midi = MidiInput(
        parameters, parse_mapping(MAPPING, Path("m.toml")), LiveCommands(parameters, scenes), scenes.tempo
    )
    for tick in range(2 * TICKS_PER_BEAT):
        midi.receive("clock", mido.Message("clock"), tick * 60 / BPM / TICKS_PER_BEAT)
    return midi


def ramps(midi: MidiInput, sound: EventRecorder, *messages: mido.Message) -> list[tuple[float, int]]:
    sound.events.clear()
    for message in messages:
        midi.receive("keys", message, 10.0)
    return [(event.value, event.ramp_samples) for event in sound.events]


def test_a_program_change_takes_the_scenes_own_beats_at_the_clocks_tempo(
    midi: MidiInput, sound: EventRecorder
) -> None:
    assert ramps(midi, sound, mido.Message("program_change", program=0)) == [
        (1.0, pytest.approx(4 * BEAT, rel=EVEN_CLOCK))
    ]
    assert ramps(midi, sound, mido.Message("program_change", program=1)) == [(-1.0, 0)]


def test_a_button_says_beats_or_seconds_and_they_go_before_the_scenes_own(
    midi: MidiInput, sound: EventRecorder
) -> None:
    press = [mido.Message("note_on", note=note, velocity=99) for note in (40, 41, 42)]
    assert ramps(midi, sound, *press) == [
        (-1.0, pytest.approx(8 * BEAT, rel=EVEN_CLOCK)),
        (1.0, RATE // 2),
        (1.0, 0),
    ]
