"""Synthetic sounds: collages of noises, clicks, sweeps, tones, metal, frequency modulation and filtered waves."""

from __future__ import annotations

import numpy as np
from scipy.signal import chirp, lfilter

from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.diverse.noises import sloped_noise
from training.recipes.separator.corpus.sounds.clip import CLIP_SAMPLES, Generator, Samples

BAND_SHARE, DECAY_SHARE = 0.6, 0.6
END_FADE_SAMPLES = 200
HIGHEST_HERTZ = 18000.0
MOST_HARMONICS = 60


def synthetic(rng: Generator) -> Samples:
    """A collage of short sounds of random kinds and levels, with pauses between them."""
    parts: list[Samples] = []
    total = 0
    while total < CLIP_SAMPLES:
        samples = int(SAMPLE_RATE * rng.uniform(0.15, 2.0))
        part = MAKERS[int(rng.integers(len(MAKERS)))](samples, rng)
        part = part / max(1e-6, float(np.abs(part).max())) * 10 ** (rng.uniform(-24, 0) / 20)
        pause = np.zeros(int(SAMPLE_RATE * rng.choice([0, 0.02, 0.2])))
        parts += [part * envelope(samples, rng), pause]
        total += samples + len(pause)
    return np.concatenate(parts)[:CLIP_SAMPLES]


def envelope(samples: int, rng: Generator) -> Samples:
    """An attack of 0 to 50 ms, then steady or an exponential decay, faded at the end."""
    time = np.arange(samples) / SAMPLE_RATE
    shape = np.minimum(1, time / max(1e-5, rng.choice([0.0, 0.002, 0.05])))
    if rng.random() < DECAY_SHARE:
        shape = shape * np.exp(-time / rng.uniform(0.01, 0.6))
    faded: Samples = shape * np.minimum(1, (samples - np.arange(samples)) / END_FADE_SAMPLES)
    return faded


def noise(samples: int, rng: Generator) -> Samples:
    """Noise that falls by up to 6 dB an octave or rises by up to 2, often of one band only."""
    sound = sloped_noise(rng, samples, SAMPLE_RATE, float(rng.uniform(-0.6, 2.0)))
    if rng.random() < BAND_SHARE:
        low = 20 * 2 ** rng.uniform(0, 9)
        high = low * 2 ** rng.uniform(0.3, 4)
        hertz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
        sound = np.fft.irfft(np.fft.rfft(sound) * ((hertz > low) & (hertz < high)), samples)
    return sound


def clicks(samples: int, rng: Generator) -> Samples:
    """Single samples, short bursts and steps at random times."""
    sound = np.zeros(samples)
    for _ in range(int(rng.integers(1, 30))):
        begin, length = int(rng.integers(samples)), int(rng.choice([1, 2, 8, 40]))
        part = sound[begin : begin + length]
        part += rng.normal(size=len(part)) if rng.random() < 0.5 else rng.choice([-1, 1])
    return sound


def sweep(samples: int, rng: Generator) -> Samples:
    """A sine that glides exponentially between two frequencies of 30 Hz to 20 kHz."""
    first, last = 30 * (20000 / 30) ** rng.random(2)
    glide: Samples = chirp(
        np.arange(samples) / SAMPLE_RATE, first, samples / SAMPLE_RATE, last, "logarithmic"
    )
    return glide


def tones(samples: int, rng: Generator) -> Samples:
    """One to three harmonic tones with a random spectral slope."""
    time, sound = np.arange(samples) / SAMPLE_RATE, np.zeros(samples)
    for _ in range(int(rng.integers(1, 4))):
        pitch, slope = 40 * 2 ** rng.uniform(0, 6), rng.uniform(0.3, 2)
        for k in range(1, int(min(MOST_HARMONICS, HIGHEST_HERTZ / pitch)) + 1):
            sound += np.sin(2 * np.pi * (k * pitch * time + rng.random())) * k**-slope
    return sound


def metal(samples: int, rng: Generator) -> Samples:
    """Bells and cymbals: many inharmonic sines, each with its own decay, most of them above 2 kHz."""
    time, sound = np.arange(samples) / SAMPLE_RATE, np.zeros(samples)
    for hertz in 300 * (HIGHEST_HERTZ / 300) ** rng.random(int(rng.integers(5, 40))):
        sound += np.sin(2 * np.pi * (hertz * time + rng.random())) * np.exp(-time / rng.uniform(0.03, 0.7))
    return sound


def modulated(samples: int, rng: Generator) -> Samples:
    """Frequency modulation with an index that falls."""
    time, carrier = np.arange(samples) / SAMPLE_RATE, 60 * 2 ** rng.uniform(0, 6)
    index = rng.uniform(0.5, 8) * np.exp(-time * rng.uniform(0, 5))
    modulator = np.sin(2 * np.pi * carrier * rng.uniform(0.3, 5) * time)
    sound: Samples = np.sin(2 * np.pi * carrier * time + index * modulator)
    return sound


def pulses(samples: int, rng: Generator) -> Samples:
    """A saw or a rectangle through a resonance."""
    phase = np.cumsum(np.full(samples, 30 * 2 ** rng.uniform(0, 6) / SAMPLE_RATE)) % 1
    wave = 2 * phase - 1 if rng.random() < 0.5 else np.sign(phase - rng.uniform(0.1, 0.9))
    return wave + 2 * _resonance(wave, 200 * 2 ** rng.uniform(0, 6), rng.uniform(1, 8))


MAKERS = (noise, clicks, sweep, tones, metal, modulated, pulses)


def _resonance(sound: Samples, hertz: float, sharpness: float) -> Samples:
    """A sound through the band-pass of the Audio EQ Cookbook (Bristow-Johnson), with a peak gain of 1."""
    omega = 2 * np.pi * min(hertz, 19000) / SAMPLE_RATE
    alpha = np.sin(omega) / (2 * sharpness)
    band: Samples = lfilter([alpha, 0, -alpha], [1 + alpha, -2 * np.cos(omega), 1 - alpha], sound)
    return band
