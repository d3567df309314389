"""Variations of recordings: seeded, bounded, and each part does what it says."""

import numpy as np
import pytest

from training.data.augmentation import Augmentation, augment

RATE = 44100
NOTHING = Augmentation(pitch_share=0.0, equaliser_share=0.0, reverb_share=0.0)


def tone(hertz: float = 440.0, seconds: float = 0.5) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def varied(audio: np.ndarray, how: Augmentation, seed: int = 0) -> np.ndarray:
    return augment(audio, RATE, np.random.default_rng(seed), how)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    how = Augmentation(pitch_share=1.0, equaliser_share=1.0, reverb_share=1.0)
    assert np.array_equal(varied(tone(), how), varied(tone(), how))
    assert not np.array_equal(varied(tone(), how, 1)[:5000], varied(tone(), how, 2)[:5000])


def test_without_any_part_the_sound_is_untouched() -> None:
    assert np.array_equal(varied(tone(), NOTHING), tone())


@pytest.mark.parametrize("seed", range(6))
def test_the_pitch_stays_within_its_range_and_enough_samples_are_left(seed: int) -> None:
    how = Augmentation(pitch_share=1.0, equaliser_share=0.0, reverb_share=0.0, semitones=3.0)
    played = varied(tone(), how, seed)
    hertz = np.abs(np.fft.rfft(played * np.hanning(len(played)))).argmax() * RATE / len(played)
    shift = 12 * np.log2(hertz / 440.0)
    assert abs(shift) < 3.1
    assert len(played) == pytest.approx(len(tone()) / 2 ** (shift / 12), rel=0.01)
    assert len(played) * how.longest >= len(tone()) - 2


def test_the_equaliser_changes_levels_by_no_more_than_its_range() -> None:
    how = Augmentation(pitch_share=0.0, equaliser_share=1.0, reverb_share=0.0, equaliser=6.0)
    for hertz in (100.0, 1000.0, 8000.0):
        gains = [
            20 * np.log10(np.std(varied(tone(hertz), how, seed)) / np.std(tone(hertz))) for seed in range(8)
        ]
        assert max(np.abs(gains)) < 6.1
        assert max(gains) - min(gains) > 1


def test_the_room_answers_after_the_sound_and_not_before() -> None:
    how = Augmentation(pitch_share=0.0, equaliser_share=0.0, reverb_share=1.0)
    click = np.zeros(RATE, np.float32)
    click[1000] = 1.0
    played = varied(click, how)
    assert np.abs(played[:999]).max() < 1e-5
    assert played[1000] == pytest.approx(1.0, abs=1e-4)
    assert np.abs(played[1001:1400]).max() < 1e-5
    assert 0.02 < float(np.sum(played[1441:] ** 2)) <= how.reverb_level * 1.01
