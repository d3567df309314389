"""A mapping at work, touch by touch."""

import pytest
from event_recorder import EventRecorder

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.curves import Curve
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Button, Knob, Mapping, default_mapping
from realtime.controllers.midi.source import ControllerInput, parse_source
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.engine.parameters import BYPASS, MUTE, WET

STOPS = tuple(StopDescription(name.title(), name, name) for name in ("guitar", "voice"))


class Asked:
    """Keeps what was asked for."""

    def __init__(self) -> None:
        self.deeds = list[tuple[object, ...]]()

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        self.deeds.append(("scene", which, *(each for each in (seconds, beats) if each is not None)))

    def store(self, name: str) -> None:
        self.deeds.append(("store", name))

    def morph(self, first: str, second: str, share: float) -> None:
        self.deeds.append(("morph", first, second, share))

    def pad(self, x: float, y: float) -> None:
        self.deeds.append(("pad", x, y))

    def undo(self) -> None:
        self.deeds.append(("undo",))

    def redo(self) -> None:
        self.deeds.append(("redo",))

    def panic(self) -> None:
        self.deeds.append(("panic",))


class Desk:
    """A mapper on a parameter store."""

    def __init__(self, *parts: Knob | Button, **more: object) -> None:
        self.sound, self.asked = EventRecorder(), Asked()
        self.parameters = ParameterStore(self.sound, [*STOPS, WET, BYPASS, MUTE])
        knobs = tuple(part for part in parts if isinstance(part, Knob))
        buttons = tuple(part for part in parts if isinstance(part, Button))
        self.mapper = Mapper(Mapping(knobs, buttons, **more), self.parameters, self.asked)

    def touch(self, source: str, *data: int, device: str = "box", channel: int = 1) -> None:
        for each in data:
            self.mapper.apply(ControllerInput(parse_source(source, channel, device), each))

    def __getitem__(self, slug: str) -> float:
        return self.parameters.values[slug]


def knob(source: str, stop: str = "guitar", **settings: object) -> Knob:
    return Knob(parse_source(source), stop, **{"takeover": "jump", **settings})


def button(source: str, does: str, name: str = "", shift: str | None = None) -> Button:
    return Button(parse_source(source), does, name, shift)


def test_a_knob_moves_its_stop_over_its_whole_range_and_rests_in_the_middle() -> None:
    desk = Desk(knob("cc 20"))
    for data, value in ((0, -1.0), (64, 0.0), (127, 1.0)):
        desk.touch("cc 20", data)
        assert desk["guitar"] == value
    assert {event.source for event in desk.sound.events} == {"cc 20"}
    assert {event.ramp_samples for event in desk.sound.events} == {441}


def test_all_14_bits_reach_the_sound() -> None:
    desk = Desk(knob("cc14 1"))
    desk.touch("cc14 1", *range(16384))
    assert len({event.value for event in desk.sound.events}) == 16384


def test_a_knob_may_be_turned_round_bent_and_move_several_stops() -> None:
    desk = Desk(
        knob("cc 20", low=1.0, high=0.0),
        knob("cc 20", "voice", curve=Curve("steps", steps=3)),
        knob("cc 20", "engine.wet"),
    )
    desk.touch("cc 20", 127)
    assert (desk["guitar"], desk["voice"], desk["engine.wet"]) == (0.0, 1.0, 1.0)
    desk.touch("cc 20", 50)
    assert (desk["guitar"], desk["voice"]) == (pytest.approx(1 - 50 / 128), 0.0)


def test_a_knob_that_stands_elsewhere_waits_after_a_scene() -> None:
    desk = Desk(knob("cc 20", takeover="pickup"))
    desk.touch("cc 20", 10, 64)  # passes 0, where the stop is
    desk.parameters.move({"guitar": 0.75}, "scene")
    desk.touch("cc 20", 70, 80)
    assert desk["guitar"] == 0.75
    desk.touch("cc 20", 120)
    assert desk["guitar"] == pytest.approx(0.5 + 56 / 63 / 2, abs=0.5)
    assert desk["guitar"] > 0.75


