"""MPE as the specification has it (MIDI Polyphonic Expression 1.0): zones, notes, ranges; message by message."""

from collections.abc import Iterable

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.decoder import MidiDecoder
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.mpe_zones import WHOLE_LOWER_ZONE, Zones
from realtime.controllers.midi.source import MAXIMA, MPE_RESTS, Kind, Notes, parse_source
from realtime.controllers.parameters import ParameterStore
from realtime.engine.control_event import ControlEvent
from tests.helpers.control.event_recorder import EventRecorder

KINDS: tuple[Kind, ...] = tuple(MPE_RESTS)
RULES: tuple[Notes, ...] = ("last", "max", "sum")
SOURCES = [
    parse_source(kind, notes=rule) for kind in KINDS for rule in RULES if kind != "mpe lift" or rule == "last"
]


def note_on(channel: int, key: int = 60, velocity: int = 100) -> mido.Message:
    return mido.Message("note_on", channel=channel - 1, note=key, velocity=velocity)


def note_off(channel: int, key: int = 60, velocity: int = 40) -> mido.Message:
    return mido.Message("note_off", channel=channel - 1, note=key, velocity=velocity)


def bend(channel: int, data: int) -> mido.Message:
    return mido.Message("pitchwheel", channel=channel - 1, pitch=data - 8192)


def pressure(channel: int, data: int) -> mido.Message:
    return mido.Message("aftertouch", channel=channel - 1, value=data)


def cc(channel: int, number: int, data: int) -> mido.Message:
    return mido.Message("control_change", channel=channel - 1, control=number, value=data)


def rpn(channel: int, number: int, *data: int) -> list[mido.Message]:
    halves = [cc(channel, control, value) for control, value in zip((6, 38), data, strict=False)]
    return [cc(channel, 101, number >> 7), cc(channel, 100, number & 127), *halves]


class Player:
    """A decoder, and the last data of each of its sources."""

    def __init__(self, zones: Zones = WHOLE_LOWER_ZONE, master: int = 1) -> None:
        self.decoder, self.master = MidiDecoder("box", mpe=SOURCES, zones=zones), master
        self.here = {
            (kind, rule, master): MPE_RESTS[kind] for kind in KINDS for rule in RULES for master in (1, 16)
        }
        self.plain: list[tuple[str, int | None, int]] = []
        self.semitones: list[float] = []

    def play(self, *messages: mido.Message) -> None:
        for message in messages:
            for controller_input in self.decoder.decode(message):
                source = controller_input.source
                if source.is_mpe:
                    assert source.channel is not None
                    self.here[source.kind, source.notes, source.channel] = controller_input.data
                else:
                    self.plain.append((source.kind, source.channel, controller_input.data))
                if "bend" in source.kind:
                    self.semitones.append(controller_input.semitones)

    def __getitem__(self, what: str) -> int:
        kind, _, rule = what.partition(" ")
        return self.here[f"mpe {kind}", rule or "last", self.master]  # type: ignore[index]


def test_a_note_has_its_channels_bend_pressure_and_timbre_and_what_came_before_it_is_its_beginning() -> None:
    player = Player()
    player.play(bend(2, 9000), cc(2, 74, 30), pressure(2, 5))
    assert [player[name] for name in ("bend", "timbre", "pressure", "strike")] == [8192, 64, 0, 0]
    player.play(note_on(2, velocity=99))
    assert [player[name] for name in ("bend", "timbre", "pressure", "strike")] == [9000, 30, 5, 99]
    player.play(bend(2, 16383), cc(2, 74, 127), pressure(2, 80))
    assert [player[name] for name in ("bend", "timbre", "pressure", "strike")] == [16383, 127, 80, 99]
    player.play(note_off(2, velocity=33))
    assert [player[name] for name in ("bend", "timbre", "pressure", "strike", "lift")] == [8192, 64, 0, 0, 33]
    player.play(bend(2, 0), pressure(2, 99))  # a release's tail
    assert [player[name] for name in ("bend", "pressure")] == [8192, 0]
    player.play(note_on(3))
    assert player["lift"] == 0
    player.play(note_on(3, velocity=0))
    assert player["lift"] == 64  # MIDI 1.0: a note-on of velocity 0 is a note-off of 64


