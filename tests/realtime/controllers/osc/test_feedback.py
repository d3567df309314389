"""What subscribed clients are sent, and when: by a made-up clock, without sockets."""

import math
import random
from collections import defaultdict

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import Client
from realtime.controllers.osc.feedback import (
    MAX_SUBSCRIBERS,
    METER_FLOOR_DBFS,
    PUSH_S,
    SUBSCRIPTION_S,
    Feedback,
)
from realtime.controllers.osc.packets import read_packet
from realtime.controllers.osc.subscriber import CROSSING_S, INTERVAL_S, METER_INTERVAL_S
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.osc_parts import ClockedRecorder, make_parameters

ONE, TWO, THREE = (Client("udp", "127.0.0.1", port) for port in (5001, 5002, 5003))
ALL_VALUES = 8
SECOND_MS = 1000

Sent = tuple[object, ...]


class FeedbackSetup:
    """A parameter store, its feedback, and what each client has been sent."""

    def __init__(self) -> None:
        self.clock = MadeUpClock()
        self.parameters = make_parameters(ClockedRecorder(self.clock))
        self.woken = 0
        self.feedback = Feedback(self.parameters, self._wake, self.clock)
        self.parameters.subscribe(self.feedback.on_changes)
        self._sent: dict[Client, list[Sent]] = defaultdict(list)

    def _wake(self) -> None:
        self.woken += 1

    def send(self) -> float | None:
        """Send what is due now; the moment at which more will be due."""
        packets, later = self.feedback.due(self.clock())
        for each in packets:
            (message,) = read_packet(each.packet)
            self._sent[each.client].append((message.address, *message.arguments))
        return later

    def take(self, client: Client) -> list[Sent]:
        """What a client has been sent since the last time."""
        self.send()
        return self._sent.pop(client, [])

    def subscribe(self, *clients: Client) -> None:
        """Subscribe clients that have received all values long ago."""
        for client in clients:
            self.feedback.subscribe(client, None, self.clock())
            assert len(self.take(client)) == ALL_VALUES
        self.clock.advance(1.0)

    def move(self, slug: str, value: float, origin: object = None) -> None:
        self.parameters.move({slug: value}, "test", origin=origin)


@pytest.fixture
def setup() -> FeedbackSetup:
    return FeedbackSetup()


def test_two_clients_are_sent_each_others_movements_and_not_their_own(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE, TWO)
    setup.move("guitar", 0.75, ONE)
    setup.move("engine.wet", 0.5, TWO)
    assert setup.take(ONE) == [("/wet", 0.5)]
    assert setup.take(TWO) == [("/stop/guitar", 0.75)]
    setup.parameters.move({"voice": 1.0, "engine.reset": 1.0}, "cc 20", origin=object())
    assert setup.take(ONE) == setup.take(TWO) == [("/stop/voice", 1.0)]
    setup.feedback.unsubscribe(TWO)
    setup.clock.advance(1.0)
    setup.move("voice", -1.0)
    assert setup.take(ONE) == [("/stop/voice", -1.0)] and setup.take(TWO) == []


def test_a_change_wakes_the_server(setup: FeedbackSetup) -> None:
    setup.move("guitar", 0.5)
    assert setup.woken == 1


def test_a_value_that_crosses_another_on_its_way_is_answered_with_the_outcome_once(
    setup: FeedbackSetup,
) -> None:
    setup.subscribe(ONE)
    sent = setup.clock()
    setup.move("guitar", 0.25)
    assert setup.take(ONE) == [("/stop/guitar", 0.25)]
    setup.clock.advance(CROSSING_S / 2)
    setup.move("guitar", 0.5, ONE)  # did it know of the 0.25?
    assert setup.take(ONE) == []
    later = setup.send()
    assert later == sent + CROSSING_S
    setup.clock.now = later
    assert setup.take(ONE) == [("/stop/guitar", 0.5)]
    setup.clock.advance(1.0)
    assert setup.send() is None and setup.take(ONE) == []