@pytest.mark.parametrize(
    ("encoding", "up", "down"), [("twos-complement", 2, 126), ("binary-offset", 66, 62), ("sign-bit", 2, 66)]
)
def test_an_endless_encoder_steps_from_where_the_stop_is(encoding: str, up: int, down: int) -> None:
    desk = Desk(knob("cc 30", mode="relative", encoding=encoding, step=0.05))
    desk.touch("cc 30", up)
    assert desk["guitar"] == pytest.approx(0.2)
    desk.parameters.move({"guitar": -0.5}, "scene")
    desk.touch("cc 30", down)
    assert desk["guitar"] == pytest.approx(-0.7)
    desk.touch("cc 30", *[down] * 10)
    assert desk["guitar"] == -1.0


def test_an_endless_encoder_gets_out_of_a_dead_zone_and_over_steps() -> None:
    desk = Desk(
        knob("cc 30", mode="relative", dead_zone=0.2),
        knob("cc 31", "voice", mode="relative", curve=Curve("steps", steps=3)),
    )
    desk.touch("cc 30", *[1] * 30)
    desk.touch("cc 31", *[1] * 60)
    assert desk["guitar"] > 0.0
    assert desk["voice"] == 1.0


def test_keys_toggle_hold_and_hear_how_hard_they_are_struck() -> None:
    desk = Desk(
        knob("note 36", mode="toggle"),
        knob("note 37", "voice", mode="momentary"),
        knob("note 38", "engine.wet", mode="velocity", low=0.0),
    )
    for press, value in ((100, 1.0), (0, 1.0), (100, 0.0), (0, 0.0)):
        desk.touch("note 36", press)
        assert desk["guitar"] == value
    desk.touch("note 37", 1)
    assert desk["voice"] == 1.0
    desk.touch("note 37", 0)
    assert desk["voice"] == 0.0
    desk.touch("note 38", 64)
    assert desk["engine.wet"] == 64 / 127
    desk.touch("note 38", 0)
    assert desk["engine.wet"] == 1.0  # where it rests


def test_a_toggle_knows_that_somebody_else_has_moved_its_stop() -> None:
    desk = Desk(knob("note 36", mode="toggle"))
    desk.touch("note 36", 100, 0)
    desk.parameters.move({"guitar": 0.0}, "scene")
    desk.touch("note 36", 100)
    assert desk["guitar"] == 1.0


def test_of_many_knobs_for_one_stop_the_last_one_counts_or_they_add_up() -> None:
    parts = (knob("cc 20"), knob("cc 21", low=-0.5, high=0.5))
    last, added = Desk(*parts), Desk(*parts, combine={"guitar": "sum"})
    for desk in (last, added):
        desk.touch("cc 20", 96)
        desk.touch("cc 21", 127)
    assert last["guitar"] == 0.5
    assert added["guitar"] == 1.0
    added.touch("cc 21", 0)
    assert added["guitar"] == pytest.approx(32 / 63 - 0.5)


def test_a_shift_button_gives_a_knob_another_job_while_it_is_held() -> None:
    desk = Desk(knob("cc 20"), knob("cc 20", "voice", shift="alt"), button("note 1", "shift", "alt"))
    desk.touch("note 1", 100)
    desk.touch("cc 20", 127)
    assert (desk["guitar"], desk["voice"]) == (0.0, 1.0)
    desk.touch("note 1", 0)
    desk.touch("cc 20", 0)
    assert (desk["guitar"], desk["voice"]) == (-1.0, 1.0)


def test_a_shift_gives_a_button_another_job_too() -> None:
    desk = Desk(
        button("note 1", "scene", "verse"),
        button("note 1", "store", "verse", "set"),
        button("cc 60", "shift", "set"),
    )
    desk.touch("note 1", 100, 0)
    desk.touch("cc 60", 127)
    desk.touch("note 1", 100, 0)
    desk.touch("cc 60", 0)
    desk.touch("note 1", 100)
    assert desk.asked.deeds == [("scene", "verse"), ("store", "verse"), ("scene", "verse")]


