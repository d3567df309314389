"""Noises that no instrument plays: white, pink, brown, mains hum, rain and wind, each with settings of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
Samples = NDArray[np.float64]

_LOWEST_HZ = 30.0
_DROP_SECONDS = 0.004
_DECAY_60_DB = 6.908  # ln(1000)


def make_noise(name: str, rng: np.random.Generator, samples: int, sample_rate: int) -> Audio:
    """A noise of a name, `[samples]`, at no particular level."""
    return _NOISES[name](rng, samples, sample_rate).astype(np.float32)


def _sloped(exponent: float) -> Callable[[np.random.Generator, int, int], Samples]:
    """Noise whose power falls with frequency to this power: 0 is white, 1 pink, 2 brown; each time a little otherwise."""

    def make(rng: np.random.Generator, samples: int, sample_rate: int) -> Samples:
        return sloped_noise(rng, samples, sample_rate, exponent + rng.uniform(-0.15, 0.15))

    return make


def sloped_noise(rng: np.random.Generator, samples: int, sample_rate: int, exponent: float) -> Samples:
    """Noise `[samples]` whose power falls with frequency to the power `exponent`."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / sample_rate), _LOWEST_HZ)
    return np.fft.irfft(spectrum * hertz ** (-exponent / 2), samples)


def falling_noise(rng: np.random.Generator, samples: int, sample_rate: int, seconds: float) -> Samples:
    """White noise `[samples]` that falls by 60 dB in so many seconds: the echoes of a room (Moorer 1979)."""
    time = np.arange(samples) / sample_rate
    return rng.standard_normal(samples) * np.exp(-_DECAY_60_DB * time / seconds)


def _hum(rng: np.random.Generator, samples: int, sample_rate: int) -> Samples:
    """Mains: 50 or 60 Hz and its harmonics over a soft hiss."""
    time, mains = np.arange(samples) / sample_rate, rng.choice([50.0, 60.0]) + rng.uniform(-0.2, 0.2)
    levels = rng.uniform(0.2, 1.0, 24) / np.arange(1, 25)
    phases = rng.uniform(0, 2 * np.pi, 24)
    tones = sum(
        level * np.sin(2 * np.pi * mains * (i + 1) * time + phase)
        for i, (level, phase) in enumerate(zip(levels, phases, strict=True))
    )
    return tones + rng.uniform(0.01, 0.1) * rng.standard_normal(samples)


def _rain(rng: np.random.Generator, samples: int, sample_rate: int) -> Samples:
    """Drops at random moments, each a short decaying burst, over a soft hiss."""
    drops = np.zeros(samples)
    count = int(rng.uniform(150, 600) * samples / sample_rate)
    drops[rng.integers(0, samples, count)] = rng.exponential(1.0, count)
    decay = np.arange(round(8 * _DROP_SECONDS * sample_rate)) / sample_rate
    burst = rng.standard_normal(len(decay)) * np.exp(-decay / _DROP_SECONDS)
    wet = np.convolve(drops, burst)[:samples]
    return wet / wet.std() + rng.uniform(0.1, 0.4) * _shaped_unit(rng, samples, sample_rate, 0.5)


def _wind(rng: np.random.Generator, samples: int, sample_rate: int) -> Samples:
    """Dark noise that swells and falls."""
    time = np.arange(samples) / sample_rate
    swell = 1 + 0.7 * np.sin(2 * np.pi * rng.uniform(0.2, 0.7) * time + rng.uniform(0, 2 * np.pi))
    return swell * _shaped_unit(rng, samples, sample_rate, rng.uniform(1.2, 1.6))


def _shaped_unit(rng: np.random.Generator, samples: int, sample_rate: int, exponent: float) -> Samples:
    noise = sloped_noise(rng, samples, sample_rate, exponent)
    return noise / noise.std()


_NOISES: dict[str, Callable[[np.random.Generator, int, int], Samples]] = {
    "white": _sloped(0.0),
    "pink": _sloped(1.0),
    "brown": _sloped(2.0),
    "hum": _hum,
    "rain": _rain,
    "wind": _wind,
}
