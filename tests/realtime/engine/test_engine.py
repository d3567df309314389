from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.errors import DrawstopError
from realtime.engine.control_event import ControlEvent
from realtime.engine.engine import Engine
from realtime.engine.instrument_file import LoadedInstrument, load
from realtime.engine.render import engine_for
from tests.helpers.models.small_instrument import POISONED_ABOVE, RAISES_ABOVE

INNER = 512
LENGTH = 8 * INNER
EVENTS = [
    ControlEvent(100, "guitar", 0.9, "test"), ControlEvent(INNER, "voice", -1.0, "test"),
    ControlEvent(3 * INNER - 1, "guitar", -0.3, "test"), ControlEvent(5 * INNER + 77, "voice", 0.6, "test"),
]  # fmt: skip


@pytest.fixture
def instrument(small: Path) -> LoadedInstrument:
    return load(small)


def audio(length: int = LENGTH, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (1, length)).astype(np.float32)


def cut(signal: np.ndarray, sizes: Iterator[int]) -> Iterator[np.ndarray]:
    start = 0
    while start < signal.shape[1]:
        size = next(sizes)
        yield signal[:, start : start + size]
        start += size


def play(engine: Engine, signal: np.ndarray, sizes: Iterator[int] | None = None) -> np.ndarray:
    blocks = cut(signal, sizes) if sizes else [signal]
    return np.concatenate([engine.process(block) for block in blocks], axis=1)


def direct(path: Path, signal: np.ndarray, events: list[ControlEvent] = EVENTS, seed: int = 0) -> np.ndarray:
    """The same file without the engine: whole inner blocks, knob signals written out by hand."""
    knobs = np.zeros((2, signal.shape[1]), dtype=np.float32)
    for event in sorted(events):
        knobs[["guitar", "voice"].index(event.slug), event.sample :] = event.value
    x = torch.from_numpy(np.concatenate([signal, knobs]))[None]
    module = load(path).module
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.cat([module.play(block) for block in x.split(INNER, dim=2)], dim=2)[0].numpy()


def random_sizes(seed: int) -> Iterator[int]:
    generator = np.random.default_rng(seed)
    while True:
        yield int(generator.choice([0, 1, 2, 63, 64, 65, INNER - 1, INNER, INNER + 1, 2048, 4096]))


@pytest.mark.parametrize(
    "sizes", [*([size] for size in (1, 7, 64, 512, 2048, 4096)), "random 0", "random 1", "random 2"], ids=str
)
def test_output_is_the_direct_call_lagged_by_the_reported_delay_for_any_block_sizes(
    instrument: LoadedInstrument, small: Path, sizes: list[int] | str
) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare()
    engine.performance.schedule(EVENTS)
    source = random_sizes(int(sizes[-1])) if isinstance(sizes, str) else cycle(sizes)
    output = play(engine, audio(), source)
    delay = engine.engine_delay_samples
    assert delay == INNER - 1
    assert not output[:, :delay].any()
    np.testing.assert_array_equal(output[:, delay:], direct(small, audio())[:, :-delay])


@pytest.mark.parametrize(
    ("host_block", "delay"),
    [(64, INNER - 64), (96, INNER - 32), (7, INNER - 1), (INNER, 0), (3 * INNER, 0), (1, 511)],
)
def test_a_fixed_host_block_gives_the_shortest_delay_and_the_same_bits(
    instrument: LoadedInstrument, small: Path, host_block: int, delay: int
) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare(host_block)
    engine.performance.schedule(EVENTS)
    signal = audio(LENGTH - LENGTH % host_block)
    output = play(engine, signal, cycle([host_block]))
    expected = direct(small, audio())[:, : signal.shape[1] - delay]
    assert engine.engine_delay_samples == delay
    assert engine.latency_samples == delay + instrument.description.delay_samples
    assert engine.unexpected_blocks == 0
    np.testing.assert_array_equal(output[:, delay:], expected)


def test_a_host_that_breaks_its_fixed_block_gets_a_longer_delay_and_loses_no_sample(
    instrument: LoadedInstrument, small: Path
) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    engine.performance.schedule(EVENTS)
    output = play(engine, audio(), cycle([INNER, 100]))
    delay = engine.engine_delay_samples
    expected = direct(small, audio())
    assert engine.unexpected_blocks == 1
    assert delay == INNER - 1
    np.testing.assert_array_equal(output[:, :INNER], expected[:, :INNER])
    assert not output[:, INNER : INNER + delay].any()
    np.testing.assert_array_equal(output[:, INNER + delay :], expected[:, INNER : LENGTH - delay])


