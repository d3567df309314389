"""The bands' levels, against the sines and the noise that were put in."""

import numpy as np
import pytest

from realtime.panel.spectrum import BANDS, FLOOR_DB, WINDOW, band_edges, band_levels, spectra

RATE = 48000
SINE_DB = 0.5
"""A sine's level may be off by so much: a little of it leaks into the neighbour bands."""


def sine(hertz: float, peak: float) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * hertz * np.arange(WINDOW) / RATE)).astype(np.float32)


@pytest.mark.parametrize("band", [20, 30, 40, 47])
def test_a_sine_in_the_middle_of_a_band_has_its_level_there_and_little_elsewhere(band: int) -> None:
    edges = band_edges(RATE)
    levels = band_levels(sine(float(np.sqrt(edges[band] * edges[band + 1])), 0.1), RATE)
    assert levels[band] == pytest.approx(-20.0, abs=SINE_DB)
    assert np.argmax(levels) == band
    assert (
        max(levels[: max(0, band - 2)].max(initial=FLOOR_DB), levels[band + 3 :].max(initial=FLOOR_DB)) < -60
    )


def test_white_noise_has_a_power_that_grows_with_a_bands_width() -> None:
    noise = np.random.default_rng(0).standard_normal((200, WINDOW)).astype(np.float32) * 0.1
    power = np.mean([10 ** (band_levels(each, RATE) / 10) for each in noise], axis=0)
    widths = np.diff(band_edges(RATE))
    density = power / widths
    assert density == pytest.approx(np.full(BANDS, 2 * 0.1**2 / (RATE / 2)), rel=0.3)


def test_silence_is_the_floor_and_there_is_nothing_before_enough_sound() -> None:
    assert (band_levels(np.zeros(WINDOW, np.float32), RATE) == FLOOR_DB).all()
    assert spectra(None, RATE) == {}
