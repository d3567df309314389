"""What is known of whole recordings: means of an SAE's features, of the model's frames, and of the log-mel spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.base.audio_files import read_audio
from training.judge import mel_filters, window_samples
from training.models.layered import LayeredModel
from training.sae.model import SAE

MEL_BANDS = 64
_MEL_FLOOR = 1e-5  # of the mean power: 50 dB below it

Values = NDArray[np.float32]


@dataclass(frozen=True)
class ClipStatistics:
    """Of each recording, in one order.

    Attributes:
        features: `[n, n_features]`, see `feature_means`.
        raw: `[n, 2 * width]`, see `frame_means`; where the SAE is without centre and bias, see `levelled`.
        mel: `[n, 2 * MEL_BANDS]`, see `mel_means`.
    """

    features: Values
    raw: Values
    mel: Values


def clip_statistics(
    model: LayeredModel, site: str, sae: SAE, paths: Sequence[Path], seconds: float | None = None
) -> ClipStatistics:
    """Hears recordings, `seconds` of each (None: all of it).

    Raises:
        DrawstopError: a file that is no sound, or frames of another width than the SAE's.
    """
    rows = []
    for path in paths:
        part = None if seconds is None else (0.0, seconds)
        audio = torch.from_numpy(read_audio(path, model.sample_rate, model.channels, part)[0])
        x = model.frames(audio[None], [site])[site][0].T
        rows.append((feature_means(sae, x), frame_means(x), mel_means(audio.mean(0), model.sample_rate)))
    features, raw, mel = (np.stack(column) for column in zip(*rows, strict=True))
    return ClipStatistics(features, raw if _has_offsets(sae) else levelled(raw), mel)


def levelled(raw: Values) -> Values:
    """`frame_means` `[n, 2 * width]` as they would be if each recording's frames had a root mean square norm of 1."""
    found: Values = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), np.finfo(raw.dtype).tiny)
    return found


@torch.no_grad()
def feature_means(sae: SAE, x: Tensor) -> Values:
    """The mean of each feature over time; frames `[frames, d_in]` give `[n_features]`.

    An SAE without centre and bias scales with the sound: there each recording's frames are divided by their own root mean
    square first, so that a level tells nothing.
    """
    z = sae.normalise(x.to(torch.float32))
    if not _has_offsets(sae):
        z = z / z.square().mean().sqrt().clamp_min(torch.finfo(z.dtype).tiny)
    means: Values = sae.encode(z).mean(0).numpy()
    return means


def frame_means(x: Tensor) -> Values:
    """Mean and standard deviation over time of frames `[frames, width]`: `[2 * width]`."""
    found: Values = torch.cat([x.mean(0), x.std(0, correction=0)]).to(torch.float32).cpu().numpy()
    return found


def mel_means(audio: Tensor, sample_rate: int) -> Values:
    """Mean and standard deviation over time of the log-mel spectrum, whatever the level; `[samples]` gives `[2 * MEL_BANDS]`."""
    size = window_samples(sample_rate)
    padded = torch.nn.functional.pad(audio, (0, max(0, size - len(audio))))
    spectrum = torch.stft(padded, size, size // 2, window=torch.hann_window(size), return_complex=True)
    mel = mel_filters(sample_rate, size, MEL_BANDS) @ spectrum.abs().square()
    log_mel = (mel / mel.mean().clamp_min(torch.finfo(mel.dtype).tiny) + _MEL_FLOOR).log()
    found: Values = torch.cat([log_mel.mean(1), log_mel.std(1, correction=0)]).numpy()
    return found


def _has_offsets(sae: SAE) -> bool:
    """Whether features don't simply scale with the frames."""
    return sae.config.centre or sae.config.bias
