"""The performance: instruments come and go, parameters move, and everything is a pure function of what entered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from realtime.engine.channel_strip import SMOOTHING_S
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_file import load
from realtime.engine.instrument_player import Player
from realtime.engine.parameters import BYPASS, INPUT_GAIN, MUTE, OUTPUT_GAIN, RESET, WET
from realtime.engine.performance import FADE_S, WARM_IN_S, Performance
from tests.helpers.models.small_instrument import DELAY, RAISES_ABOVE, SAMPLE_RATE, save_small_instrument

BLOCK = 512
SMOOTHING = round(SMOOTHING_S * SAMPLE_RATE)


def player(path: Path, seed: int = 0) -> Player:
    made = Player(load(path), seed, noise=0)
    made.prepare(BLOCK)
    return made


def performance(path: Path, ceiling_db: float | None = None) -> Performance:
    source = player(path)
    made = Performance(source.instrument.description, source, BLOCK, ceiling_db)
    made.prepare()
    return made


def sound(blocks: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (1, blocks * BLOCK)).astype(np.float32)


def play(made: Performance, audio: np.ndarray) -> np.ndarray:
    played = []
    for start in range(0, audio.shape[1], BLOCK):
        made.submit(audio[:, start : start + BLOCK])
        while (block := made.collect()) is not None:
            played.append(block.audio)
    return np.concatenate(played, axis=1)


def later(audio: np.ndarray) -> np.ndarray:
    """The dry path: the input, the instrument's delay later."""
    return np.pad(audio, [(0, 0), (DELAY, 0)])[:, : audio.shape[1]]


@pytest.mark.parametrize("parameter", [BYPASS.slug, WET.slug])
def test_bypass_and_all_dry_are_the_delayed_input_bit_for_bit_after_their_ramp(
    small: Path, parameter: str
) -> None:
    made = performance(small)
    made.schedule([ControlEvent(700, parameter, 1.0 if parameter == BYPASS.slug else 0.0)])
    audio = sound(8)
    np.testing.assert_array_equal(play(made, audio)[:, 700 + SMOOTHING :], later(audio)[:, 700 + SMOOTHING :])


def test_a_bypass_that_is_off_again_leaves_the_wet_bits(small: Path) -> None:
    made, plain, audio = performance(small), performance(small), sound(12)
    made.schedule([ControlEvent(100, BYPASS.slug, 1.0), ControlEvent(2000, BYPASS.slug, 0.0)])
    played, wet = play(made, audio), play(plain, audio)
    np.testing.assert_array_equal(played[:, :100], wet[:, :100])
    assert (played[:, 100 + SMOOTHING : 2000] != wet[:, 100 + SMOOTHING : 2000]).any()
    np.testing.assert_array_equal(played[:, 2000 + SMOOTHING :], wet[:, 2000 + SMOOTHING :])


def test_mute_is_exact_silence_after_its_ramp(small: Path) -> None:
    made = performance(small)
    made.schedule([ControlEvent(300, MUTE.slug, 1.0)])
    played = play(made, sound(6))
    assert played[:, :300].any()
    assert not played[:, 300 + SMOOTHING :].any()


@pytest.mark.parametrize(("parameter", "factor"), [(INPUT_GAIN, 2.0), (OUTPUT_GAIN, 2.0)])
def test_gains_are_in_decibels(small: Path, parameter: object, factor: float) -> None:
    made, plain, audio = performance(small), performance(small), sound(6)
    made.schedule([ControlEvent(0, parameter.slug, 20 * np.log10(factor))])
    rest = slice(SMOOTHING + DELAY + 3, None)
    np.testing.assert_allclose(play(made, audio)[:, rest], factor * play(plain, audio)[:, rest], rtol=1e-5)


def test_another_instrument_comes_in_without_a_step_and_then_plays_alone(small: Path) -> None:
    made, plain, audio = performance(small), performance(small), sound(150)
    made.schedule([ControlEvent(40, "guitar", 1.0), ControlEvent(120 * BLOCK, "guitar", -1.0)])
    plain.schedule([ControlEvent(40, "guitar", 1.0), ControlEvent(120 * BLOCK, "guitar", -1.0)])
    before = play(made, audio[:, : 10 * BLOCK])
    new = player(small, seed=1)
    assert made.swap(new.instrument.description, new) == 10 * BLOCK
    played = np.concatenate([before, play(made, audio[:, 10 * BLOCK :])], axis=1)
    fade_at = made.fade_at
    assert fade_at is not None
    assert fade_at - 10 * BLOCK >= WARM_IN_S * SAMPLE_RATE
    assert not made.swapping
    assert made.source is new
    assert len(made.retired()) == 1
    # The same instrument with the same memory: through the fade too, and with the knob where it was.
    np.testing.assert_allclose(played, play(plain, audio), atol=1e-6)