def test_after_that_time_nothing_crosses(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    setup.move("guitar", 0.25)
    setup.take(ONE)
    setup.clock.advance(CROSSING_S + 0.001)
    setup.move("guitar", 0.5, ONE)
    setup.clock.advance(1.0)
    assert setup.take(ONE) == []


def test_surfaces_that_send_back_what_they_receive_end_after_one_round(setup: FeedbackSetup) -> None:
    clients = (ONE, TWO, THREE)
    setup.subscribe(*clients)
    setup.move("guitar", 0.125, ONE)
    sent = 0
    for _ in range(50):
        for client in clients:
            for address, value in setup.take(client):
                assert address == "/stop/guitar" and isinstance(value, float)
                sent += 1
                setup.move("guitar", value, client)
        setup.clock.advance(0.01)
    assert sent == 2  # one for each other client, once


def test_of_many_changes_few_are_sent_and_the_last_always(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    chance, last, received = random.Random(2), 0.0, list[Sent]()
    for _ in range(SECOND_MS):
        last = chance.uniform(-1.0, 1.0)
        setup.move("guitar", last)
        received += setup.take(ONE)
        setup.clock.advance(1 / SECOND_MS)
    assert 0.9 / INTERVAL_S <= len(received) <= 1.0 / INTERVAL_S + 1
    later = setup.send()
    assert later is not None and later <= setup.clock() + INTERVAL_S
    setup.clock.now = later
    assert (received + setup.take(ONE))[-1] == ("/stop/guitar", np.float32(last))
    assert setup.send() is None


def test_a_value_that_comes_back_before_it_is_sent_is_not_sent(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    for value in (0.5, 0.0):
        setup.move("guitar", value)
    assert setup.take(ONE) == []


def test_a_connect_button_may_spring_back_at_once_and_ends_the_subscription_if_it_stayed_pressed(
    setup: FeedbackSetup,
) -> None:
    pressed = setup.clock()
    setup.feedback.subscribe(ONE, None, pressed)
    setup.feedback.release(ONE, pressed + PUSH_S)
    assert setup.feedback.clients == (ONE,)
    setup.feedback.release(ONE, pressed + PUSH_S + 0.001)
    assert setup.feedback.clients == ()


def test_a_udp_subscription_ends_with_the_clients_silence_and_no_other_does(setup: FeedbackSetup) -> None:
    connected, begin = Client("tcp", "127.0.0.1", 5001), setup.clock()
    for client in (ONE, TWO, connected):
        setup.feedback.subscribe(client, None, begin)
    setup.clock.advance(SUBSCRIPTION_S)
    setup.send()
    assert set(setup.feedback.clients) == {ONE, TWO, connected}
    setup.feedback.keep_alive(TWO, setup.clock())
    setup.clock.advance(0.001)
    setup.send()
    assert set(setup.feedback.clients) == {TWO, connected}
    setup.clock.advance(2 * SUBSCRIPTION_S)
    setup.send()
    assert setup.feedback.clients == (connected,)


def test_only_so_many_may_subscribe(setup: FeedbackSetup) -> None:
    for port in range(1, MAX_SUBSCRIBERS + 1):
        setup.feedback.subscribe(Client("udp", "127.0.0.1", port), None, setup.clock())
    with pytest.raises(DrawstopError, match=f"{MAX_SUBSCRIBERS} clients subscribe already"):
        setup.feedback.subscribe(Client("udp", "127.0.0.1", 5000), None, setup.clock())


def test_a_surface_that_cannot_ask_is_sent_everything_but_its_own_movements(setup: FeedbackSetup) -> None:
    surface, its_sender = Client("udp", "127.0.0.7", 9001), Client("udp", "127.0.0.7", 5555)
    setup.feedback.add_fixed(surface)
    assert len(setup.take(surface)) == ALL_VALUES
    setup.subscribe(ONE)
    setup.move("guitar", 0.5, its_sender)
    setup.move("voice", -1.0, ONE)
    assert setup.take(surface) == [("/stop/voice", -1.0)]
    setup.feedback.unsubscribe(surface)
    setup.clock.advance(2 * SUBSCRIPTION_S)
    setup.send()
    assert setup.feedback.clients == (surface,)


def test_who_listens_to_one_address_is_sent_that_one_and_its_value_at_once(setup: FeedbackSetup) -> None:
    setup.feedback.listen(ONE, "/stop/guitar", setup.clock())
    assert setup.take(ONE) == [("/stop/guitar", 0.0)]
    setup.clock.advance(1.0)
    setup.parameters.move({"guitar": 0.5, "voice": 0.5}, "test")
    assert setup.take(ONE) == [("/stop/guitar", 0.5)]
    setup.feedback.ignore(ONE, "/stop/guitar")
    setup.clock.advance(1.0)
    setup.move("guitar", 0.25)
    assert setup.take(ONE) == []


def test_meters_are_sent_slower(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    received = list[Sent]()
    for step in range(SECOND_MS):
        level = -90.0 + step / SECOND_MS
        setup.feedback.meters({"in": level, "out": level - 6.0})
        received += setup.take(ONE)
        setup.clock.advance(1 / SECOND_MS)
    assert {each[0] for each in received} == {"/meter/in", "/meter/out"}
    assert 2 * 0.9 / METER_INTERVAL_S <= len(received) <= 2 * (1.0 / METER_INTERVAL_S + 1)
    setup.clock.advance(METER_INTERVAL_S)
    assert setup.take(ONE) == [("/meter/in", np.float32(level)), ("/meter/out", np.float32(level - 6.0))]
    setup.feedback.meters({"in": -math.inf, "out": math.nan})
    setup.clock.advance(METER_INTERVAL_S)
    assert setup.take(ONE) == [("/meter/in", METER_FLOOR_DBFS), ("/meter/out", METER_FLOOR_DBFS)]


def test_levels_are_sent_by_stop_and_those_that_have_gone_once_as_0(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    received = []
    for levels in (
        {"guitar": 0.75, "voice": math.nan},
        {"voice": 0.25},
        {"voice": 0.25},
        {},
        {},
        {"voice": 0.25},
    ):
        setup.feedback.levels(levels)
        received.append(setup.take(ONE))
        setup.clock.advance(METER_INTERVAL_S)
    assert received == [
        [("/level/guitar", 0.75), ("/level/voice", 0.0)],
        [("/level/voice", 0.25), ("/level/guitar", 0.0)],
        [],
        [("/level/voice", 0.0)],
        [],
        [("/level/voice", 0.25)],
    ]


def test_levels_of_many_instruments_make_room_for_each_other(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    for instrument in range(4):
        stops = [f"/level/stop_{instrument}_{stop}" for stop in range(100)]
        setup.feedback.levels({stop.removeprefix("/level/"): 0.5 for stop in stops})
        assert setup.take(ONE) == [(stop, 0.5) for stop in stops]
        setup.clock.advance(METER_INTERVAL_S)
        setup.feedback.levels({})
        assert set(setup.take(ONE)) == {(stop, 0.0) for stop in stops}
        setup.feedback.levels({})


def test_the_status_is_sent_to_those_who_listen_to_it_by_name(setup: FeedbackSetup) -> None:
    setup.subscribe(ONE)
    setup.feedback.status({"/status/scene": ("verse",)})
    setup.feedback.listen(TWO, "/status/scene", setup.clock())
    assert setup.take(TWO) == [("/status/scene", "verse")]
    setup.clock.advance(METER_INTERVAL_S)
    woken = setup.woken
    setup.feedback.status({"/status/scene": ("verse",)})
    assert setup.woken == woken  # nothing has changed
    setup.feedback.status({"/status/scene": ("chorus",)})
    assert setup.take(TWO) == [("/status/scene", "chorus")] and setup.take(ONE) == []


@pytest.mark.slow
def test_two_clients_on_one_stop_end_at_the_same_value(setup: FeedbackSetup) -> None:
    clients, chance = (ONE, TWO), random.Random(4)
    setup.subscribe(*clients)
    shown = {client: 0.0 for client in clients}  # as two surfaces show it: what was sent or received last

    def receive() -> None:
        for client in clients:
            for _, value in setup.take(client):
                assert isinstance(value, float)
                shown[client] = value

    for _ in range(3000):
        mover = chance.choice(clients)
        shown[mover] = float(np.float32(chance.uniform(-1.0, 1.0)))
        setup.move("guitar", shown[mover], mover)
        if chance.random() < 0.3:
            receive()
        setup.clock.advance(chance.choice((0.0, 0.001, 0.01, 0.05)))
    setup.clock.advance(1.0)
    receive()
    assert shown[ONE] == shown[TWO] == np.float32(setup.parameters.values["guitar"])
