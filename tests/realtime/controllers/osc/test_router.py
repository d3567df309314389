"""Whatever a message says, the router does it or counts why not."""

import math
import random

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder, build_msg

from realtime.controllers.osc.addresses import BUTTONS, TABLE
from realtime.controllers.osc.clients import Client, ErrorCounters
from realtime.controllers.osc.feedback import MAX_SUBSCRIBERS, PUSH_S, Feedback, Outgoing
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, Message, read_packet, write_message
from realtime.controllers.osc.router import ERRORS_PER_S, HORIZON_S, MAX_WAITING, Router
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.osc_parts import RATE, ClockedRecorder, CommandRecorder, make_parameters

FUZZED = 20_000
FUZZED_S = 0.001  # passes for each
WALL_S = 1.75e9  # the wall clock stands still, too
PRECISION_S = 1e-6  # of a double that holds the wall clock's seconds
CLIENT = Client("udp", "127.0.0.1", 5000)
NAMES = [
    "guitar",
    "voice",
    "oboe",
    "verse",
    "none",
    "*",
    "{guitar,voice}",
    "g[a-z]*",
    "",
    "é",
    "a" * 300,
    "engine.reset",
    "[",
]
VALUES: list[tuple[str, object]] = [
    ("f", 0.5), ("f", -1e30), ("f", math.nan), ("f", math.inf), ("d", 1e300), ("i", 1), ("i", -(1 << 31)), ("h", 1 << 62),
    ("s", "verse"), ("s", ""), ("s", "ü" * 200), ("b", b"\xff\0"), ("T", True), ("F", False), ("N", None),
    ("m", (0, 144, 60, 1)), ("r", 0xFF00FF00),
]  # fmt: skip


class RouterSetup:
    """A router with all that is behind it, and what it answers."""

    def __init__(self) -> None:
        self.clock = MadeUpClock()
        self.sound, self.scenes, self.notes = ClockedRecorder(self.clock), CommandRecorder(), list[str]()
        self.parameters = make_parameters(self.sound)
        self.feedback = Feedback(self.parameters, lambda: None, self.clock)
        self.parameters.subscribe(self.feedback.on_changes)
        self.errors, self.sent = ErrorCounters(self.notes.append), list[Outgoing]()
        self.router = Router(
            self.parameters, self.feedback, self.errors, self.sent.append, self.scenes, clock=self.clock
        )

    def receive(self, packet: bytes, client: Client = CLIENT) -> None:
        self.router.receive(client, packet)
        self.router.flush()

    def send(self, address: str, arguments: object = ()) -> None:
        """Send a message as python-osc makes it."""
        self.receive(build_msg(address, [] if arguments == () else arguments).dgram)

    def send_bundle(self, ahead: float, *messages: Message) -> None:
        """Send messages for a moment that is so many seconds ahead."""
        self.receive(bundle(WALL_S + ahead, *messages))

    def answers(self) -> list[Message]:
        """What the router has answered since the last time."""
        answers, self.sent[:] = [read_packet(each.packet)[0] for each in self.sent], []
        return answers

    def moved(self) -> list[tuple[str, float, int]]:
        return [(event.slug, event.value, event.ramp_samples) for event in self.sound.events]


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> RouterSetup:
    monkeypatch.setattr("time.time", lambda: WALL_S)
    return RouterSetup()


def bundle(at: float, *messages: Message) -> bytes:
    builder = OscBundleBuilder(at)
    for message in messages:
        builder.add_content(build_msg(message.address, list(message.arguments)))
    return builder.build().dgram


def a_message(chance: random.Random) -> object:
    pattern = chance.choice(TABLE).pattern if chance.random() < 0.9 else "/<x>/<y>/<z>/<x>"
    parts = [chance.choice(NAMES) if part.startswith("<") else part for part in pattern.split("/")]
    builder = OscMessageBuilder("/".join(parts))
    for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 3, 5])):
        kind, value = chance.choice(VALUES)
        builder.add_arg(value, kind)  # type: ignore[arg-type]
    return builder.build()


def a_packet(chance: random.Random, now: float) -> bytes:
    """One message, or a bundle at any time."""
    if chance.random() < 0.5:
        return a_message(chance).dgram  # type: ignore[attr-defined, no-any-return]
    builder = OscBundleBuilder(
        chance.choice([IMMEDIATELY, now - 5.0, now + 0.01, now + 30.0, now + 1e6, 4e9 - 2208988800])
    )
    for _ in range(chance.randint(0, 5)):
        builder.add_content(a_message(chance))
    return builder.build().dgram