def test_while_one_instrument_comes_in_a_second_is_refused(small: Path) -> None:
    made = performance(small)
    new = player(small)
    made.swap(new.instrument.description, new)
    with pytest.raises(DrawstopError, match="on its way in"):
        made.swap(new.instrument.description, new)


@pytest.mark.parametrize(
    ("field", "value", "says"), [("sample_rate", 48000, "48000 Hz"), ("ratio", 1024, "1024")]
)
def test_an_instrument_that_does_not_fit_is_refused_and_the_playing_goes_on(
    small: Path, field: str, value: int, says: str
) -> None:
    made, new = performance(small), player(small)
    with pytest.raises(DrawstopError, match=says):
        made.swap(replace(new.instrument.description, **{field: value}), new)
    assert play(made, sound(3)).any()


def test_a_stereo_instrument_joins_a_mono_performance(small: Path, tmp_path: Path) -> None:
    made = performance(small)
    stereo = player(save_small_instrument(tmp_path / "stereo.ts", channels=2))
    made.swap(stereo.instrument.description, stereo, fade_at=2 * BLOCK)
    played = play(made, sound(20))
    assert played.shape[0] == 1
    np.testing.assert_allclose(
        played[:, 12 * BLOCK :], play(performance(small), sound(20))[:, 12 * BLOCK :], atol=1e-6
    )


def test_a_dead_instrument_gives_the_dry_sound_until_another_has_come(small: Path) -> None:
    made, audio = performance(small), sound(130)
    first = play(made, audio[:, : 4 * BLOCK])
    made.fail(made.source)
    dry = play(made, audio[:, 4 * BLOCK : 6 * BLOCK])
    np.testing.assert_array_equal(dry, later(audio)[:, 4 * BLOCK : 6 * BLOCK])
    new = player(small)
    made.swap(new.instrument.description, new)
    rest = play(made, audio[:, 6 * BLOCK :])
    fade_end = made.fade_at + round(FADE_S * SAMPLE_RATE)
    wet = play(performance(small), audio)
    played = np.concatenate([first, dry, rest], axis=1)
    np.testing.assert_array_equal(played[:, fade_end:], wet[:, fade_end:])


def test_a_skipped_block_is_reported_and_the_rest_plays_on(small: Path) -> None:
    made = performance(small)
    flags = []
    for index in range(5):
        made.submit(sound(1, seed=index), skip=[made.source] if index == 2 else [])
        played = made.collect()
        flags.append((played.skipped, played.died))
        assert made.skipped == ([made.source] if index == 2 else [])
    assert flags == [(index == 2, False) for index in range(5)]


def test_a_new_instrument_that_missed_a_block_fades_in_a_second_after_it(small: Path) -> None:
    made, new = performance(small), player(small)
    made.swap(new.instrument.description, new)
    hole, second = 30, -(-SAMPLE_RATE // BLOCK)
    for index in range(hole + second + 2):
        made.submit(sound(1, seed=index), skip=[new] if index == hole else [])
        played = made.collect()
        assert not played.skipped  # it didn't sound
    assert made.fade_at == (hole + 1 + second) * BLOCK


def test_a_reset_event_clears_the_instruments_memory_at_its_block(small: Path) -> None:
    made = performance(small)
    audio = np.zeros((1, 4 * BLOCK), dtype=np.float32)
    audio[0, 2 * BLOCK - 10] = 0.5  # its echo would come in the third block
    made.schedule([ControlEvent(2 * BLOCK, RESET.slug, 1.0)])
    assert not play(made, audio)[:, 2 * BLOCK :].any()
    assert play(performance(small), audio)[:, 2 * BLOCK :].any()


def test_an_unknown_target_is_refused(small: Path) -> None:
    with pytest.raises(DrawstopError, match="oboe"):
        performance(small).schedule([ControlEvent(0, "oboe", 0.0)])


def test_an_instrument_that_raises_is_silent_for_one_block_and_counted(small: Path) -> None:
    made, audio = performance(small), sound(4)
    audio[0, BLOCK + 5] = 2 * RAISES_ABOVE
    blocks = play(made, audio).reshape(-1, BLOCK)
    assert made.source.failed_blocks == 1
    assert [bool(block.any()) for block in blocks] == [True, False, True, True]
