"""Whatever a message says, the router does it or counts why not."""

import math
import random
import time

import pytest
from osc_parts import ClockedRecorder, CommandRecorder, make_parameters
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from realtime.controllers.osc.addresses import BUTTONS, TABLE
from realtime.controllers.osc.clients import Client, ErrorCounters
from realtime.controllers.osc.feedback import MAX_SUBSCRIBERS, Feedback, Outgoing
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, read_packet, write_message
from realtime.controllers.osc.router import MAX_WAITING, Router

FUZZED = 20_000
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
        self.sound, self.scenes, self.sent = ClockedRecorder(), CommandRecorder(), list[Outgoing]()
        self.parameters = make_parameters(self.sound)
        self.feedback = Feedback(self.parameters, lambda: None)
        self.parameters.subscribe(self.feedback.on_changes)
        self.errors = ErrorCounters()
        self.router = Router(self.parameters, self.feedback, self.errors, self.sent.append, self.scenes)

    def receive(self, packet: bytes, client: Client | None = None) -> None:
        self.router.receive(client or Client("udp", "127.0.0.1", 5000), packet)
        self.router.flush()


@pytest.fixture
def setup() -> RouterSetup:
    return RouterSetup()


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
        setup.receive(a_packet(chance, time.time()), Client("udp", "127.0.0.1", 1 + chance.randrange(50)))
        if number % 100 == 0:
            setup.router.run_waiting(time.monotonic())
            setup.feedback.due(time.monotonic())
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
    builder = OscBundleBuilder(time.time() + 30.0)
    for _ in range(MAX_WAITING + 10):
        builder.add_content(OscMessageBuilder("/undo").build())
    setup.receive(builder.build().dgram)
    assert setup.errors.counts == {"command refused": 10}
    setup.router.run_waiting(time.monotonic() + 31.0)
    assert setup.scenes.calls == [("undo",)] * MAX_WAITING


def test_messages_before_a_command_come_before_it(setup: RouterSetup) -> None:
    seen: list[float] = []
    setup.scenes.store = lambda name: seen.append(setup.parameters.values["guitar"])  # type: ignore[method-assign]
    for value in (0.25, 0.5):
        setup.router.receive(Client("udp", "127.0.0.1", 5000), write_message("/stop/guitar", value))
        setup.router.receive(Client("udp", "127.0.0.1", 5000), write_message("/scene/verse/store"))
    assert seen == [0.25, 0.5]


def test_of_a_crowd_of_messages_the_store_gets_each_stops_last(setup: RouterSetup) -> None:
    for step in range(100):
        for slug in ("guitar", "voice"):
            setup.router.receive(Client("udp", "127.0.0.1", 5000), write_message(f"/stop/{slug}", step / 100))
    assert not setup.sound.events
    setup.router.flush()
    assert [(event.slug, event.value) for event in setup.sound.events] == [
        ("guitar", pytest.approx(0.99)),
        ("voice", pytest.approx(0.99)),
    ]


def test_a_swap_between_a_message_and_its_movement_is_a_complaint(setup: RouterSetup) -> None:
    setup.router.receive(Client("udp", "127.0.0.1", 5000), write_message("/stop/guitar", 0.5))
    setup.parameters.set_targets([])
    setup.router.flush()
    assert setup.errors.counts == {"unknown address": 1}


def test_a_packet_beyond_the_limit_is_counted(setup: RouterSetup) -> None:
    setup.receive(b"/" * (MAX_PACKET_BYTES + 1))
    setup.receive(b"")
    assert setup.errors.counts == {"malformed packet": 2}
    assert not setup.sent
