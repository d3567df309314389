"""Events to signals: exact to the sample, however time is cut into blocks."""

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from realtime.engine.control_event import ControlEvent, EventQueue
from realtime.engine.control_signals import KnobSignals, check_event
from tests.helpers.models.small_instrument import STOPS

SLUGS = tuple(stop.slug for stop in STOPS)


class Knobs:
    """A queue and its signals, as a performance uses them."""

    def __init__(self) -> None:
        self.queue, self.signals = EventQueue(), KnobSignals(STOPS)

    def block(self, start: int, length: int) -> np.ndarray:
        out = np.full((len(STOPS), length), np.nan, dtype=np.float32)
        self.signals.fill(self.queue.due(start, start + length), start, out)
        return out


def test_an_event_changes_its_signal_from_exactly_its_sample_on_and_no_other() -> None:
    knobs = Knobs()
    knobs.queue.schedule([ControlEvent(5, "voice", 0.5, "test")])
    block = knobs.block(0, 10)
    assert block[1].tolist() == [0.0] * 5 + [0.5] * 5
    assert block[0].tolist() == [0.0] * 10


@pytest.mark.parametrize("length", [1, 3, 10, 64])
def test_knob_signals_are_the_same_however_time_is_cut_into_blocks(length: int) -> None:
    generator = np.random.default_rng(length)
    events = [
        ControlEvent(int(generator.integers(640)), SLUGS[int(generator.integers(2))], float(value), "test")
        for value in generator.uniform(-1, 1, 200)
    ]
    expected = np.zeros((2, 640), dtype=np.float32)
    for event in sorted(events, key=lambda event: event.sample):
        expected[SLUGS.index(event.slug), event.sample :] = event.value
    knobs = Knobs()
    knobs.queue.schedule(events)
    pieces = [knobs.block(start, length) for start in range(0, 640, length)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1)[:, :640], expected)


def test_a_late_event_applies_at_the_next_sample() -> None:
    knobs = Knobs()
    knobs.block(0, 10)
    knobs.queue.schedule([ControlEvent(3, "guitar", 0.25, "test")])
    assert knobs.block(10, 4)[0].tolist() == [0.25] * 4


def test_of_late_events_the_last_one_for_each_target_counts() -> None:
    queue = EventQueue()
    queue.schedule([ControlEvent(i % 50, SLUGS[i % 2], i / 1000, "storm") for i in range(1000)])
    queue.schedule([ControlEvent(120, "guitar", 0.5, "knob")])
    queue.take_in(100)
    due = queue.due(100, 200)
    assert [(event.sample, event.value) for event in due] == [(100, 0.998), (100, 0.999), (120, 0.5)]
    assert queue.due(200, 300) == []


def test_a_glide_is_a_straight_line_whose_last_sample_is_the_value() -> None:
    knobs = Knobs()
    knobs.queue.schedule([ControlEvent(2, "guitar", 1.0, ramp_samples=4)])
    assert knobs.block(0, 8)[0].tolist() == [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_a_glide_that_is_interrupted_goes_on_from_where_it_is() -> None:
    knobs = Knobs()
    knobs.queue.schedule(
        [ControlEvent(0, "guitar", 1.0, ramp_samples=8), ControlEvent(4, "guitar", 0.0, ramp_samples=2)]
    )
    line = knobs.block(0, 8)[0].tolist()
    assert line == [0.125, 0.25, 0.375, 0.5, 0.25, 0.0, 0.0, 0.0]
    assert knobs.signals.values["guitar"] == 0.0


@pytest.mark.parametrize("length", [1, 3, 10, 64])
def test_glides_are_the_same_however_time_is_cut_into_blocks(length: int) -> None:
    random = np.random.default_rng(length)
    events = [
        ControlEvent(int(random.integers(600)), SLUGS[int(random.integers(2))], float(value), "test", int(ramp))
        for value, ramp in zip(random.uniform(-1, 1, 60), random.integers(0, 100, 60), strict=True)
    ]  # fmt: skip
    whole, cut = Knobs(), Knobs()
    for knobs in (whole, cut):
        knobs.queue.schedule(events)
    pieces = [cut.block(start, length) for start in range(0, 640, length)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1)[:, :640], whole.block(0, 640))


def test_a_late_glide_still_ends_in_time() -> None:
    knobs = Knobs()
    knobs.block(0, 10)
    knobs.queue.schedule([ControlEvent(4, "guitar", 1.0, ramp_samples=10)])
    assert knobs.block(10, 6)[0].tolist() == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_other_signals_take_over_a_glide_in_its_middle() -> None:
    knobs, others = Knobs(), Knobs()
    knobs.queue.schedule([ControlEvent(0, "guitar", 1.0, ramp_samples=8)])
    knobs.block(0, 4)
    others.signals.take_over(knobs.signals)
    np.testing.assert_array_equal(others.block(4, 8), knobs.block(4, 8))


@pytest.mark.parametrize(("slug", "value"), [("oboe", 0.0), ("voice", 1.5), ("voice", float("nan"))])
def test_a_wrong_event_is_refused_with_the_stops_name(slug: str, value: float) -> None:
    targets = {stop.slug: stop for stop in STOPS}
    check_event(ControlEvent(0, "guitar", 1.0, "test"), targets)
    with pytest.raises(DrawstopError, match=slug):
        check_event(ControlEvent(0, slug, value, "test"), targets)


def test_a_glide_backwards_in_time_is_refused() -> None:
    with pytest.raises(DrawstopError, match="0 samples or more"):
        check_event(ControlEvent(0, "guitar", 1.0, ramp_samples=-1), {stop.slug: stop for stop in STOPS})
