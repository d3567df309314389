"""A knob of 14 bits, from its messages to the signal that the model is given."""

from collections.abc import Iterable

import mido
import numpy as np
import pytest

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.decoder import WAIT_S
from realtime.controllers.midi.encoder import messages_for
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.source import FOURTEEN_BITS, ControllerInput, Order, parse_source
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.engine.control_event import ControlEvent, EventQueue
from realtime.engine.control_signals import KnobSignals

RATE = 48000
STOP = StopDescription("Guitar", "guitar", "GUI")
ORDERS: tuple[Order, Order] = ("msb-first", "lsb-first")
SOURCES = ("cc14 1", "nrpn 1000", "rpn 1000")
ALL = FOURTEEN_BITS + 1
BLOCK = 512


class Line:
    """A player's way from the parameter store to the model: the queue, and the signals that each block is played with."""

    sample_rate = RATE

    def __init__(self) -> None:
        self.sample, self.queue, self.signals = 0, EventQueue(), KnobSignals([STOP])

    def now(self) -> int:
        return self.sample

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        self.queue.schedule(events)

    def played(self, samples: int) -> np.ndarray:
        blocks = np.full((-(-samples // BLOCK), 1, BLOCK), np.nan, dtype=np.float32)
        for number, block in enumerate(blocks):
            start = number * BLOCK
            self.signals.fill(self.queue.due(start, start + BLOCK), start, block)
        return blocks.reshape(-1)[:samples]


class Desk:
    """A mapped knob, from its messages on."""

    def __init__(self, source: str, order: Order) -> None:
        self.source, self.order, self.line, self.told = (
            parse_source(source, 1),
            order,
            Line(),
            list[ParameterChange](),
        )
        parameters = ParameterStore(self.line, [STOP])
        parameters.subscribe(self.told.extend)
        knob = Knob(self.source, "guitar", takeover="jump", smoothing_s=0.0, order=order)
        self.parameters, self.control = parameters, MidiInput(parameters, Mapping((knob,)))

    def messages(self, data: int) -> list[mido.Message]:
        """As the controller sends a whole value; the parameter's number first, where it has one."""
        return messages_for(self.source, ControllerInput(self.source, data).position, self.order)

    def hear(self, *messages: mido.Message, time: float = 0.0) -> None:
        for message in messages:
            self.control.receive("box", message, time)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> float:
    """A moment that doesn't pass, so that samples are exact."""
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    return 100.0


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_all_16384_values_are_distinct_at_the_hub_and_in_the_models_float32(
    source: str, order: Order, still: float
) -> None:
    desk = Desk(source, order)
    for data in range(ALL):
        desk.line.sample = data
        desk.hear(*desk.messages(data), time=still)
    at_hub = [change.value for change in desk.told]
    assert len(at_hub) == len(set(at_hub)) == ALL
    assert at_hub == sorted(at_hub)
    assert (at_hub[0], at_hub[ALL // 2], at_hub[-1]) == (-1.0, 0.0, 1.0)
    heard = desk.line.played(ALL)
    assert heard.dtype == np.float32
    assert len(np.unique(heard)) == ALL
    assert np.array_equal(heard, np.array(at_hub, dtype=np.float32))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_value_counts_from_the_message_that_completes_it(source: str, order: Order, still: float) -> None:
    desk = Desk(source, order)
    desk.line.sample = RATE
    *before, last = desk.messages(5000)
    for place, message in enumerate(before):
        desk.hear(message, time=still - 0.015 + 0.001 * place)
    assert not desk.told
    desk.hear(last, time=still - 0.01)
    (event,) = desk.line.queue.due(0, 2 * RATE)
    assert event.sample == RATE - round(0.01 * RATE)
    assert event.value == ControllerInput(desk.source, 5000).position * 2 - 1


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_half_a_value_changes_nothing_or_after_the_wait_its_coarse_half_alone(
    source: str, order: Order, still: float
) -> None:
    desk = Desk(source, order)
    desk.hear(*desk.messages(8192 + 100), time=still - 1.0)
    whole, (coarse, fine) = desk.parameters.values["guitar"], _halves(desk.messages(70 * 128 + 5))
    assert whole != 0.0
    desk.hear(fine, time=still - 0.9)
    desk.control.tick(still - 0.5)
    assert desk.parameters.values["guitar"] == whole
    desk.hear(coarse, time=still - 0.5)  # its own fine half was lost, and the other one isn't its
    desk.control.tick(still - 0.5 + 0.9 * WAIT_S)
    assert desk.parameters.values["guitar"] == whole
    desk.control.tick(still - 0.5 + 1.01 * WAIT_S)
    assert desk.parameters.values["guitar"] == ControllerInput(desk.source, 70 * 128).position * 2 - 1


def test_a_fine_half_that_comes_while_a_coarse_one_waits_is_the_next_values(still: float) -> None:
    desk = Desk("cc14 1", "lsb-first")
    coarse, fine = _halves(desk.messages(70 * 128 + 5))
    desk.hear(coarse, time=still)
    desk.hear(fine, time=still + 0.9 * WAIT_S)
    desk.control.tick(still + 1.01 * WAIT_S)
    assert desk.parameters.values["guitar"] == ControllerInput(desk.source, 70 * 128).position * 2 - 1
    desk.hear(coarse, time=still + 1.1 * WAIT_S)
    assert desk.parameters.values["guitar"] == ControllerInput(desk.source, 70 * 128 + 5).position * 2 - 1


def _halves(messages: list[mido.Message]) -> tuple[mido.Message, mido.Message]:
    """The coarse and the fine one."""
    coarse, fine = sorted(messages[-2:], key=lambda message: message.control)
    return coarse, fine
