"""Statistics of one recording's frames and sound: what its features carry, second by second, and its spectrum.

Key idea: loudness should not decide. A bias-free SAE's features grow with the gain, so recordings are compared at one
level.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from training.metrics.mel import mel_filters, window_samples
from training.metrics.types import Floats
from training.sae.model import SAE


@torch.no_grad()
def features_of(sae: SAE, z: Floats) -> Floats:
    """Normalised frames `[frames, width]` -> features `[frames, n_features]`."""
    found: Floats = sae.encode(torch.tensor(z)).numpy()
    return found


def mean_features(sae: SAE, z: Floats) -> Floats:
    """Normalised frames `[frames, width]` -> features, mean over time, `[n_features]`."""
    mean: Floats = features_of(sae, z).mean(0)
    return mean


def shares_of(features: Floats) -> Floats:
    """Each feature's part of a row's activation: `[..., n_features]`, sums to 1, all 0 in silence."""
    total = features.sum(-1, keepdims=True)
    return np.divide(features, total, out=np.zeros_like(features), where=total > 0)


def at_one_level(x: Floats) -> Floats:
    """The same with a root mean square of 1 over all its numbers; silence stays silence."""
    level = float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))
    return x / np.float32(level) if level > 0 else x


@dataclass(frozen=True)
class Windows:
    """A recording's features second by second: a row for each window.

    Attributes:
        shares: each feature's part of the window's activation, `[windows, n_features]`.
        energies: the mean square of z in each window, `[windows]`.
        starts: in seconds from where the encoded part begins, `[windows]`.
    """

    shares: Floats
    energies: Floats
    starts: tuple[float, ...]


def windows_of(sae: SAE, z: Floats, frame_rate: float, seconds: float = 1.0) -> Windows:
    """A recording's frames `[frames, width]` window by window, see `spans_of`."""
    spans = spans_of(len(z), frame_rate, seconds)
    features = features_of(sae, z)
    means = np.stack([features[span].mean(0) for span in spans])
    energies = np.array([np.square(z[span]).mean() for span in spans], dtype=np.float32)
    return Windows(shares_of(means), energies, tuple(span.start / frame_rate for span in spans))


def spans_of(frames: int, frame_rate: float, seconds: float) -> list[slice]:
    """Cuts some frames into windows one after another; a rest of half a window or less joins the one before it.

    >>> spans_of(25, 10.0, 1.0)
    [slice(0, 10, None), slice(10, 25, None)]
    """
    length = frame_rate * seconds
    count = max(1, int(frames / length + 0.5 - 1e-9))
    edges = [round(i * length) for i in range(count)] + [frames]
    return [slice(*edge) for edge in itertools.pairwise(edges)]


@dataclass(frozen=True)
class LogMel:
    """How a log-mel spectrum is computed.

    Attributes:
        hops: hops in a window.
        padding: at both ends, see torch.stft.
        by_spectrum: bands are divided by their own mean too, over all of them and all times.
        floor: added to each band's energy, which is about 1 where the sound is.
    """

    hops: int = 4
    padding: str = "constant"
    by_spectrum: bool = False
    floor: float = 1e-3  # about -30 dB


def log_mel_statistics(audio: Tensor, sample_rate: int, how: LogMel = LogMel()) -> Floats:
    """Mean and standard deviation over time of a sound's log-mel spectrum, at one level. `[samples]` -> `[2 * bands]`."""
    size = window_samples(sample_rate)
    window = torch.hann_window(size)
    sound = torch.from_numpy(at_one_level(pad(audio, (0, max(size - len(audio), 0))).numpy()))
    spectrum = torch.stft(
        sound, size, size // how.hops, window=window, return_complex=True, pad_mode=how.padding
    )
    mel = mel_filters(sample_rate, size) @ (spectrum.abs().square() / window.square().sum())
    if how.by_spectrum:
        mel = mel / mel.mean().clamp_min(torch.finfo(mel.dtype).tiny)
    return moments((mel + how.floor).log().T.numpy())


def moments(rows: Floats) -> Floats:
    """Mean and standard deviation over rows: `[rows, numbers]` -> `[2 * numbers]`."""
    return np.concatenate([rows.mean(0), rows.std(0)]).astype(np.float32)
