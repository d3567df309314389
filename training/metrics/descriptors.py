"""Simple descriptors of sound over time: pitch, loudness, brightness, onsets, noisiness.

librosa's definitions; pitch by PESTO (Riou et al. 2023), which ships its weights, or by YIN where it isn't installed.
"""

from __future__ import annotations

import importlib.util
import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from training.data.clips import SILENCE_DBFS
from training.metrics.types import Floats

DESCRIPTORS = ("pitch", "loudness", "brightness", "onset", "noisiness")
"""In semitones (MIDI), dB of full scale, semitones (of the centroid), librosa's onset strength, spectral flatness."""
HOP_SECONDS = 0.01
LOWEST_HZ, HIGHEST_HZ = 60.0, 2000.0
SURE = 0.5
"""PESTO's confidence that there is a pitch, from which on it counts."""
TONAL = 0.05
"""Spectral flatness up to which YIN's pitch counts: it gives one for noise too."""
_FFT_SECONDS = 0.046


def describe(audio: Floats, sample_rate: int, step: int, steps: int) -> Floats:
    """The descriptors of each step of a sound; NaN where it is silent, pitch also where there is none.

    Args:
        audio: mono, `[samples]`.
        step: samples of each, several times `HOP_SECONDS`.
        steps: how many to give.

    Returns:
        `[steps, 5]`, in the order of `DESCRIPTORS`.
    """
    import librosa
    from librosa.onset import onset_strength

    hops = max(1, round(step / (HOP_SECONDS * sample_rate)))
    hop = max(1, step // hops)
    size = int(2 ** np.ceil(np.log2(_FFT_SECONDS * sample_rate)))
    sound = np.pad(audio, (0, max(0, steps * step + size - len(audio))))
    spectrum = np.abs(librosa.stft(sound, n_fft=size, hop_length=hop))
    level = librosa.feature.rms(y=sound, frame_length=size, hop_length=hop)[0]
    loudness = 20 * np.log10(level + 1e-9)
    flatness = librosa.feature.spectral_flatness(S=spectrum)[0]
    centroid = librosa.feature.spectral_centroid(S=spectrum + 1e-12, sr=sample_rate)[0]
    mel = librosa.feature.melspectrogram(S=spectrum**2, sr=sample_rate, n_mels=64)
    onset = onset_strength(S=librosa.power_to_db(mel), sr=sample_rate)
    pitch = _pitch(sound, sample_rate, hop, flatness)
    columns = [pitch, loudness, librosa.hz_to_midi(centroid), onset, flatness]
    count = min(len(each) for each in columns)
    rows = np.stack([each[:count] for each in columns], 1)
    rows[loudness[:count] < SILENCE_DBFS] = np.nan
    return _averaged(rows, step / hop, steps)


def _averaged(rows: Floats, per_step: float, steps: int) -> Floats:
    """Means over each step's rows, `[rows, numbers]` -> `[steps, numbers]`; NaN where fewer than half of them are known."""
    found = np.full((steps, rows.shape[1]), np.nan, dtype=np.float32)
    for i in range(steps):
        part = rows[round(i * per_step) : max(round((i + 1) * per_step), round(i * per_step) + 1)]
        known = np.isfinite(part)
        enough = known.sum(0) * 2 >= max(len(part), 1)
        total = np.where(known, part, 0.0).sum(0)
        found[i, enough] = total[enough] / known.sum(0)[enough]
    return found


def _pitch(sound: Floats, sample_rate: int, hop: int, flatness: Floats) -> Floats:
    """The pitch of each hop in semitones (MIDI); NaN where there is none."""
    if importlib.util.find_spec("pesto") is None:
        import librosa

        f0 = librosa.yin(sound, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=sample_rate, hop_length=hop)
        count = min(len(f0), len(flatness))
        return np.where(flatness[:count] <= TONAL, librosa.hz_to_midi(f0[:count]), np.nan)
    tracker = _pesto(sample_rate, 1000 * hop / sample_rate)
    with torch.inference_mode():
        semitones, sure, *_ = tracker(torch.from_numpy(np.ascontiguousarray(sound)))
    return np.where(sure.numpy().reshape(-1) >= SURE, semitones.numpy().reshape(-1), np.nan)


@lru_cache(maxsize=4)
def _pesto(sample_rate: int, step_ms: float) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that it loads
        import pesto

        return pesto.load_model("mir-1k_g7", step_size=step_ms, sampling_rate=sample_rate)