def test_of_several_notes_the_newest_that_sounds_counts_or_the_farthest_or_all() -> None:
    player = Player()
    player.play(note_on(2, 60), pressure(2, 100), bend(2, 8192 - 2000))
    player.play(note_on(3, 64), pressure(3, 20), bend(3, 8192 + 500))
    assert [player[f"pressure {rule}"] for rule in RULES] == [20, 100, 120]
    assert [player[f"bend {rule}"] - 8192 for rule in RULES] == [500, -2000, -1500]
    player.play(pressure(2, 110), cc(2, 74, 0), cc(3, 74, 127))
    assert [player[f"pressure {rule}"] for rule in RULES] == [20, 110, 127]  # no more than there is
    assert [player[f"timbre {rule}"] for rule in RULES] == [127, 0, 63]
    player.play(note_off(3, 64))
    assert [player[f"pressure {rule}"] for rule in RULES] == [110, 110, 110]
    assert [player[f"bend {rule}"] - 8192 for rule in RULES] == [-2000, -2000, -2000]
    player.play(note_off(2, 60))
    assert [player[f"bend {rule}"] - 8192 for rule in RULES] == [0, 0, 0]


def test_a_masters_messages_are_separate_and_members_notes_are_keys_too() -> None:
    player = Player()
    player.play(note_on(2, 60, 100), bend(2, 1), pressure(2, 9), cc(2, 74, 9), cc(2, 7, 50))
    assert player.plain == [("note", 2, 100), ("cc", 2, 50)]
    player.plain.clear()
    player.play(bend(1, 16383), pressure(1, 70), cc(1, 74, 3), note_on(1, 40, 20))
    assert player.plain == [("bend", 1, 16383), ("pressure", 1, 70), ("cc", 1, 3), ("note", 1, 20)]
    assert [player[name] for name in ("bend", "pressure", "timbre", "strike")] == [1, 9, 9, 100]


@pytest.mark.parametrize(
    ("configurations", "zones"),
    [
        ([(1, 15)], Zones(15, 0)),
        ([(16, 15)], Zones(0, 15)),
        ([(1, 7), (16, 7)], Zones(7, 7)),
        ([(1, 7), (16, 10)], Zones(4, 10)),  # the newer zone takes what it needs
        ([(16, 10), (1, 7)], Zones(7, 7)),
        ([(1, 7), (16, 15)], Zones(0, 15)),
        ([(1, 7), (16, 14)], Zones(0, 14)),
        ([(1, 7), (16, 7), (1, 0)], Zones(0, 7)),
        ([(1, 0)], Zones(0, 0)),
        ([(5, 3), (1, 16), (1, 127)], Zones(15, 0)),  # no master channel; no such number: as it was
    ],
)
def test_a_configuration_message_makes_the_zones(configurations: list[tuple[int, int]], zones: Zones) -> None:
    player = Player()
    if configurations[0][0] != 5:
        player.play(*rpn(1, 6, 0))
    for channel, members in configurations:
        player.play(*rpn(channel, 6, members))
    for channel in range(1, 17):
        master = zones.master_of(channel)
        player.play(pressure(channel, 77), note_on(channel, 60, 50))
        masters = {m for m in (1, 16) if player.here["mpe pressure", "last", m] == 77}
        assert masters == ({master} if master else set()), channel
        player.play(note_off(channel, 60))


def test_a_configuration_message_ends_the_zones_notes_and_resets_its_channels_and_ranges() -> None:
    player = Player(Zones(7, 7))
    player.play(*rpn(2, 0, 12), *rpn(15, 0, 24), note_on(2), pressure(2, 90), note_on(15), pressure(15, 80))
    player.play(*rpn(1, 6, 6))
    assert (player.here["mpe pressure", "last", 1], player.here["mpe pressure", "last", 16]) == (0, 80)
    player.play(note_on(2), bend(2, 0), bend(15, 0))
    assert player.here["mpe pressure", "last", 1] == 0
    assert player.semitones == [48.0, 48.0, 48.0, 24.0, 24.0, 24.0]
    player.play(*rpn(16, 6, 12))  # takes four of the lower zone's channels
    player.play(*rpn(1, 6, 0), bend(2, 3))
    assert player.plain[-1] == ("bend", 2, 3)


