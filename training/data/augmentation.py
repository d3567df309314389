"""Random variations of recordings: pitch, equaliser and reverberation, so that stops and models learn from more timbres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import fftconvolve
from torch import Tensor

EQUALISER_HERTZ = (60.0, 200.0, 600.0, 1800.0, 5400.0, 16000.0)
"""Frequencies between which the equaliser's gain is interpolated (in decibels over log frequency)."""

DRY_LEAD_SECONDS = 0.01
"""The room answers this long after the direct sound."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How far sounds are varied; each part is applied with its own probability.

    `semitones`: largest shift up or down, by playing faster or slower. `equaliser`: largest gain in decibels.
    `reverb_seconds`: longest time in which the room's sound falls by 60 dB; `reverb_level`: its largest energy
    beside the direct sound's.
    """

    pitch_share: float = 0.5
    semitones: float = 3.0
    equaliser_share: float = 0.5
    equaliser: float = 6.0
    reverb_share: float = 0.25
    reverb_seconds: float = 1.2
    reverb_level: float = 0.3

    @property
    def longest(self) -> float:
        """The largest number of input samples per output sample."""
        return 2 ** (self.semitones / 12)


def augment(
    audio: Samples, sample_rate: int, rng: np.random.Generator, how: Augmentation | None = None
) -> Samples:
    """A random variation of mono sound; its length changes with the pitch.

    Shape: `[samples]` -> `[samples / factor]`, factor within `1 / how.longest .. how.longest`.
    """
    how = how or Augmentation()
    draws = rng.random(3)
    if draws[0] < how.pitch_share:
        factor = 2 ** (rng.uniform(-how.semitones, how.semitones) / 12)
        audio = soxr.resample(audio, sample_rate * factor, sample_rate, quality="MQ")
    if draws[1] < how.equaliser_share:
        gains = rng.uniform(-how.equaliser, how.equaliser, len(EQUALISER_HERTZ))
        audio = _equalise(audio, sample_rate, gains)
    if draws[2] < how.reverb_share:
        seconds = rng.uniform(0.25, 1.0) * how.reverb_seconds
        audio = _reverberate(audio, sample_rate, rng, seconds, rng.uniform(0.1, 1.0) * how.reverb_level)
    return audio.astype(np.float32, copy=False)


def _equalise(audio: Samples, sample_rate: int, gains: NDArray[np.float64]) -> Samples:
    # a length with large prime factors takes ten times as long
    length = fft.next_fast_len(len(audio), real=True)
    hertz = fft.rfftfreq(length, 1 / sample_rate)
    curve = np.interp(np.log(np.maximum(hertz, 1.0)), np.log(EQUALISER_HERTZ), gains)
    spectrum = fft.rfft(audio, length) * (10 ** (curve / 20)).astype(np.float32)
    return fft.irfft(spectrum, length)[: len(audio)].astype(np.float32, copy=False)


def _reverberate(
    audio: Samples, sample_rate: int, rng: np.random.Generator, seconds: float, energy: float
) -> Samples:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    room = rng.standard_normal(len(time)) * 10 ** (-3 * time / seconds)  # -60 dB at `seconds`
    room *= np.sqrt(energy / np.sum(room**2))
    room[: round(DRY_LEAD_SECONDS * sample_rate)] = 0.0
    room[0] = 1.0
    return fftconvolve(audio, room.astype(np.float32))[: len(audio)].astype(np.float32)


def vary(audio: Tensor, sample_rate: int, rng: np.random.Generator, how: Augmentation) -> Tensor:
    """A random variation of `[channels, samples]`; every channel is varied alike."""
    state = rng.bit_generator.state
    channels = []
    for channel in audio.numpy():
        rng.bit_generator.state = state
        channels.append(torch.from_numpy(augment(channel, sample_rate, rng, how)))
    return torch.stack(channels)
