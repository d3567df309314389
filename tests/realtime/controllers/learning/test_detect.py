"""The kind of a knob is recognised from the messages of a gesture."""

import mido
import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.learning.detect import detect


def cc(number: int, *values: int) -> list[mido.Message]:
    return [mido.Message("control_change", control=number, value=value, channel=4) for value in values]


def pairs(coarse: int, fine: int, values: range, lsb_first: bool) -> list[mido.Message]:
    both = [cc(coarse, value >> 7) + cc(fine, value & 127) for value in values]
    return [message for pair in both for message in (pair[::-1] if lsb_first else pair)]


def kind(messages: list[mido.Message]) -> tuple[str, str, bool]:
    learned = detect(messages, "nano")
    assert learned.source.device == "nano"
    return str(learned.source), learned.mode, learned.sure


def test_a_knob_of_7_bits() -> None:
    assert kind(cc(20, 60, 61, 62, 63, 65, 66, 64, 62)) == ("cc 20", "absolute", True)
    assert kind(cc(20, 3, 2, 1, 0, 1, 2)) == ("cc 20", "absolute", True)
    assert detect(cc(20, 3, 9)).source.channel == 5


@pytest.mark.parametrize("lsb_first", [False, True])
def test_a_fader_of_14_bits_and_its_order(lsb_first: bool) -> None:
    learned = detect(pairs(3, 35, range(5000, 6000, 37), lsb_first))
    assert str(learned.source) == "cc14 3"
    assert learned.order == ("lsb-first" if lsb_first else "msb-first")


@pytest.mark.parametrize("lsb_first", [False, True])
@pytest.mark.parametrize(("name", "choose"), [("nrpn", (99, 98)), ("rpn", (101, 100))])
def test_a_parameter_number(name: str, choose: tuple[int, int], lsb_first: bool) -> None:
    learned = detect(cc(choose[0], 7) + cc(choose[1], 104) + pairs(6, 38, range(0, 900, 90), lsb_first))
    assert str(learned.source) == f"{name} 1000"
    assert learned.order == ("lsb-first" if lsb_first else "msb-first")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("twos-complement", (1, 1, 2, 1, 127, 127, 126, 127)),
        ("binary-offset", (65, 65, 66, 65, 63, 63, 62, 63)),
        ("sign-bit", (1, 1, 2, 1, 65, 65, 66, 65)),
    ],
)
def test_an_endless_encoder_and_its_coding(encoding: str, data: tuple[int, ...]) -> None:
    learned = detect(cc(30, *data))
    assert (learned.mode, learned.encoding, learned.sure) == ("relative", encoding, True)


def test_an_encoder_that_was_turned_one_way_only_may_be_two_kinds() -> None:
    assert kind(cc(30, 1, 1, 1, 2, 1)) == ("cc 30", "relative", False)


def test_pads_keys_and_buttons() -> None:
    pad = [mido.Message("note_on", note=36, velocity=90), mido.Message("aftertouch", value=40)]
    assert kind([*pad, mido.Message("note_off", note=36)]) == ("note 36", "velocity", True)
    assert kind(cc(64, 127, 0)) == ("cc 64", "toggle", True)
    assert kind(cc(64, 127)) == ("cc 64", "toggle", False)


def test_wheels_and_pressure() -> None:
    assert kind([mido.Message("pitchwheel", pitch=pitch) for pitch in (0, 90, 900)]) == (
        "bend",
        "absolute",
        True,
    )
    assert kind([mido.Message("aftertouch", value=9)]) == ("pressure", "absolute", True)
    assert kind([mido.Message("polytouch", note=61, value=9)]) == ("key-pressure 61", "absolute", True)


def finger(*moves: mido.Message, velocity: int = 90) -> list[mido.Message]:
    """As MPE asks: where the finger is comes before its note, all on one member channel."""
    begin = [mido.Message("pitchwheel", pitch=0), *cc(74, 64), mido.Message("aftertouch", value=0)]
    note = mido.Message("note_on", note=60, velocity=velocity)
    return [each.copy(channel=4) for each in (*begin, note, *moves, mido.Message("note_off", note=60))]


def wheel(*pitches: int) -> list[mido.Message]:
    return [mido.Message("pitchwheel", pitch=pitch) for pitch in pitches]


def press(*values: int) -> list[mido.Message]:
    return [mido.Message("aftertouch", value=value) for value in values]


@pytest.mark.parametrize(
    ("moves", "source", "sure"),
    [
        ([], "mpe strike", True),
        ([*press(3, 8, 2), *wheel(40, -60)], "mpe strike", True),  # no finger keeps still
        ([*press(30, 90, 20), *wheel(40, -60)], "mpe pressure", True),
        ([*press(30, 90), *cc(74, 70, 110), *wheel(50)], "mpe timbre", True),
        ([*press(30, 90), *wheel(200, 400, 900), *cc(74, 66)], "mpe bend", True),
        ([*press(30, 90), *wheel(200, 400, 900), *cc(74, 110)], "mpe bend", False),
    ],
)
def test_a_finger_on_an_mpe_controller_and_what_it_did(
    moves: list[mido.Message], source: str, sure: bool
) -> None:
    learned = detect(finger(*moves), "seaboard")
    assert (str(learned.source), learned.mode, learned.sure) == (source, "absolute", sure)
    assert (learned.source.channel, learned.source.device) == (None, "seaboard")
    assert learned.knob("guitar").source.is_mpe


def test_a_chord_on_an_mpe_controller_is_one_finger_of_it() -> None:
    other = [message.copy(channel=6) for message in finger(*press(1, 2))]
    assert kind([*other, *finger(*press(30, 90))])[0].startswith("mpe")


def test_what_may_be_a_plain_channel_is_taken_as_one() -> None:
    note = [mido.Message("note_on", note=36, velocity=90, channel=9)]
    assert kind([*note, mido.Message("aftertouch", value=40, channel=9)]) == ("note 36", "velocity", True)
    assert kind([*note, mido.Message("pitchwheel", pitch=40, channel=3), *cc(74, 3)])[0] == "note 36"
    on_one = [message.copy(channel=0) for message in finger(*press(30, 90))]
    assert kind(on_one) == ("note 60", "velocity", True)


def test_a_gesture_without_anything_to_map_is_an_error() -> None:
    with pytest.raises(DrawstopError, match="move a knob"):
        detect([mido.Message("clock"), *cc(20, 64), mido.Message("note_off", note=3)])


def test_a_knob_among_other_noise_is_the_one_that_moved_most() -> None:
    assert kind([*cc(1, 5), *cc(20, 1, 9, 20, 40), *cc(7, 3)]) == ("cc 20", "absolute", True)
