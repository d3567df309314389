"""The parameter store: each movement is scheduled once, and every listener is notified."""

import threading
from collections.abc import Sequence

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.engine.control_event import ControlEvent
from realtime.engine.parameters import WET
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.models.small_instrument import STOPS

RATE = 44100


@pytest.fixture
def sound() -> EventRecorder:
    return EventRecorder(RATE, sample=1000)


@pytest.fixture
def clock() -> MadeUpClock:
    return MadeUpClock(100.0)


@pytest.fixture
def parameters(sound: EventRecorder, clock: MadeUpClock) -> ParameterStore:
    return ParameterStore(sound, [*STOPS, WET], clock)


class InterruptedEngine(EventRecorder):
    """An engine at whose clock the thread is interrupted some times, before or after the reading."""

    def __init__(self, clock: MadeUpClock, before: Sequence[float], after: Sequence[float]) -> None:
        super().__init__(RATE)
        self._clock, self._before, self._after = clock, [*before], [*after]

    def now(self) -> int:
        self._clock.advance(self._before.pop(0) if self._before else 0.0)
        sample = round(self._clock() * RATE)
        self._clock.advance(self._after.pop(0) if self._after else 0.0)
        return sample


def test_a_movement_reaches_the_sound_now_and_the_listeners_with_its_origin(
    parameters: ParameterStore, sound: EventRecorder
) -> None:
    notified: list[Sequence[ParameterChange]] = []
    end = parameters.subscribe(notified.append)
    knob = object()
    parameters.move({"guitar": -0.5, "engine.wet": 0.25}, "cc 20", origin=knob)
    assert sound.events == [
        ControlEvent(1000, "guitar", -0.5, "cc 20"),
        ControlEvent(1000, "engine.wet", 0.25, "cc 20"),
    ]
    assert [(each.slug, each.value, each.origin) for each in notified[0]] == [
        ("guitar", -0.5, knob),
        ("engine.wet", 0.25, knob),
    ]
    assert parameters.values == {"guitar": -0.5, "voice": 0.0, "engine.wet": 0.25}
    end()
    parameters.move({"voice": 1.0}, "cc 21")
    assert len(notified) == 1


def test_a_movement_in_the_future_has_its_sample_and_its_ramp(
    parameters: ParameterStore, sound: EventRecorder
) -> None:
    parameters.move({"voice": 1.0}, "scene", at=102.0, seconds=0.5)
    event = sound.events[0]
    assert event.sample == 1000 + 2 * RATE
    assert event.ramp_samples == RATE // 2


@pytest.mark.parametrize(
    ("before", "after"),
    [((), ()), ((0.005,), ()), ((), (0.005,)), ((0.0, 0.005), (0.005,)), ((0.01, 0.02), (0.03, 0.04))],
)
def test_a_movement_in_the_future_has_its_sample_though_the_thread_is_interrupted(
    clock: MadeUpClock, before: Sequence[float], after: Sequence[float]
) -> None:
    engine = InterruptedEngine(clock, before, after)
    ParameterStore(engine, STOPS, clock).move({"voice": 1.0}, "scene", at=102.0)
    assert engine.events[0].sample == 102 * RATE


def test_of_a_thread_that_is_always_interrupted_the_shortest_interruption_counts(clock: MadeUpClock) -> None:
    engine = InterruptedEngine(clock, (), [0.008, 0.002] * 50)
    ParameterStore(engine, STOPS, clock).move({"voice": 1.0}, "scene", at=102.0)
    assert abs(engine.events[0].sample - 102 * RATE) == pytest.approx(0.001 * RATE, abs=1)


def test_of_two_movements_the_second_is_never_the_earlier_one_though_the_clock_trembles(
    parameters: ParameterStore, sound: EventRecorder, clock: MadeUpClock
) -> None:
    parameters.move({"guitar": 0.1}, "cc")
    sound.sample -= 90
    parameters.move({"guitar": 0.2}, "cc")
    parameters.move({"guitar": 1.0}, "bundle", at=clock() + 1.0)
    sound.sample += 200
    parameters.move({"guitar": 0.3}, "cc")
    assert [event.sample for event in sound.events if event.source == "cc"] == [1000, 1000, 1110]
    sound.sample = 5 - RATE
    parameters.move({"guitar": 0.4}, "cc")
    assert sound.events[-1].sample == 5 - RATE  # a clock that began anew


def test_a_movement_while_the_sound_stood_still_holds_no_later_one_back(
    parameters: ParameterStore, sound: EventRecorder, clock: MadeUpClock
) -> None:
    """The engine's clock goes on in a standstill; then what was missed is left out, and the clock goes back by as much."""
    standstill, moved_after, next_after = 1.4, 0.3, 1.41
    sound.sample += round(moved_after * RATE)
    clock.advance(moved_after)
    parameters.move({"guitar": 0.1}, "cc")
    clock.advance(next_after - moved_after)
    sound.sample = 1000 + round((next_after - standstill) * RATE)
    parameters.move({"guitar": 0.2}, "cc")
    assert sound.events[-1].sample == sound.sample


def test_values_beyond_the_range_end_at_it_and_no_numbers_are_refused(
    parameters: ParameterStore, sound: EventRecorder
) -> None:
    parameters.move({"guitar": 7.0}, "osc")
    assert sound.events[-1].value == 1.0
    with pytest.raises(DrawstopError, match="got nan"):
        parameters.move({"voice": 1.0, "guitar": float("nan")}, "osc")
    with pytest.raises(DrawstopError, match="nothing here is called 'oboe'; there are: guitar, voice"):
        parameters.move({"voice": 1.0, "oboe": 0.0}, "osc")
    assert len(sound.events) == 1


def test_another_instruments_stops_keep_the_values_of_the_same_name(parameters: ParameterStore) -> None:
    parameters.move({"guitar": 0.5, "voice": 0.25}, "cc")
    parameters.set_targets(STOPS[:1])
    assert parameters.values == {"guitar": 0.5}
    parameters.set_targets(STOPS)
    assert parameters.values == {"guitar": 0.5, "voice": 0.0}


def test_many_threads_may_move_at_once(parameters: ParameterStore, sound: EventRecorder) -> None:
    def turn(slug: str) -> None:
        for step in range(500):
            parameters.move({slug: step / 500}, slug)

    threads = [threading.Thread(target=turn, args=(slug,)) for slug in ("guitar", "voice")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sound.events) == 1000
    assert parameters.values["guitar"] == parameters.values["voice"] == 499 / 500