def test_banks_share_their_knobs() -> None:
    desk = Desk(knob("cc 20", page="one"), knob("cc 20", "voice", page="two"), button("cc 40", "bank", "two"))
    desk.touch("cc 20", 127)
    desk.touch("cc 40", 127, 0)
    assert desk.mapper.page == "two"
    desk.touch("cc 20", 0)
    assert (desk["guitar"], desk["voice"]) == (1.0, -1.0)


def test_buttons_ask_once_per_press() -> None:
    desk = Desk(
        button("note 1", "scene", "verse"), button("note 2", "undo"), button("cc 40", "panic"),
        button("note 3", "bypass"), button("note 4", "store", "chorus"),
    )  # fmt: skip
    desk.touch("note 1", 100, 0)
    desk.touch("note 2", 100, 100, 0)
    desk.touch("cc 40", 70, 90, 127, 10, 127)
    desk.touch("note 4", 1)
    assert desk.asked.deeds == [("scene", "verse"), ("undo",), ("panic",), ("panic",), ("store", "chorus")]
    desk.touch("note 3", 100)
    assert desk["engine.bypass"] == 1.0
    desk.touch("note 3", 0, 100)
    assert desk["engine.bypass"] == 0.0


def test_a_program_change_recalls_the_scene_of_its_number() -> None:
    desk, other = Desk(), Desk(programs=False)
    for each in (desk, other):
        each.touch("program 2", 127)
    assert desk.asked.deeds == [("scene", 2)]
    assert other.asked.deeds == []


def test_a_scene_button_says_how_long_its_recall_takes() -> None:
    desk = Desk(
        Button(parse_source("note 1"), "scene", "verse", seconds=2.0),
        Button(parse_source("note 2"), "scene", "verse", beats=4.0),
    )
    seen = []
    desk.asked.scene = lambda *told, **more: seen.append((*told, more))  # type: ignore[method-assign]
    desk.touch("note 1", 100, 0)
    desk.touch("note 2", 100, 0)
    assert seen == [("verse", 2.0, {"beats": None}), ("verse", None, {"beats": 4.0})]


def test_a_finger_begins_anew_with_each_note_and_needs_no_takeover() -> None:
    desk = Desk(
        knob("mpe pressure", takeover="pickup"),
        knob("mpe bend", "voice", takeover="pickup", semitones=2.0),
        knob("mpe strike", "engine.wet", low=0.0),
    )
    desk.parameters.move({"guitar": 0.75}, "scene")
    desk.touch("mpe pressure", 127, 0)
    assert desk["guitar"] == 0.0  # pressed and let go: where the stop rests, not at its lowest
    desk.touch("mpe strike", 127)
    assert desk["engine.wet"] == 1.0
    for semitones, data, value in ((48.0, 8192, 0.0), (48.0, 8192 + 341, 0.999), (48.0, 0, -1.0), (2.0, 16383, 1.0),
                                   (0.0, 16383, 0.0)):  # fmt: skip
        desk.mapper.apply(ControllerInput(parse_source("mpe bend", 1, "box"), data, semitones=semitones))
        assert desk["voice"] == pytest.approx(value, abs=1e-3)


def test_a_stop_that_the_instrument_doesnt_have_now_is_left_alone() -> None:
    desk = Desk(knob("cc 20", "oboe"), knob("cc 20"))
    desk.touch("cc 20", 127)
    assert desk["guitar"] == 1.0


def test_the_hub_hears_what_was_touched() -> None:
    desk, told = Desk(knob("cc 20")), list[ParameterChange]()
    desk.parameters.subscribe(told.extend)
    desk.touch("cc 20", 1, device="nano")
    assert told[0].origin == parse_source("cc 20", 1, "nano")


def test_the_default_mapping_gives_each_stop_a_knob_and_a_key() -> None:
    desk = Desk()
    desk.mapper = Mapper(default_mapping(("guitar", "voice")), desk.parameters)
    desk.touch("cc 21", 0)
    desk.touch("note 60", 127)
    assert (desk["guitar"], desk["voice"]) == (1.0, -1.0)
    desk.touch("note 60", 0)
    assert desk["guitar"] == 0.0