@pytest.mark.slow
def test_any_message_of_any_types_is_done_or_counted(setup: RouterSetup) -> None:
    chance = random.Random(12)
    for number in range(FUZZED):
        setup.receive(a_packet(chance, WALL_S), Client("udp", "127.0.0.1", 1 + chance.randrange(50)))
        setup.clock.advance(FUZZED_S)
        if number % 100 == 0:
            setup.router.run_waiting(setup.clock())
            setup.feedback.due(setup.clock())
    assert all(math.isfinite(event.value) and 0 <= event.ramp_samples < 1e9 for event in setup.sound.events)
    assert all(len(read_packet(each.packet)) == 1 for each in setup.sent)
    kinds = {
        "unknown address",
        "wrong arguments",
        "time tag too far ahead",
        "command refused",
        "malformed packet",
    }
    assert set(setup.errors.counts) <= kinds and len(setup.errors.counts) >= 4
    assert len(setup.feedback.clients) <= MAX_SUBSCRIBERS
    called = {each[0] for each in setup.scenes.calls}
    assert called == {
        "scene",
        "store",
        "rename",
        "remove",
        "learn",
        "record",
        "morph",
        "pad",
        "instrument",
        *BUTTONS,
    }
    assert len(setup.sound.events) > FUZZED / 100


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "takes a number of beats, got nothing"),
        ((-1.0,), "takes 0 to 4096 beats, got -1"),
        ((5000.0,), "takes 0 to 4096 beats, got 5000"),
        ((1.0, 2.0), "takes a number of beats, got float, float"),
        (("four",), "takes a number, got str"),
    ],
)
def test_beats_that_cant_be_are_refused_with_the_reason(
    setup: RouterSetup, arguments: tuple[object, ...], says: str
) -> None:
    setup.receive(write_message("/scene/verse/beats", *arguments))
    (answer,) = setup.sent
    assert read_packet(answer.packet)[0].arguments == (says, "/scene/verse/beats")
    assert setup.errors.counts == {"wrong arguments": 1} and not setup.scenes.calls


def test_only_so_many_commands_wait(setup: RouterSetup) -> None:
    setup.send_bundle(30.0, *[Message("/undo")] * (MAX_WAITING + 10))
    assert setup.errors.counts == {"command refused": 10}
    setup.router.run_waiting(setup.clock() + 31.0)
    assert setup.scenes.calls == [("undo",)] * MAX_WAITING


def test_a_command_in_a_bundle_waits_for_its_time(setup: RouterSetup) -> None:
    setup.send_bundle(1.0, Message("/scene/verse"))
    at = setup.router.run_waiting(setup.clock())
    assert at == pytest.approx(setup.clock() + 1.0, rel=0.0, abs=PRECISION_S)
    assert setup.router.run_waiting(at - 0.001) == at and not setup.scenes.calls
    assert setup.router.run_waiting(at) is None
    assert setup.scenes.calls == [("scene", "verse", None, None)]


