"""A mapping, applied input by input."""

import pytest

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.curves import Curve
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Button, Knob, Mapping, default_mapping
from realtime.controllers.midi.source import ControllerInput, MidiSource, parse_source
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.engine.parameters import BYPASS, MUTE, WET
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.control.osc_parts import CommandRecorder

STOPS = tuple(StopDescription(name.title(), name, name) for name in ("guitar", "voice"))


class CommandLog(CommandRecorder):
    """Commands that keep their calls; a scene's duration only where it is given."""

    def scene(self, name: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        self.calls.append(("scene", name, *(each for each in (seconds, beats) if each is not None)))


class MapperSetup:
    """A mapper on a parameter store."""

    def __init__(self, *parts: Knob | Button, **more: object) -> None:
        self.sound, self.commands = EventRecorder(), CommandLog()
        self.parameters = ParameterStore(self.sound, [*STOPS, WET, BYPASS, MUTE])
        knobs = tuple(part for part in parts if isinstance(part, Knob))
        buttons = tuple(part for part in parts if isinstance(part, Button))
        self.mapper = Mapper(Mapping(knobs, buttons, **more), self.parameters, self.commands)
        self.seconds = 0.0

    def send(self, source: str, *data: int, device: str = "box", channel: int = 1) -> None:
        for each in data:
            self.seconds += 0.1
            self.mapper.apply(ControllerInput(parse_source(source, channel, device), each, self.seconds))

    def __getitem__(self, slug: str) -> float:
        return self.parameters.values[slug]


def knob(source: str, stop: str = "guitar", **settings: object) -> Knob:
    return Knob(parse_source(source), stop, **{"takeover": "jump", **settings})


def button(source: str, does: str, name: str = "", shift: str | None = None) -> Button:
    return Button(parse_source(source), does, name, shift)


def test_a_knob_moves_its_stop_over_its_whole_range_and_rests_in_the_middle() -> None:
    setup = MapperSetup(knob("cc 20"))
    for data, value in ((0, -1.0), (64, 0.0), (127, 1.0)):
        setup.send("cc 20", data)
        assert setup["guitar"] == value
    assert {event.source for event in setup.sound.events} == {"cc 20"}
    assert {event.ramp_samples for event in setup.sound.events} == {441}


@pytest.mark.slow
def test_all_14_bits_reach_the_sound() -> None:
    setup = MapperSetup(knob("cc14 1"))
    setup.send("cc14 1", *range(16384))
    assert len({event.value for event in setup.sound.events}) == 16384


def test_a_knob_may_be_turned_round_bent_and_move_several_stops() -> None:
    setup = MapperSetup(
        knob("cc 20", low=1.0, high=0.0),
        knob("cc 20", "voice", curve=Curve("steps", steps=3)),
        knob("cc 20", "engine.wet"),
    )
    setup.send("cc 20", 127)
    assert (setup["guitar"], setup["voice"], setup["engine.wet"]) == (0.0, 1.0, 1.0)
    setup.send("cc 20", 50)
    assert (setup["guitar"], setup["voice"]) == (pytest.approx(1 - 50 / 128), 0.0)


def test_a_knob_that_stands_elsewhere_waits_after_a_scene() -> None:
    setup = MapperSetup(knob("cc 20", takeover="pickup"))
    setup.send("cc 20", 10, 64)  # passes 0, where the stop is
    setup.parameters.move({"guitar": 0.75}, "scene")
    setup.send("cc 20", 70, 80)
    assert setup["guitar"] == 0.75
    setup.send("cc 20", 120)
    assert setup["guitar"] == pytest.approx(0.5 + 56 / 63 / 2, abs=0.5)
    assert setup["guitar"] > 0.75


@pytest.mark.parametrize(
    ("encoding", "up", "down"), [("twos-complement", 2, 126), ("binary-offset", 66, 62), ("sign-bit", 2, 66)]
)
def test_an_endless_encoder_steps_from_where_the_stop_is(encoding: str, up: int, down: int) -> None:
    setup = MapperSetup(knob("cc 30", mode="relative", encoding=encoding, step=0.05))
    setup.send("cc 30", up)
    assert setup["guitar"] == pytest.approx(0.2)
    setup.parameters.move({"guitar": -0.5}, "scene")
    setup.send("cc 30", down)
    assert setup["guitar"] == pytest.approx(-0.7)
    setup.send("cc 30", *[down] * 10)
    assert setup["guitar"] == -1.0


def test_an_endless_encoder_gets_out_of_a_dead_zone_and_over_steps() -> None:
    setup = MapperSetup(
        knob("cc 30", mode="relative", dead_zone=0.2),
        knob("cc 31", "voice", mode="relative", curve=Curve("steps", steps=3)),
    )
    setup.send("cc 30", *[1] * 30)
    setup.send("cc 31", *[1] * 60)
    assert setup["guitar"] > 0.0
    assert setup["voice"] == 1.0


def test_an_endless_encoder_that_sends_increments_of_a_parameter() -> None:
    setup = MapperSetup(knob("nrpn 300", mode="relative", step=0.05), knob("nrpn 300", "voice"))
    source = parse_source("nrpn 300", 1, "box")
    for steps in (1, 1, -1):
        setup.mapper.apply(ControllerInput(source, 0, steps=steps, known=False))
    assert (setup["guitar"], setup["voice"]) == (pytest.approx(0.1), 0.0)  # an unknown value moves nothing
    setup.send("nrpn 300", 16383)
    assert (setup["guitar"], setup["voice"]) == (pytest.approx(0.1), 1.0)


def test_keys_toggle_hold_and_have_a_velocity() -> None:
    setup = MapperSetup(
        knob("note 36", mode="toggle"),
        knob("note 37", "voice", mode="momentary"),
        knob("note 38", "engine.wet", mode="velocity", low=0.0),
    )
    for press, value in ((100, 1.0), (0, 1.0), (100, 0.0), (0, 0.0)):
        setup.send("note 36", press)
        assert setup["guitar"] == value
    setup.send("note 37", 1)
    assert setup["voice"] == 1.0
    setup.send("note 37", 0)
    assert setup["voice"] == 0.0
    setup.send("note 38", 64)
    assert setup["engine.wet"] == 64 / 127
    setup.send("note 38", 0)
    assert setup["engine.wet"] == 1.0  # its default


def test_a_toggle_knows_that_somebody_else_has_moved_its_stop() -> None:
    setup = MapperSetup(knob("note 36", mode="toggle"))
    setup.send("note 36", 100, 0)
    setup.parameters.move({"guitar": 0.0}, "scene")
    setup.send("note 36", 100)
    assert setup["guitar"] == 1.0


def test_of_many_knobs_for_one_stop_the_last_one_counts_or_they_add_up() -> None:
    parts = (knob("cc 20"), knob("cc 21", low=-0.5, high=0.5))
    last, added = MapperSetup(*parts), MapperSetup(*parts, combine={"guitar": "sum"})
    for setup in (last, added):
        setup.send("cc 20", 96)
        setup.send("cc 21", 127)
    assert last["guitar"] == 0.5
    assert added["guitar"] == 1.0
    added.send("cc 21", 0)
    assert added["guitar"] == pytest.approx(32 / 63 - 0.5)


def test_a_shift_button_gives_a_knob_another_job_while_it_is_held() -> None:
    setup = MapperSetup(knob("cc 20"), knob("cc 20", "voice", shift="alt"), button("note 1", "shift", "alt"))
    setup.send("note 1", 100)
    setup.send("cc 20", 127)
    assert (setup["guitar"], setup["voice"]) == (0.0, 1.0)
    setup.send("note 1", 0)
    setup.send("cc 20", 0)
    assert (setup["guitar"], setup["voice"]) == (-1.0, 1.0)


def test_a_shift_gives_a_button_another_job_too() -> None:
    setup = MapperSetup(
        button("note 1", "scene", "verse"),
        button("note 1", "store", "verse", "set"),
        button("cc 60", "shift", "set"),
    )
    setup.send("note 1", 100, 0)
    setup.send("cc 60", 127)
    setup.send("note 1", 100, 0)
    setup.send("cc 60", 0)
    setup.send("note 1", 100)
    assert setup.commands.calls == [("scene", "verse"), ("store", "verse"), ("scene", "verse")]


def test_pages_share_their_knobs() -> None:
    setup = MapperSetup(
        knob("cc 20", page="one"), knob("cc 20", "voice", page="two"), button("cc 40", "bank", "two")
    )
    setup.send("cc 20", 127)
    setup.send("cc 40", 127, 0)
    assert setup.mapper.page == "two"
    setup.send("cc 20", 0)
    assert (setup["guitar"], setup["voice"]) == (1.0, -1.0)


def test_a_knob_that_was_turned_on_another_page_or_out_of_sight_doesnt_jump() -> None:
    setup = MapperSetup(
        knob("cc 20", page="one", takeover="pickup"), knob("cc 20", "voice", page="two"), button("cc 40", "bank", "two"),
        button("cc 41", "bank", "one"),
    )  # fmt: skip
    setup.send("cc 20", 60, 70)
    held = setup["guitar"]
    setup.send("cc 40", 127, 0)
    setup.send("cc 20", 127)
    setup.send("cc 41", 127, 0)
    setup.send("cc 20", 120)
    assert setup["guitar"] == held
    setup.send("cc 20", 70, 60)
    assert setup["guitar"] == pytest.approx(60 / 64 - 1)
    setup.mapper.release("box")
    setup.send("cc 20", 127)
    assert setup["guitar"] == pytest.approx(60 / 64 - 1)
    setup.send("cc 20", 55)
    setup.mapper.release("box")
    setup.send("cc 20", 50)  # plugged in again and turned on from where it was: it isn't dead
    assert setup["guitar"] == pytest.approx(50 / 64 - 1)


def test_a_saved_mapping_leaves_held_knobs_shifts_and_the_page_as_they_were() -> None:
    same = (
        knob("cc 20", page="one", takeover="pickup"), knob("cc 20", "voice", page="two", takeover="pickup"),
        knob("cc 1", "voice", shift="alt"),
    )  # fmt: skip
    setup = MapperSetup(*same, button("cc 40", "bank", "two"), button("note 1", "shift", "alt"))
    setup.send("cc 40", 127, 0)
    setup.send("cc 20", 60, 70)
    held = setup["voice"]
    setup.send("note 1", 100)
    after = Mapper(
        Mapping((knob("cc 99"), *same), (button("note 1", "shift", "alt"),)), setup.parameters, setup.commands
    )
    after.continue_from(setup.mapper)
    setup.mapper = after
    setup.send("cc 1", 127)
    assert (setup["voice"], after.page) == (1.0, "two")
    setup.parameters.move({"voice": held}, "scene")
    setup.send("note 1", 0)
    setup.send("cc 20", 127)
    assert setup["voice"] == 1.0


def test_a_whole_device_name_means_no_other_box_that_contains_it() -> None:
    setup = MapperSetup(Knob(parse_source("cc 20", device="box:out"), "guitar", takeover="jump"))
    setup.send("cc 20", 127, device="mybox:out")
    assert setup["guitar"] == 1.0  # as long as there is no other
    setup.mapper.set_devices(["mybox:out", "box:out"])
    setup.send("cc 20", 0, device="mybox:out")
    assert setup["guitar"] == 1.0
    setup.send("cc 20", 0, device="box:out")
    assert setup["guitar"] == -1.0


def test_a_knob_whose_settings_are_edited_and_saved_while_it_is_held_is_not_dead() -> None:
    setup = MapperSetup(knob("cc 20", takeover="pickup"))
    setup.send("cc 20", 60, 70)
    after = Mapper(Mapping((knob("cc 20", takeover="pickup", smoothing_s=0.5),)), setup.parameters)
    after.continue_from(setup.mapper)
    setup.mapper = after
    setup.send("cc 20", 90)
    assert setup["guitar"] == pytest.approx(26 / 63)


def test_buttons_ask_once_per_press() -> None:
    setup = MapperSetup(
        button("note 1", "scene", "verse"), button("note 2", "undo"), button("cc 40", "panic"),
        button("note 3", "bypass"), button("note 4", "store", "chorus"),
    )  # fmt: skip
    setup.send("note 1", 100, 0)
    setup.send("note 2", 100, 100, 0)
    setup.send("cc 40", 70, 90, 127, 10, 127)
    setup.send("note 4", 1)
    assert setup.commands.calls == [
        ("scene", "verse"),
        ("undo",),
        ("undo",),  # a key without a note-off in between
        ("panic",),
        ("panic",),
        ("store", "chorus"),
    ]
    setup.send("note 3", 100)
    assert setup["engine.bypass"] == 1.0
    setup.send("note 3", 0, 100)
    assert setup["engine.bypass"] == 0.0


@pytest.mark.parametrize(
    ("does", "name", "call"),
    [
        ("next-scene", "", ("next_scene",)), ("previous-scene", "", ("previous_scene",)), ("tap", "", ("tap",)),
        ("instrument", "2", ("instrument", "2")), ("next-instrument", "", ("next_instrument",)),
        ("previous-instrument", "", ("previous_instrument",)), ("panic", "", ("panic",)),
    ],
)  # fmt: skip
def test_each_command_can_be_a_button(does: str, name: str, call: tuple[str, ...]) -> None:
    setup = MapperSetup(button("cc 40", does, name))
    setup.send("cc 40", 127, 0)
    assert setup.commands.calls == [call]


def test_a_program_change_recalls_the_scene_of_its_number() -> None:
    setup, other = MapperSetup(), MapperSetup(programs=None)
    for each in (setup, other):
        each.send("program 2", 127)
    assert setup.commands.calls == [("scene", 2)]
    assert other.commands.calls == []


def test_a_pedal_that_sends_127_each_time_toggles_each_time() -> None:
    for source in ("cc 64", "note 60", "program 3"):
        setup = MapperSetup(knob(source, mode="toggle"), button(source, "undo"))
        for press, value in enumerate((1.0, 0.0, 1.0, 0.0), 1):
            setup.send(source, 127)
            assert (setup["guitar"], len(setup.commands.calls)) == (value, press)


def test_a_shift_and_a_held_key_end_with_the_next_press_where_no_release_comes() -> None:
    setup = MapperSetup(knob("note 5", mode="momentary"))
    for value in (1.0, 0.0, 1.0):
        setup.send("note 5", 100)
        assert setup["guitar"] == value
    setup = MapperSetup(button("cc 64", "shift", "alt"), knob("cc 1", "voice", shift="alt"))
    for data, value in ((127, 1.0), (0, 1.0), (0, -1.0)):
        setup.send("cc 64", 127)
        setup.send("cc 1", data)
        assert setup["voice"] == value


def test_a_pad_that_is_released_while_a_shift_is_held_lets_go_of_its_stop() -> None:
    setup = MapperSetup(button("note 1", "shift", "alt"), knob("note 5", mode="velocity"))
    setup.send("note 5", 127)
    setup.send("note 1", 100)
    setup.send("note 5", 0)
    assert setup["guitar"] == 0.0


def test_a_latching_pedal_presses_at_each_step_if_the_mapping_says_any() -> None:
    setup = MapperSetup(
        knob("cc 64", mode="toggle", trigger="any"), Button(parse_source("cc 64"), "undo", trigger="any"),
        knob("cc 64", "voice", mode="toggle"),
    )  # fmt: skip
    values = []
    for data in (127, 0, 127, 0):
        setup.send("cc 64", data)
        values.append((setup["guitar"], setup["voice"]))
    assert values == [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
    assert setup.commands.calls == [("undo",)] * 4


@pytest.mark.parametrize(
    ("source", "trigger"), [("cc 64", "down"), ("note 60", "down"), ("program 3", "down"), ("cc 64", "any")]
)
def test_a_message_that_comes_twice_is_one_press(source: str, trigger: str) -> None:
    setup = MapperSetup(Button(parse_source(source), "undo", trigger=trigger))  # type: ignore[arg-type]
    for seconds in (1.0, 1.001, 1.2, 1.202):
        setup.mapper.apply(ControllerInput(parse_source(source, 1, "box"), 127, seconds))
    assert setup.commands.calls == [("undo",)] * 2


def test_a_fader_that_is_mapped_to_a_button_presses_once_on_its_way_up() -> None:
    setup = MapperSetup(button("cc 7", "undo"))
    setup.send("cc 7", *range(0, 128), *range(127, 60, -1), *range(60, 70))
    assert setup.commands.calls == [("undo",)] * 3


def test_a_program_that_a_knob_or_a_button_has_recalls_no_scene() -> None:
    setup = MapperSetup(knob("program 1"), button("program 2", "undo"), knob("program 3", shift="alt"))
    setup.send("program 1", 127)
    setup.send("program 2", 127)
    setup.send("program 3", 127)
    assert (setup["guitar"], setup.commands.calls) == (1.0, [("undo",)])
    setup.send("program 4", 127)
    assert setup.commands.calls[1:] == [("scene", 4)]


def test_scenes_follow_program_changes_of_the_named_device_and_channel_alone() -> None:
    setup = MapperSetup(programs=MidiSource("program", channel=2, device="fcb"))
    setup.send("program 2", 127, device="FCB1010", channel=1)
    setup.send("program 2", 127, device="keys", channel=2)
    assert setup.commands.calls == []
    setup.send("program 2", 127, device="FCB1010", channel=2)
    assert setup.commands.calls == [("scene", 2)]


def test_what_a_device_holds_is_let_go_when_it_is_pulled_out() -> None:
    setup = MapperSetup(
        button("note 1", "shift", "alt"),
        knob("cc 20"),
        knob("cc 21", "voice"),
        knob("note 2", "voice", mode="velocity"),
    )
    setup.send("note 2", 127)
    setup.send("note 1", 100)
    setup.mapper.release("another box")
    setup.send("cc 20", 127)
    assert (setup["guitar"], setup["voice"]) == (0.0, 1.0)
    setup.mapper.release("box")
    setup.send("cc 20", 127)
    assert (setup["guitar"], setup["voice"]) == (1.0, 0.0)


def test_a_scene_button_says_how_long_its_recall_takes() -> None:
    setup = MapperSetup(
        Button(parse_source("note 1"), "scene", "verse", seconds=2.0),
        Button(parse_source("note 2"), "scene", "verse", beats=4.0),
    )
    seen = []
    setup.commands.scene = lambda *arguments, **more: seen.append((*arguments, more))  # type: ignore[method-assign]
    setup.send("note 1", 100, 0)
    setup.send("note 2", 100, 0)
    assert seen == [("verse", 2.0, {"beats": None}), ("verse", None, {"beats": 4.0})]


def test_a_finger_begins_anew_with_each_note_and_needs_no_takeover() -> None:
    setup = MapperSetup(
        knob("mpe pressure", takeover="pickup"),
        knob("mpe bend", "voice", takeover="pickup", semitones=2.0),
        knob("mpe strike", "engine.wet", low=0.0),
    )
    setup.parameters.move({"guitar": 0.75}, "scene")
    setup.send("mpe pressure", 127, 0)
    assert setup["guitar"] == 0.0  # pressed and released: the stop's default, not its lowest value
    setup.send("mpe strike", 127)
    assert setup["engine.wet"] == 1.0
    for semitones, data, value in ((48.0, 8192, 0.0), (48.0, 8192 + 341, 0.999), (48.0, 0, -1.0), (2.0, 16383, 1.0),
                                   (0.0, 16383, 0.0)):  # fmt: skip
        setup.mapper.apply(ControllerInput(parse_source("mpe bend", 1, "box"), data, semitones=semitones))
        assert setup["voice"] == pytest.approx(value, abs=1e-3)


def test_a_stop_that_the_instrument_doesnt_have_now_is_left_alone() -> None:
    setup = MapperSetup(knob("cc 20", "oboe"), knob("cc 20"))
    setup.send("cc 20", 127)
    assert setup["guitar"] == 1.0


def test_the_store_gets_the_source_that_moved() -> None:
    setup, changes = MapperSetup(knob("cc 20")), list[ParameterChange]()
    setup.parameters.subscribe(changes.extend)
    setup.send("cc 20", 1, device="nano")
    assert changes[0].origin == parse_source("cc 20", 1, "nano")


def test_the_default_mapping_gives_each_stop_a_knob_and_a_key() -> None:
    setup = MapperSetup()
    setup.mapper = Mapper(default_mapping(("guitar", "voice")), setup.parameters)
    setup.send("cc 21", 0)
    setup.send("note 60", 127)
    assert (setup["guitar"], setup["voice"]) == (1.0, -1.0)
    setup.send("note 60", 0)
    assert setup["guitar"] == 0.0
