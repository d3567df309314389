"""Names of MIDI ports: what identifies a box, and which ports are one."""

import pytest

from realtime.controllers.midi.names import MissingBoxes, box_of, is_part_of, is_same_box, meant
from realtime.controllers.midi.source import ControllerInput, parse_source

ALSA = "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0"
NAMES_OF_ONE_BOX = [
    ALSA,
    "Midi-Bridge:nanoKONTROL2 2:(capture_0) nanoKONTROL2 MIDI 1",
    "Midi-Bridge:nanoKONTROL2:(capture_0) nanoKONTROL2 MIDI 1",
    "Midi-Bridge:nanoKONTROL2 MIDI 1 (capture)",
    "Midi-Bridge nanoKONTROL2 MIDI 1",
    "a2j:nanoKONTROL2 [20] (capture): nanoKONTROL2 MIDI 1",
]
"""As ALSA, PipeWire of several years and a2jmidid write it."""


@pytest.mark.parametrize("name", NAMES_OF_ONE_BOX)
def test_a_box_has_one_name_in_every_system_and_after_each_plugging(name: str) -> None:
    assert box_of(name) == "nanoKONTROL2 MIDI 1"
    assert is_part_of(box_of(ALSA), name)
    assert box_of(name.replace("20", "24")) == box_of(name)


@pytest.mark.parametrize("bridged", NAMES_OF_ONE_BOX[1:])
def test_a_bridged_port_is_the_box_that_it_stands_for_and_no_other(bridged: str) -> None:
    assert is_same_box(ALSA, bridged) and is_same_box(bridged, ALSA)
    assert not is_same_box(bridged, bridged)
    for other in ("nanoKONTROL2:nanoKONTROL2 MIDI 2 20:1", "FCB1010:FCB1010 MIDI 1 28:0", "fcb:out"):
        assert not is_same_box(other, bridged)


def test_a_learned_knob_is_found_after_the_box_was_plugged_into_another_socket() -> None:
    learned = parse_source("cc 20", device=ALSA)  # as it was written before numbers were left out
    for device in (ALSA.replace("20:0", "36:0"), *NAMES_OF_ONE_BOX):
        assert learned.matches(ControllerInput(parse_source("cc 20", 1, device), 5))
    other = parse_source("cc 20", 1, "nanoKONTROL2:nanoKONTROL2 MIDI 12 36:0")
    assert not learned.matches(ControllerInput(other, 5))


def test_a_whole_name_goes_before_a_part() -> None:
    assert meant("box", ["box", "box 2"]) == ["box"]
    assert meant("nanoKONTROL2 MIDI 1", [ALSA, "nanoKONTROL2 MIDI 1 clone"]) == [ALSA]
    assert meant("BOX", ["my box", "box 2"]) == ["my box", "box 2"]
    assert meant("", ["a", "b"]) == ["a", "b"]


def test_missing_boxes_are_reported_once_and_again_when_they_change() -> None:
    missing = MissingBoxes({"nano", "FCB1010"})
    assert missing.line([]) == "the mapping's 'FCB1010', 'nano' aren't here; here is: no MIDI input"
    assert missing.line([]) is None
    assert missing.line([ALSA]) == f"the mapping's 'FCB1010' isn't here; here is: {ALSA}"
    assert missing.line([ALSA, "FCB1010:out"]) is None
    assert missing.line(["FCB1010:out"]) == "the mapping's 'nano' isn't here; here is: FCB1010:out"