def test_a_bundle_applies_at_its_time_to_the_sample_and_at_one_sample(setup: RouterSetup) -> None:
    samples = range(RATE // 2, 20 * RATE, 12345)
    for sample in samples:
        setup.send_bundle(sample / RATE, Message("/stop/guitar", (0.5,)), Message("/stop/voice", (1.0,)))
    assert [event.sample for event in setup.sound.events] == [each for each in samples for _ in range(2)]


def test_late_bundles_apply_now_and_far_ones_not_at_all(setup: RouterSetup) -> None:
    setup.clock.advance(2.0)
    setup.send_bundle(-3.0, Message("/stop/guitar", (0.5,)))
    assert [event.sample for event in setup.sound.events] == [2 * RATE]
    setup.send_bundle(HORIZON_S - 0.1, Message("/stop/guitar", (0.25,)))
    setup.send_bundle(HORIZON_S + 0.1, Message("/stop/guitar", (1.0,)))
    (answer,) = setup.answers()
    assert "set the clocks alike" in str(answer.arguments[0])
    assert [event.value for event in setup.sound.events] == [0.5, 0.25]


def test_errors_are_answered_only_so_often_and_answers_never(setup: RouterSetup) -> None:
    for _ in range(2):
        for _ in range(ERRORS_PER_S + 5):
            setup.send("/nowhere")
        assert [each.address for each in setup.answers()] == ["/error"] * ERRORS_PER_S
        setup.clock.advance(1.0)
    for address in ("/error", "/pong", "/meter/in", "/level/voice"):
        setup.send(address, ["a", "b"])
    assert setup.answers() == []
    assert setup.errors.counts == {"unknown address": 2 * (ERRORS_PER_S + 5) + 4}


@pytest.mark.parametrize("pressed", [1.0, True, 1, ()])
def test_a_connect_button_subscribes_its_own_port_and_may_spring_back(
    setup: RouterSetup, pressed: object
) -> None:
    setup.send("/subscribe", pressed)
    assert setup.feedback.clients == (CLIENT,) and setup.feedback.port_of(CLIENT) is None
    setup.send("/subscribe", 0.0)
    setup.send("/unsubscribe", 0.0)
    assert setup.feedback.clients == (CLIENT,)
    setup.send("/unsubscribe", pressed)
    assert setup.feedback.clients == () and not setup.errors.counts


def test_a_connect_button_that_stays_pressed_ends_the_subscription_when_it_is_let_go(
    setup: RouterSetup,
) -> None:
    setup.send("/subscribe", 1.0)
    setup.clock.advance(PUSH_S + 0.001)
    setup.send("/subscribe", 0.0)
    assert setup.feedback.clients == () and not setup.errors.counts


def test_messages_before_a_command_come_before_it(setup: RouterSetup) -> None:
    seen: list[float] = []
    setup.scenes.store = lambda name: seen.append(setup.parameters.values["guitar"])  # type: ignore[method-assign]
    for value in (0.25, 0.5):
        setup.router.receive(CLIENT, write_message("/stop/guitar", value))
        setup.router.receive(CLIENT, write_message("/scene/verse/store"))
    assert seen == [0.25, 0.5]


def test_of_a_crowd_of_messages_the_store_gets_each_stops_last(setup: RouterSetup) -> None:
    for step in range(100):
        for slug in ("guitar", "voice"):
            setup.router.receive(CLIENT, write_message(f"/stop/{slug}", step / 100))
    assert not setup.sound.events
    setup.router.flush()
    assert [(event.slug, event.value) for event in setup.sound.events] == [
        ("guitar", pytest.approx(0.99)),
        ("voice", pytest.approx(0.99)),
    ]


def test_a_movement_of_a_stop_that_a_swap_has_removed_is_counted_as_an_error(setup: RouterSetup) -> None:
    setup.router.receive(CLIENT, write_message("/stop/guitar", 0.5))
    setup.parameters.set_targets([])
    setup.router.flush()
    assert setup.errors.counts == {"unknown address": 1}


def test_a_packet_beyond_the_limit_is_counted(setup: RouterSetup) -> None:
    setup.receive(b"/" * (MAX_PACKET_BYTES + 1))
    setup.receive(b"")
    assert setup.errors.counts == {"malformed packet": 2}
    assert not setup.sent


def test_commands_reach_whoever_does_them(setup: RouterSetup) -> None:
    for address, arguments in [
        ("/scene/verse", []),
        ("/scene/verse", 4.0),
        ("/scene/verse/beats", 8),
        ("/scene/beats", []),  # a scene may be called so
        ("/scene/verse/store", 1.0),
        ("/scene/verse/store", 0.0),  # the button is released
        ("/morph/verse/chorus", 0.25),
        ("/morph", ["first verse", "refrain", 0.5]),
        ("/pad", [0.5, 0.25]),
        ("/pad", ["a", "b", "c", "d", 0.5, 0.25]),
        ("/store", "Vers 1, été"),
        ("/rename", ["verse", "Bridge 2"]),
        ("/remove", "verse"),
        ("/learn", "guitar"),
        ("/record", "Take 1, été"),
        ("/record", []),
        ("/end_recording", 1.0),
        ("/end_recording", 0.0),
        ("/toggle_recording", []),
        ("/undo", []),
        ("/redo", []),
        ("/panic", True),
        ("/panic", False),
        ("/next_scene", 1.0),
        ("/next_scene", 0.0),
        ("/previous_scene", []),
        ("/tap", 1.0),
        ("/instrument/2", 1.0),
        ("/instrument/2", 0.0),
        ("/next_instrument", []),
        ("/previous_instrument", []),
    ]:
        setup.send(address, arguments)
    assert setup.scenes.calls == [
        ("scene", "verse", None, None),
        ("scene", "verse", 4.0, None),
        ("scene", "verse", None, 8.0),
        ("scene", "beats", None, None),
        ("store", "verse"),
        ("morph", "verse", "chorus", 0.25),
        ("morph", "first verse", "refrain", 0.5),
        ("pad", 0.5, 0.25),
        ("pad", 0.5, 0.25, "a", "b", "c", "d"),
        ("store", "Vers 1, été"),
        ("rename", "verse", "Bridge 2"),
        ("remove", "verse"),
        ("learn", "guitar"),
        ("record", "Take 1, été"),
        ("record", ""),
        ("end_recording",),
        ("toggle_recording",),
        ("undo",),
        ("redo",),
        ("panic",),
        ("next_scene",),
        ("previous_scene",),
        ("tap",),
        ("instrument", "2"),
        ("next_instrument",),
        ("previous_instrument",),
    ]


@pytest.mark.parametrize(
    "address, arguments, kind, says",
    [
        ("/nowhere", 1.0, "unknown address", "nothing is at '/nowhere'; the stops are: guitar, voice"),
        ("/stop/oboe", 1.0, "unknown address", "nothing is at '/stop/oboe'"),
        ("/stop/engine.reset", 1.0, "unknown address", "nothing is at"),
        ("/stop/guitar/", 1.0, "unknown address", "nothing is at"),
        ("/", [], "unknown address", "nothing is at"),
        ("/scene/", [], "unknown address", "nothing is at"),
        ("/stop/o*", 1.0, "unknown address", "no stop or parameter fits"),
        ("/stop/guitar", [], "wrong arguments", "takes a number, got nothing"),
        ("/stop/guitar", "loud", "wrong arguments", "takes a number, got str"),
        ("/stop/guitar", [1.0, 1.0], "wrong arguments", "takes a number, got float, float"),
        ("/stop/guitar", math.nan, "wrong arguments", "takes a finite number, got nan"),
        ("/stop/guitar", math.inf, "wrong arguments", "takes a finite number, got inf"),
        ("/stop/guitar/ramp", [1.0, -1.0], "wrong arguments", "takes 0 to 3600 s, got -1"),
        ("/stop/guitar/ramp", 1.0, "wrong arguments", "takes a value and seconds"),
        ("/scene/verse", 1e30, "wrong arguments", "takes 0 to 3600 s"),
        ("/morph", [1, 2, 0.5], "wrong arguments", "takes two names and a number"),
        ("/subscribe", 70000, "wrong arguments", "a port is in 1..65535, got 70000"),
        ("/stops", "9001", "wrong arguments", "takes a number, got str"),
    ],
)
def test_wrong_messages_are_counted_reported_once_and_answered(
    address: str, arguments: object, kind: str, says: str, setup: RouterSetup
) -> None:
    for _ in range(3):
        setup.send(address, arguments)
        (answer,) = setup.answers()
        assert answer.address == "/error" and answer.arguments[1] == address
        assert says in str(answer.arguments[0])
    assert setup.errors.counts == {kind: 3}
    assert len(setup.notes) == 1 and says in setup.notes[0]
    assert not setup.sound.events


def test_a_wrong_message_in_a_bundle_leaves_the_others_be(setup: RouterSetup) -> None:
    messages = (Message(f"/stop/{slug}", (0.5,)) for slug in ("guitar", "oboe", "voice"))
    setup.receive(bundle(IMMEDIATELY, *messages))
    assert setup.moved() == [("guitar", 0.5, 0), ("voice", 0.5, 0)]


@pytest.mark.parametrize(
    "address", ["/stop/guitar", "/wet", "/bypass", "/scene/verse", "/undo", "/scene/verse/beats"]
)
def test_two_values_where_one_is_due_are_refused_and_counted(setup: RouterSetup, address: str) -> None:
    setup.send(address, [0.5, 0.5])
    (answer,) = setup.answers()
    assert "got float, float" in str(answer.arguments[0])
    assert setup.errors.counts == {"wrong arguments": 1}
    assert not setup.sound.events and not setup.scenes.calls
