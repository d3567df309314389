"""MIDI messages are decoded in every order in which controllers send them; test_14_bits has every value."""

import mido
import numpy as np
import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.midi.decoder import WAIT_S, MidiDecoder
from realtime.controllers.midi.source import ControllerInput, MidiSource, Order, parse_source


def cc(number: int, value: int, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel)


def decoded(messages: list[mido.Message], pairs: dict[MidiSource, Order], kind: str) -> list[int]:
    decoder = MidiDecoder("box", pairs)
    inputs = [each for message in messages for each in decoder.decode(message)]
    return [each.data for each in inputs if each.source.kind == kind]


PARAMETER = 1000  # of the NRPN in these tests: 7 * 128 + 104
SELECT = [cc(99, 7), cc(98, 104)]
ORDERS: tuple[Order, Order] = ("msb-first", "lsb-first")


def test_a_value_has_the_time_of_the_message_that_completes_it() -> None:
    decoder = MidiDecoder("box", {MidiSource("cc14", 1): "msb-first"})
    assert [each.source.kind for each in decoder.decode(cc(1, 64), 1.0)] == ["cc"]
    (whole,) = [each for each in decoder.decode(cc(33, 5), 1.004) if each.source.kind == "cc14"]
    assert whole == ControllerInput(MidiSource("cc14", 1, 1, "box"), 64 * 128 + 5, 1.004)


@pytest.mark.parametrize("order", ORDERS)
def test_a_coarse_half_alone_counts_when_the_other_half_is_overdue(order: Order) -> None:
    decoder = MidiDecoder("box", {MidiSource("cc14", 1): order})
    decoder.decode(cc(1, 64), 1.0)
    assert decoder.overdue(1.0 + 0.9 * WAIT_S) == []
    assert [each.data for each in decoder.overdue(1.0 + 1.01 * WAIT_S)] == [64 * 128]
    assert decoder.overdue(9.0) == []


@pytest.mark.parametrize("order", ORDERS)
def test_a_fine_half_alone_changes_nothing_before_a_coarse_one_has_come(order: Order) -> None:
    decoder = MidiDecoder("box", {MidiSource("cc14", 1): order})
    assert [each.source.kind for each in decoder.decode(cc(33, 64), 1.0)] == ["cc"]
    assert decoder.overdue(9.0) == []


def test_a_fine_half_whose_coarse_one_was_lost_changes_nothing() -> None:
    messages = [cc(1, 10), cc(33, 20), cc(33, 90), cc(1, 11), cc(33, 0)]
    assert decoded(messages, {MidiSource("cc14", 1): "msb-first"}, "cc14") == [1300, 1408]


def test_controllers_that_the_mapping_calls_no_pair_stay_two_controllers() -> None:
    assert decoded([cc(1, 10), cc(33, 20)], {}, "cc") == [10, 20]
    assert decoded([cc(1, 10), cc(33, 20)], {}, "cc14") == []


def test_data_without_a_parameter_or_with_the_null_parameter_mean_nothing() -> None:
    pairs: dict[MidiSource, Order] = {MidiSource("nrpn", PARAMETER): "msb-first"}
    data = [cc(6, 1), cc(38, 2)]
    assert decoded(data, pairs, "nrpn") == []
    assert decoded([SELECT[0], *data], pairs, "nrpn") == []  # half a number
    assert decoded([*SELECT, cc(99, 127), cc(98, 127), *data], pairs, "nrpn") == []


def test_data_increments_and_decrements_move_a_parameter_by_one() -> None:
    pairs: dict[MidiSource, Order] = {MidiSource("nrpn", PARAMETER): "msb-first"}
    messages = [*SELECT, cc(6, 0), cc(38, 127), cc(96, 0), cc(97, 0), cc(97, 0)]
    assert decoded(messages, pairs, "nrpn") == [127, 128, 127, 126]


def test_an_increment_of_a_parameter_without_a_value_is_a_step_alone() -> None:
    decoder = MidiDecoder("box", {MidiSource("nrpn", PARAMETER): "msb-first"})
    messages = [*SELECT, cc(96, 0), cc(97, 0), cc(6, 1), cc(38, 0), cc(96, 0)]
    inputs = [each for message in messages for each in decoder.decode(message) if each.source.kind == "nrpn"]
    assert [(each.steps, each.known) for each in inputs] == [(1, False), (-1, False), (0, True), (1, True)]


def test_channels_and_parameters_are_separate() -> None:
    pairs: dict[MidiSource, Order] = {MidiSource("cc14", 1): "msb-first"}
    decoder = MidiDecoder("box", pairs)
    messages = [cc(1, 1, 0), cc(1, 2, 1), cc(33, 3, 0), cc(33, 4, 1)]
    inputs = [each for message in messages for each in decoder.decode(message)]
    assert [(t.source.channel, t.data) for t in inputs if t.source.kind == "cc14"] == [(1, 131), (2, 260)]