def test_a_bend_range_holds_for_all_members_of_a_zone_and_apart_for_its_master() -> None:
    player = Player(Zones(7, 7))
    player.play(bend(1, 0), note_on(3), bend(3, 0))
    assert player.semitones == [2.0, 48.0, 48.0, 48.0]
    player.semitones.clear()
    player.play(*rpn(2, 0, 12, 50), *rpn(1, 0, 7), bend(3, 1), bend(1, 1), bend(16, 1))
    assert player.semitones == [12.5, 12.5, 12.5, 7.0, 2.0]
    player.semitones.clear()
    player.play(note_on(12), bend(12, 1))
    assert player.semitones == [48.0, 48.0, 48.0]


@pytest.mark.parametrize("control", [120, 123])
def test_all_notes_off_lets_every_finger_go(control: int) -> None:
    player = Player(Zones(7, 7))
    for channel in (2, 3, 15):
        player.play(note_on(channel), pressure(channel, 50 + channel))
    player.play(cc(3, control, 0))
    assert player["pressure"] == 52
    player.play(cc(1, control, 0))
    assert (player["pressure"], player.here["mpe pressure", "last", 16]) == (0, 65)
    player.play(note_on(2))
    assert player["pressure"] == 52  # the channel keeps its value
    player.play(cc(1, 121, 0))
    assert (player["pressure"], player["strike"]) == (0, 100)


def test_an_input_that_no_mpe_source_means_is_plain_whatever_it_sends() -> None:
    seaboard = [parse_source("mpe bend", device="seaboard")]
    for decoder in (MidiDecoder("nano", mpe=seaboard, zones=WHOLE_LOWER_ZONE), MidiDecoder("nano")):
        for message in rpn(1, 6, 15):
            decoder.decode(message)
        (controller_input,) = decoder.decode(bend(5, 9000))
        assert (
            controller_input.source.kind,
            controller_input.source.channel,
            controller_input.data,
            controller_input.semitones,
        ) == (
            "bend",
            5,
            9000,
            2.0,
        )


def test_more_channels_than_there_are_make_no_zones() -> None:
    for lower, upper in ((16, 0), (-1, 0), (7, 8), (1, 14)):
        with pytest.raises(DrawstopError, match="members"):
            Zones(lower, upper)
    assert Zones(15).master_of(16) == 1


class RecordingEngine:
    sample_rate = 44100

    def __init__(self) -> None:
        self.events = list[ControlEvent]()

    def now(self) -> int:
        return 0

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        self.events.extend(events)


def test_a_mapping_that_is_mended_while_a_finger_is_down_still_receives_its_release() -> None:
    parameters = ParameterStore(RecordingEngine(), [StopDescription("Guitar", "guitar", "GUI")])
    plan = Mapping((Knob(parse_source("mpe pressure"), "guitar"),))
    control = MidiInput(parameters, plan)
    for message in (*rpn(16, 6, 15), note_on(2), pressure(2, 127)):  # an upper zone, which no file says
        control.receive("box", message, 0.0)
    assert parameters.values["guitar"] == 1.0
    control.use(Mapping((Knob(parse_source("mpe pressure"), "guitar", low=0.0, high=0.5),)))
    control.receive("box", pressure(2, 126), 0.0)
    assert 0.49 < parameters.values["guitar"] < 0.5
    control.receive("box", note_off(2), 0.0)
    assert parameters.values["guitar"] == 0.0
    control.use(Mapping(plan.knobs, mpe=Zones(lower=3)))  # a file that says other zones begins anew
    control.receive("box", pressure(15, 100), 0.0)
    control.receive("box", note_on(15), 0.0)
    assert parameters.values["guitar"] == 0.0