def test_an_event_scheduled_while_its_sample_still_waits_is_exact(
    instrument: LoadedInstrument, small: Path
) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare()
    event = ControlEvent(INNER + 50, "guitar", 1.0, "test")
    first = engine.process(audio()[:, : INNER + 100])
    engine.performance.schedule([event])
    output = np.concatenate([first, engine.process(audio()[:, INNER + 100 :])], axis=1)
    np.testing.assert_array_equal(output[:, INNER - 1 :], direct(small, audio(), [event])[:, : 1 - INNER])


def test_a_late_event_is_not_lost_but_applies_at_the_next_sample_played(
    instrument: LoadedInstrument, small: Path
) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    first = engine.process(audio()[:, :INNER])
    engine.performance.schedule([ControlEvent(3, "guitar", 1.0, "test")])
    output = np.concatenate([first, engine.process(audio()[:, INNER:])], axis=1)
    expected = direct(small, audio(), [ControlEvent(INNER, "guitar", 1.0, "test")])
    np.testing.assert_array_equal(output, expected)


def test_reset_gives_the_same_bits_as_a_fresh_load(instrument: LoadedInstrument, small: Path) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare()
    engine.performance.schedule(EVENTS)
    engine.process(audio(1000, seed=5))
    engine.reset()
    again = play(engine, audio())
    fresh = engine_for(load(small), INNER)
    fresh.prepare()
    np.testing.assert_array_equal(again, play(fresh, audio()))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(small: Path) -> None:
    outputs = []
    for seed in (3, 3, 4):
        engine = engine_for(load(small), INNER, seed)
        engine.prepare()
        outputs.append(play(engine, audio()))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0] != outputs[2]).any()


def test_the_engine_and_the_rest_of_the_program_do_not_disturb_each_others_random_numbers(
    small: Path,
) -> None:
    engine = engine_for(load(small), INNER)
    engine.prepare()
    torch.manual_seed(11)
    outputs, numbers = [], []
    for block in cut(audio(), cycle([INNER])):
        outputs.append(engine.process(block))
        numbers.append(torch.rand(3))
    torch.manual_seed(11)
    assert torch.equal(torch.stack(numbers), torch.stack([torch.rand(3) for _ in numbers]))
    delay = engine.engine_delay_samples
    np.testing.assert_array_equal(
        np.concatenate(outputs, axis=1)[:, delay:], direct(small, audio(), [])[:, :-delay]
    )


def test_non_finite_input_is_counted_and_plays_as_zero(instrument: LoadedInstrument, small: Path) -> None:
    broken, clean = audio(), audio()
    where = [0, 5, INNER, 3000]
    broken[0, where] = [np.nan, np.inf, -np.inf, np.nan]
    clean[0, where] = 0.0
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    output = play(engine, broken, cycle([INNER]))
    assert engine.replaced_inputs == len(where)
    np.testing.assert_array_equal(output, direct(small, clean, []))


def test_doubles_too_large_for_single_precision_are_counted_as_infinite(instrument: LoadedInstrument) -> None:
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    assert np.isfinite(engine.process(np.full((1, INNER), 1e300))).all()
    assert engine.replaced_inputs == INNER


def test_an_instrument_that_raises_plays_one_silent_block_and_goes_on(instrument: LoadedInstrument) -> None:
    signal = audio()
    signal[0, 2 * INNER + 9] = 2 * RAISES_ABOVE
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    output = play(engine, signal, cycle([INNER])).reshape(-1, INNER)
    assert engine.performance.source.failed_blocks == 1
    assert [bool(block.any()) for block in output] == [True, True, False] + [True] * 5


def test_an_instrument_whose_cache_went_nan_is_reset_so_that_it_plays_again(
    instrument: LoadedInstrument,
) -> None:
    signal = audio()
    signal[0, INNER + 9] = 1.5 * POISONED_ABOVE
    engine = engine_for(instrument, INNER)
    engine.prepare(INNER)
    output = play(engine, signal, cycle([INNER]))
    assert np.isfinite(output).all()
    assert engine.performance.source.replaced_outputs == INNER
    assert output[:, 3 * INNER :].std() > 0.1


def test_wrong_shapes_blocks_and_order_of_calls_are_refused(instrument: LoadedInstrument) -> None:
    with pytest.raises(DrawstopError, match="multiple of 64"):
        engine_for(instrument, 100)
    engine = engine_for(instrument, INNER)
    with pytest.raises(DrawstopError, match="prepare"):
        engine.process(audio())
    with pytest.raises(DrawstopError, match="host block"):
        engine.prepare(0)
    engine.prepare()
    with pytest.raises(DrawstopError, match=r"\[1, n\], got \[2, 10\]"):
        engine.process(np.zeros((2, 10), dtype=np.float32))
