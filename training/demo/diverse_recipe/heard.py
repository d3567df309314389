"""The diverse set as the demo's RAVE hears it: every recording's latents, and statistics of them and of its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from drawstop.base.audio_files import read_audio
from drawstop.base.files import atomic_file
from drawstop.base.progress import track
from training.evidence.labelled import LabelledRecording
from training.evidence.statistics import feature_means, frame_means, mel_means
from training.models.rave import RaveModel
from training.sae.model import SAE

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """Of each of n recordings: latents `[n, frames, latents]`, `frame_means` and `mel_means`."""

    latents: Values
    raw: Values
    mel: Values


def hear_set(model: RaveModel, recordings: Sequence[LabelledRecording], kept: Path) -> Heard:
    """Hears recordings of one length, or reads what was heard of them before from the file `kept`."""
    if not kept.is_file():
        rows = [_hear(model, each.path) for each in track(recordings, "listening", len(recordings))]
        latents, raw, mel = (np.stack(column) for column in zip(*rows, strict=True))
        with atomic_file(kept) as temporary:
            np.savez(temporary, fingerprint=model.fingerprint, latents=latents, raw=raw, mel=mel)
    with np.load(kept) as file:
        if str(file["fingerprint"]) == model.fingerprint and len(file["raw"]) == len(recordings):
            return Heard(file["latents"], file["raw"], file["mel"])
    kept.unlink()
    return hear_set(model, recordings, kept)


def features_of(sae: SAE, latents: Values) -> Values:
    """`feature_means` of each recording: `[n, frames, latents]` gives `[n, n_features]`."""
    return np.stack([feature_means(sae, torch.from_numpy(each)) for each in latents])


def _hear(model: RaveModel, path: Path) -> tuple[Values, Values, Values]:
    audio = torch.from_numpy(read_audio(path, model.sample_rate, model.channels)[0])
    latents = model.encode(audio[None])[0].T.contiguous()
    return latents.numpy(), frame_means(latents), mel_means(audio[0], model.sample_rate)
