"""Colouring: random equalisers, an amplifier's distortion, rooms, and a treble for speech that has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.diverse.noises import falling_noise
from training.recipes.separator.corpus.sounds.clip import Generator, Samples

DISTORTED_SHARE, EQUALISED_SHARE, ROOM_SHARE = 0.25, 0.5, 0.25
CABINET_SHARE = 0.4
TAPS = 512
"""Length of an equaliser's impulse response."""
LOWEST_DB, HIGHEST_DB = -24.0, 18.0
"""Gains of an equaliser are clipped to these."""


@dataclass(frozen=True)
class Equaliser:
    """A family of smooth random responses: a tilt, and ripples over frequency.

    Attributes:
        tilt_db: the least and the most tilt, in dB an octave.
        ripples: number of bumps or dips.
        ripple_db: standard deviation of their heights.
        widths: the narrowest and the widest, in octaves.
    """

    tilt_db: tuple[float, float]
    ripples: int
    ripple_db: float
    widths: tuple[float, float]

    def gain_db(self, hertz: Samples, rng: Generator) -> Samples:
        """One of the responses, in dB at the frequencies."""
        octaves = np.log2(np.maximum(40.0, hertz) / 1000)
        gain_db: Samples = rng.uniform(*self.tilt_db) * octaves
        for _ in range(self.ripples):
            centre, width = rng.uniform(-4, 4), rng.uniform(*self.widths)
            gain_db = gain_db + rng.normal(0, self.ripple_db) * np.exp(-(((octaves - centre) / width) ** 2))
        return gain_db


STRONG = Equaliser(tilt_db=(-2.0, 4.0), ripples=4, ripple_db=5.0, widths=(0.4, 1.5))
"""An equaliser that is more often bright than dark: rendered and spoken sounds have little treble."""


def colour(sound: Samples, rng: Generator) -> Samples:
    """A sound `[samples]` through distortion, equaliser and room, each with some probability."""
    if rng.random() < DISTORTED_SHARE:
        sound = distort(sound, rng)
    if rng.random() < EQUALISED_SHARE:
        sound = equalise(sound, rng)
    if rng.random() < ROOM_SHARE:
        sound = reverberate(sound, rng)
    return sound


def distort(sound: Samples, rng: Generator) -> Samples:
    """A saturating amplifier, driven by up to 32 dB, sometimes with a cabinet's low-pass behind it."""
    peak = max(1e-6, float(np.abs(sound).max()))
    # tanh adds harmonics: at twice the rate fewer of them fold back into what is heard
    driven = soxr.resample(sound / peak * 10 ** (rng.uniform(0, 32) / 20), 1, 2)
    bent = soxr.resample(np.tanh(driven + rng.uniform(0, 0.3)), 2, 1)[: len(sound)]
    if rng.random() < CABINET_SHARE:
        bent = sosfilt(butter(2, rng.uniform(3500, 8000), fs=SAMPLE_RATE, output="sos"), bent)
    centred: Samples = bent - bent.mean()
    return centred


def equalise(sound: Samples, rng: Generator) -> Samples:
    """A sound through one of STRONG's responses, TAPS / 2 samples late."""
    gain_db = STRONG.gain_db(np.fft.rfftfreq(TAPS, 1 / SAMPLE_RATE), rng)
    response = np.fft.irfft(10 ** (np.clip(gain_db, LOWEST_DB, HIGHEST_DB) / 20))
    filtered: Samples = fftconvolve(sound, np.roll(response, TAPS // 2) * np.hanning(TAPS))[: len(sound)]
    return filtered


def reverberate(sound: Samples, rng: Generator) -> Samples:
    """A sound in a room of 0.1 to 1.2 s, whose echoes are darker than it."""
    seconds = rng.uniform(0.1, 1.2)
    echoes = falling_noise(rng, int(seconds * SAMPLE_RATE), SAMPLE_RATE, seconds)
    echoes = sosfilt(butter(1, rng.uniform(2000, 12000), fs=SAMPLE_RATE, output="sos"), echoes)
    wet: Samples = fftconvolve(sound, echoes / np.sqrt((echoes**2).sum()))[: len(sound)]
    return sound + wet * rng.uniform(0.1, 0.8)


def add_treble(sound: Samples, rng: Generator) -> Samples:
    """A sound with a treble above 6 to 9 kHz: noise and distortion that follow the level of what is at 3 to 8 kHz."""
    top = sosfilt(butter(2, [3000, 8000], "band", fs=SAMPLE_RATE, output="sos"), sound)
    level = sosfilt(butter(1, 60, fs=SAMPLE_RATE, output="sos"), np.abs(top))
    carrier = rng.normal(size=len(sound)) * level + np.abs(top)
    treble: Samples = sosfilt(
        butter(3, rng.uniform(6000, 9000), "high", fs=SAMPLE_RATE, output="sos"), carrier
    )
    return sound + treble * rng.uniform(0.5, 2.0)