def test_wheels_pressure_keys_and_programs() -> None:
    decoder = MidiDecoder("box")
    expected_of = [
        (mido.Message("pitchwheel", pitch=-8192, channel=2), ("bend", None, 0)),
        (mido.Message("pitchwheel", pitch=0), ("bend", None, 8192)),
        (mido.Message("aftertouch", value=7), ("pressure", None, 7)),
        (mido.Message("polytouch", note=60, value=9), ("key-pressure", 60, 9)),
        (mido.Message("note_on", note=60, velocity=100), ("note", 60, 100)),
        (mido.Message("note_off", note=60, velocity=64), ("note", 60, 0)),
        (mido.Message("note_on", note=60, velocity=0), ("note", 60, 0)),
        (mido.Message("program_change", program=5), ("program", 5, 127)),
    ]
    for message, expected in expected_of:
        (controller_input,) = decoder.decode(message)
        assert (
            controller_input.source.kind,
            controller_input.source.number,
            controller_input.data,
        ) == expected
    for message in (mido.Message("clock"), mido.Message("sysex", data=(1, 2)), cc(123, 0)):
        assert decoder.decode(message) == []


def test_sysex_and_broken_bytes_in_between_are_survived() -> None:
    # Running status is undone before a message reaches us: by the driver, and in files by mido.
    random = np.random.default_rng(0)
    decoder = MidiDecoder("box", {MidiSource("cc14", 1): "msb-first", MidiSource("nrpn", 5): "lsb-first"})
    parser = mido.Parser()
    for _ in range(2000):
        parser.feed(random.integers(0, 256, 16).tolist())
        for message in parser:
            decoder.decode(message)
    parser.feed([0xF7, 0xB0, 20, 1, 0xB0, 20, 2, 0xF0, 1, 2, 0xF7, 0xB0, 20, 3])
    values = [
        controller_input.data
        for message in parser
        for controller_input in decoder.decode(message)
        if controller_input.source.number == 20
    ]
    assert values[-3:] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cc 120", "in 0..119, got 120"),
        ("cc14 32", "in 0..31, got 32"),
        ("cc", "needs a number"),
        ("bend 3", "has no number"),
        ("knob 3", "is written as 'cc 20'"),
        ("cc -1", "is written as"),
    ],
)
def test_a_source_that_no_controller_has_is_refused(text: str, says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        parse_source(text)


def test_a_source_matches_inputs_of_its_channel_and_device() -> None:
    controller_input = ControllerInput(MidiSource("cc", 20, 3, "nanoKONTROL2 nanoKONTROL2 _ CTRL"), 1)
    assert parse_source("cc 20").matches(controller_input)
    assert parse_source("cc 20", channel=3, device="nanokontrol").matches(controller_input)
    assert not parse_source("cc 20", channel=4).matches(controller_input)
    assert not parse_source("cc 20", device="launch").matches(controller_input)
    assert not parse_source("cc 21").matches(controller_input)
    assert str(parse_source("nrpn  300")) == "nrpn 300"


@pytest.mark.parametrize(
    ("bank", "number"),
    [
        ([], 5),
        ([cc(0, 2)], 2 * 128 + 5),
        ([cc(32, 7)], 7 * 128 + 5),
        ([cc(0, 0), cc(32, 7)], 7 * 128 + 5),
        ([cc(0, 3), cc(32, 0)], 3 * 128 + 5),
        ([cc(0, 121), cc(32, 0)], 5),  # a synthesizer's bank of sounds
        ([cc(0, 2, channel=1)], 5),
    ],
)
def test_bank_select_reaches_eight_banks_of_programs(bank: list[mido.Message], number: int) -> None:
    decoder = MidiDecoder("box")
    for message in bank:
        decoder.decode(message)
    for _ in range(2):  # the bank holds until another one is sent
        (program,) = decoder.decode(mido.Message("program_change", program=5))
        assert str(program.source) == f"program {number}"


def test_bank_and_parameter_number_outlast_a_saved_mapping() -> None:
    nrpn: dict[MidiSource, Order] = {MidiSource("nrpn", 1000): "msb-first"}
    before, after = MidiDecoder("box", nrpn), MidiDecoder("box", nrpn)
    for message in (cc(0, 1), cc(99, 7), cc(98, 104)):
        before.decode(message)
    after.continue_from(before)
    (program,) = after.decode(mido.Message("program_change", program=0))
    assert program.source.number == 128
    values = [each for message in (cc(6, 64), cc(38, 0)) for each in after.decode(message)]
    assert [str(each.source) for each in values if each.source.kind == "nrpn"] == ["nrpn 1000"]


def test_all_notes_off_lets_the_keys_of_its_channel_go() -> None:
    decoder = MidiDecoder("box")
    for note, channel in ((60, 0), (64, 0), (62, 1)):
        decoder.decode(mido.Message("note_on", note=note, channel=channel))
    released = decoder.decode(cc(123, 0))
    assert [(str(each.source), each.source.channel, each.data) for each in released] == [
        ("note 60", 1, 0),
        ("note 64", 1, 0),
    ]
    assert decoder.decode(cc(123, 0)) == []
    assert [str(each.source) for each in decoder.let_go(0.0)] == ["note 62"]
