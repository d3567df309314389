"""A knob of 14 bits, from its messages to the signal that the model is given."""

import functools
from collections.abc import Iterable

import mido
import numpy as np
import pytest

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.mapping.positions import response_of
from realtime.controllers.midi.decoder import WAIT_S, MidiDecoder
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
STILL_S = 100.0


class Playback:
    """The way from the parameter store to the model: the queue, and the signals that each block is played with."""

    sample_rate = RATE

    def __init__(self) -> None:
        self.sample, self.queue, self.signals = 0, EventQueue(), KnobSignals([STOP])

    def now(self) -> int:
        return self.sample

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        self.queue.schedule(events)

    def play(self, samples: int) -> np.ndarray:
        blocks = np.full((-(-samples // BLOCK), 1, BLOCK), np.nan, dtype=np.float32)
        for number, block in enumerate(blocks):
            start = number * BLOCK
            self.signals.fill(self.queue.due(start, start + BLOCK), start, block)
        return blocks.reshape(-1)[:samples]


class MappedKnob:
    """A mapped knob, from its messages on."""

    def __init__(self, source: str, order: Order) -> None:
        self.source, self.order = parse_source(source, 1), order
        self.playback, self.changes = Playback(), list[ParameterChange]()
        self.parameters = ParameterStore(self.playback, [STOP], clock=lambda: STILL_S)
        self.parameters.subscribe(self.changes.extend)
        self.knob = Knob(self.source, "guitar", takeover="jump", smoothing_s=0.0, order=order)
        self.midi = MidiInput(self.parameters, Mapping((self.knob,)))

    def messages(self, data: int) -> list[mido.Message]:
        """The messages that the controller sends for a whole value; the parameter's number first, if it has one."""
        return messages_for(self.source, ControllerInput(self.source, data).position, self.order)

    def receive(self, *messages: mido.Message, time: float = 0.0) -> None:
        for message in messages:
            self.midi.receive("box", message, time)


@pytest.fixture
def still() -> float:
    """A moment that doesn't pass, so that samples are exact."""
    return STILL_S


@functools.cache
def half(control: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=control, value=value)


def all_messages(knob: MappedKnob) -> list[mido.Message]:
    """The messages of all 16,384 values in order; the parameter's number, if it has one, before the first."""
    *selection, first, second = knob.messages(0)
    coarse_first = knob.order == "msb-first"
    coarse, fine = (first, second) if coarse_first else (second, first)
    messages = selection
    for data in range(ALL):
        both = (half(coarse.control, data >> 7), half(fine.control, data & 127))
        messages += both if coarse_first else both[::-1]
    return messages


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_all_16384_values_are_distinct_at_the_store_and_in_the_models_float32(
    source: str, order: Order, still: float
) -> None:
    knob = MappedKnob(source, order)
    decoder = MidiDecoder("box", {parse_source(source): order})
    decoded = [each for message in all_messages(knob) for each in decoder.decode(message)]
    inputs = [each for each in decoded if each.source.kind == knob.source.kind]
    assert [each.data for each in inputs] == list(range(ALL))
    response = response_of(knob.knob, STOP)
    values = [response(each.position) for each in inputs]
    assert len(values) == len(set(values)) == ALL
    assert values == sorted(values)
    assert (values[0], values[ALL // 2], values[-1]) == (-1.0, 0.0, 1.0)
    assert len(np.unique(np.array(values, dtype=np.float32))) == ALL

    some = sorted({*range(0, ALL, 61), ALL // 2 - 1, ALL // 2, ALL // 2 + 1, ALL - 2, ALL - 1})
    for sample, data in enumerate(some):
        knob.playback.sample = sample
        knob.receive(*knob.messages(data), time=still)
    at_store = [change.value for change in knob.changes]
    assert at_store == [values[data] for data in some]
    played = knob.playback.play(len(some))
    assert played.dtype == np.float32
    assert np.array_equal(played, np.array(at_store, dtype=np.float32))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_value_counts_from_the_message_that_completes_it(source: str, order: Order, still: float) -> None:
    knob = MappedKnob(source, order)
    knob.playback.sample = RATE
    *before, last = knob.messages(5000)
    for index, message in enumerate(before):
        knob.receive(message, time=still - 0.015 + 0.001 * index)
    assert not knob.changes
    knob.receive(last, time=still - 0.01)
    (event,) = knob.playback.queue.due(0, 2 * RATE)
    assert event.sample == RATE - round(0.01 * RATE)
    assert event.value == ControllerInput(knob.source, 5000).position * 2 - 1


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("source", SOURCES)
def test_half_a_value_changes_nothing_or_after_the_wait_its_coarse_half_alone(
    source: str, order: Order, still: float
) -> None:
    knob = MappedKnob(source, order)
    knob.receive(*knob.messages(8192 + 100), time=still - 1.0)
    whole, (coarse, fine) = knob.parameters.values["guitar"], _halves(knob.messages(70 * 128 + 5))
    assert whole != 0.0
    knob.receive(fine, time=still - 0.9)
    knob.midi.tick(still - 0.5)
    assert knob.parameters.values["guitar"] == whole
    knob.receive(coarse, time=still - 0.5)  # its own fine half was lost, and the other one isn't its
    knob.midi.tick(still - 0.5 + 0.9 * WAIT_S)
    assert knob.parameters.values["guitar"] == whole
    knob.midi.tick(still - 0.5 + 1.01 * WAIT_S)
    assert knob.parameters.values["guitar"] == ControllerInput(knob.source, 70 * 128).position * 2 - 1


def test_a_fine_half_that_comes_while_a_coarse_one_waits_is_the_next_values(still: float) -> None:
    knob = MappedKnob("cc14 1", "lsb-first")
    coarse, fine = _halves(knob.messages(70 * 128 + 5))
    knob.receive(coarse, time=still)
    knob.receive(fine, time=still + 0.9 * WAIT_S)
    knob.midi.tick(still + 1.01 * WAIT_S)
    assert knob.parameters.values["guitar"] == ControllerInput(knob.source, 70 * 128).position * 2 - 1
    knob.receive(coarse, time=still + 1.1 * WAIT_S)
    assert knob.parameters.values["guitar"] == ControllerInput(knob.source, 70 * 128 + 5).position * 2 - 1


def _halves(messages: list[mido.Message]) -> tuple[mido.Message, mido.Message]:
    """The coarse and the fine one."""
    coarse, fine = sorted(messages[-2:], key=lambda message: message.control)
    return coarse, fine
