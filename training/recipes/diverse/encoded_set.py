"""The diverse set, encoded with the example RAVE: every recording's latents, and statistics of them and of its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from drawstop.audio.files import read_audio
from drawstop.files import atomic_file
from drawstop.progress import track
from training.data.labelled_set import LabelledRecording
from training.evaluation.probes.clip_statistics import LogMel, at_one_level, log_mel_statistics, moments
from training.models.rave.model import RaveModel
from training.sae.model import SAE

Values = NDArray[np.float32]

MEL = LogMel(hops=2, padding="reflect", by_spectrum=True, floor=1e-5)
"""The spectrum that the published figures were taken with."""


@dataclass(frozen=True)
class EncodedRecordings:
    """Latents `[n, frames, latents]` and `log_mel_statistics` of n recordings."""

    latents: Values
    mel: Values

    @property
    def raw(self) -> Values:
        """Mean and standard deviation of the latents at one level, `[n, 2 * latents]`."""
        return np.stack([moments(at_one_level(each)) for each in self.latents])


def encode_set(model: RaveModel, recordings: Sequence[LabelledRecording], kept: Path) -> EncodedRecordings:
    """Encodes recordings of one length, or reads them from the file `kept` where they were encoded before."""
    if not kept.is_file():
        rows = [_encode(model, each.path) for each in track(recordings, "listening", len(recordings))]
        latents, mel = (np.stack(column) for column in zip(*rows, strict=True))
        with atomic_file(kept) as temporary:
            np.savez(temporary, fingerprint=model.fingerprint, latents=latents, mel=mel)
    with np.load(kept) as file:
        if str(file["fingerprint"]) == model.fingerprint and len(file["mel"]) == len(recordings):
            return EncodedRecordings(file["latents"], file["mel"])
    kept.unlink()
    return encode_set(model, recordings, kept)


@torch.no_grad()
def features_of(sae: SAE, latents: Values) -> Values:
    """Mean features of each recording at one level, by an SAE that scales with the sound: `[n, frames, latents]` gives
    `[n, n_features]`."""
    found = []
    for each in latents:
        z = sae.normalise(torch.from_numpy(each))
        level = z.square().mean().sqrt().clamp_min(torch.finfo(z.dtype).tiny)
        found.append(sae.encode(z / level).mean(0).numpy())
    return np.stack(found)


def _encode(model: RaveModel, path: Path) -> tuple[Values, Values]:
    audio = torch.from_numpy(read_audio(path, model.sample_rate, model.channels)[0])
    latents = model.encode(audio[None])[0].T.contiguous()
    return latents.numpy(), log_mel_statistics(audio[0], model.sample_rate, MEL)