CHANNELS = st.integers(1, 16)
SEVEN = st.integers(0, 127)
MESSAGES = st.one_of(
    st.builds(note_on, CHANNELS, st.integers(60, 62), SEVEN),
    st.builds(note_off, CHANNELS, st.integers(60, 62), SEVEN),
    st.builds(bend, CHANNELS, st.integers(0, 16383)),
    st.builds(pressure, CHANNELS, SEVEN),
    st.builds(cc, CHANNELS, st.sampled_from([74, 6, 38, 100, 101, 120, 121, 123]), st.integers(0, 15)),
)


class Reference:
    """The specification once more, as plainly as possible: every message is stored, and searched when needed."""

    def __init__(self, zones: Zones) -> None:
        self.zones, self.story = zones, list[mido.Message]()

    def data(self, kind: str, rule: str, master: int) -> int:
        notes = [note for note in self._sounding() if self.zones.master_of(note.channel + 1) == master]
        rest = MPE_RESTS[f"mpe {kind}"]  # type: ignore[index]
        values = [
            note.velocity if kind == "strike" else self._latest(note.channel, kind, rest) for note in notes
        ]
        if not values:
            return rest
        if rule == "last":
            return values[-1]
        if rule == "max":
            return max(values, key=lambda value: abs(value - rest))
        return min(max(rest + sum(value - rest for value in values), 0), 16383 if kind == "bend" else 127)

    def _sounding(self) -> list[mido.Message]:
        found = list[mido.Message]()
        for message in self.story:
            if message.type in ("note_on", "note_off"):
                found = [n for n in found if (n.channel, n.note) != (message.channel, message.note)]
                if message.type == "note_on" and message.velocity > 0:
                    found.append(message)
        return found

    def _latest(self, channel: int, kind: str, rest: int) -> int:
        for message in reversed(self.story):
            if message.channel == channel:
                if kind == "bend" and message.type == "pitchwheel":
                    return int(message.pitch) + 8192
                if kind == "pressure" and message.type == "aftertouch":
                    return int(message.value)
                if kind == "timbre" and message.type == "control_change":
                    return int(message.value)
        return rest


@pytest.mark.slow
@given(
    st.sampled_from([Zones(15), Zones(0, 15), Zones(7, 7), Zones(3, 4)]),
    st.lists(
        MESSAGES.filter(lambda message: message.type != "control_change" or message.control == 74),
        max_size=60,
    ),
)
def test_after_any_messages_every_source_stands_where_the_specification_says(
    zones: Zones, messages: list[mido.Message]
) -> None:
    player, reference = Player(zones), Reference(zones)
    for message in messages:
        player.play(message)
        reference.story.append(message)
        for kind, rule, master in player.here:
            if kind != "mpe lift":
                expected = reference.data(kind.removeprefix("mpe "), rule, master)
                assert player.here[kind, rule, master] == expected, (kind, rule, master)


@pytest.mark.slow
@given(st.lists(MESSAGES, max_size=80))
def test_whatever_comes_data_stay_in_range_and_rest_when_all_fingers_are_up(
    messages: list[mido.Message],
) -> None:
    player = Player()
    player.play(*messages)
    assert all(0 <= data <= MAXIMA[kind] for (kind, _, _), data in player.here.items())
    player.play(*(note_off(channel, key) for channel in range(1, 17) for key in (60, 61, 62)))
    for (kind, _, _), data in player.here.items():
        assert kind == "mpe lift" or data == MPE_RESTS[kind]


def test_a_finger_on_a_box_that_is_pulled_out_lets_go() -> None:
    parameters = ParameterStore(
        EventRecorder(), [StopDescription(slug, slug, slug) for slug in ("guitar", "voice")]
    )
    knobs = Knob(parse_source("mpe pressure"), "guitar"), Knob(parse_source("mpe bend"), "voice")
    midi = MidiInput(parameters, Mapping(knobs))
    for message in (note_on(2), pressure(2, 127), bend(2, 16383)):
        midi.receive("box", message, 0.0)
    assert (parameters.values["guitar"], parameters.values["voice"]) == (1.0, 1.0)
    midi.forget("another")
    assert parameters.values["guitar"] == 1.0
    midi.forget("box")
    assert (parameters.values["guitar"], parameters.values["voice"]) == (0.0, 0.0)
