"""The recordings of a labelled set, encoded once for all experiments: frames, and statistics of them by recording."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.audio.decoding import header_of
from drawstop.audio.files import read_audio
from drawstop.errors import DrawstopError
from drawstop.files import atomic_file, sha256_file
from drawstop.progress import Progress
from training.data.clips import loud_enough
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.recordings import Split
from training.evaluation.probes.clip_statistics import (
    at_one_level,
    log_mel_statistics,
    mean_features,
    moments,
    shares_of,
)
from training.metrics.types import Bools, Floats
from training.models.protocols import LayeredModel, choose_sites
from training.sae.model import SAE

LONGEST_SECONDS = 30.0
"""Longest part of a recording that is encoded, taken from its middle."""
_FORMAT = 1


@dataclass(frozen=True)
class EncodedSet:
    """The recordings of a data set as one model's site and its SAE encode them; a row for each recording.

    Attributes:
        data: the recordings themselves, in the rows' order.
        site: the model's site that is encoded.
        sae: the SAE that gives the features.
        frame_rate: frames per second.
        sample_rate: the model's, in Hz.
        starts: where the encoded part begins in each file, in seconds.
        frames: normalised frames z of each recording, `[frames, width]`.
        features: the SAE's features, mean over time, `[n, n_features]`; they grow with the gain.
        shares: the same at one level: each feature's part of the recording's activation; rows sum to 1, 0 in silence.
        raw: mean and standard deviation of z at one level, `[n, 2 * width]`.
        log_mel: mean and standard deviation of the log-mel spectrum at one level, `[n, 2 * bands]`.
        labels: which concepts sound in each recording, `[n, concepts]`.
        concepts: the labels' names.
        loud: whether a recording isn't silent, `[n]`.
    """

    data: LabelledSet
    site: str
    sae: SAE
    frame_rate: float
    sample_rate: int
    starts: tuple[float, ...]
    frames: tuple[Floats, ...]
    features: Floats
    shares: Floats
    raw: Floats
    log_mel: Floats
    labels: Bools
    concepts: tuple[str, ...]
    loud: Bools

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of each recording; a group stays on one side of a split."""
        return tuple(each.group for each in self.data.recordings)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The data set's own split of each recording."""
        return tuple(each.split for each in self.data.recordings)

    @property
    def timbres(self) -> tuple[str, ...]:
        """The timbre of each recording, where it is known."""
        return tuple(each.timbre for each in self.data.recordings)


def encode_set(
    model: LayeredModel,
    sae: SAE,
    data: LabelledSet,
    site: str | None = None,
    *,
    seconds: float = LONGEST_SECONDS,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> EncodedSet:
    """Encodes every recording of a data set.

    Args:
        site: the site to encode at; None: the site at which a RAVE was opened.
        seconds: longest part of each recording that is encoded, from its middle.
        cache: a folder that stores the encoded recordings, so that a killed run goes on where it was; None stores none.

    Raises:
        DrawstopError: no recordings, one that can't be read, silence only, or an SAE of another width.
    """
    name = str(getattr(model, "site", "")) if site is None else site
    rates = choose_sites(model, [name])[name]
    if rates.width != sae.config.d_in:
        raise DrawstopError(
            f"expected an SAE of {rates.width} numbers a frame at {name}, got one of {sae.config.d_in}: give this model's"
        )
    if not data.recordings:
        raise DrawstopError(f"no recordings in {data.name}: give a folder that holds some")
    encoder = _Encoder(model, name, rates.ratio, sae, seconds, cache)
    encoded = []
    for done, recording in enumerate(data.recordings):
        encoded.append(encoder.encode(recording))
        if progress:
            progress("listening", done + 1, len(data.recordings))
    if not any(each.loud for each in encoded):
        raise DrawstopError(f"all {len(encoded)} recordings of {data.name} are silent: give some that sound")
    frames = tuple(each.z for each in encoded)
    features = np.stack([mean_features(sae, z) for z in frames])
    return EncodedSet(
        data,
        name,
        sae,
        model.sample_rate / rates.ratio,
        model.sample_rate,
        tuple(each.start for each in encoded),
        frames,
        features,
        shares_of(features),
        np.stack([moments(z if sae.config.centre else at_one_level(z)) for z in frames]),
        np.stack([each.log_mel for each in encoded]),
        np.array(
            [[concept in each.labels for concept in data.concepts] for each in data.recordings], dtype=bool
        ),
        data.concepts,
        np.array([each.loud for each in encoded]),
    )


@dataclass(frozen=True)
class _Encoded:
    z: Floats
    log_mel: Floats
    loud: bool
    start: float


class _Encoder:
    """Encodes one recording after another; stores them on disk where it has a folder."""

    def __init__(
        self, model: LayeredModel, site: str, ratio: int, sae: SAE, seconds: float, cache: Path | None
    ) -> None:
        self.model, self.site, self.ratio, self.sae, self.seconds = model, site, ratio, sae, seconds
        normalisation = sae.mean.numpy().tobytes() + sae.scale.numpy().tobytes()
        parts = [
            str(_FORMAT),
            model.fingerprint,
            site,
            str(seconds),
            hashlib.sha256(normalisation).hexdigest(),
        ]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        self.folder = cache / f"heard-{key[:16]}" if cache is not None else None

    def encode(self, recording: LabelledRecording) -> _Encoded:
        start = max(0.0, (header_of(recording.path).seconds - self.seconds) / 2)
        if self.folder is None:
            return self._encode(recording, start)
        place = self.folder / f"{sha256_file(recording.path)}.npz"
        try:
            with np.load(place) as kept:
                return _Encoded(kept["z"], kept["log_mel"], bool(kept["loud"]), start)
        except FileNotFoundError:
            encoded = self._encode(recording, start)
        with atomic_file(place) as beside, beside.open("wb") as file:
            np.savez(file, z=encoded.z, log_mel=encoded.log_mel, loud=encoded.loud)
        return encoded

    def _encode(self, recording: LabelledRecording, start: float) -> _Encoded:
        rate, channels = self.model.sample_rate, self.model.channels
        audio = torch.from_numpy(read_audio(recording.path, rate, channels, (start, self.seconds))[0])
        x = site_frames(self.model, audio, self.site, self.ratio)
        if not torch.isfinite(x).all():
            raise DrawstopError(
                f"{recording.path}: the model's frames aren't finite; check the model and this file"
            )
        mono = audio.mean(0)
        z: Floats = self.sae.normalise(x).numpy().astype(np.float32)
        return _Encoded(z, log_mel_statistics(mono, rate), bool(loud_enough(mono)), start)


def site_frames(model: LayeredModel, audio: Tensor, site: str, ratio: int) -> Tensor:
    """The model's own frames of a sound at a site, encoded in pieces where the model can't take it in one go.

    Shape: `[channels, samples]` -> `[frames, width]`.
    """
    frames = -(-audio.shape[-1] // ratio)
    whole = pad(audio, (0, frames * ratio - audio.shape[-1]))
    step = (model.piece_frames or frames) * ratio
    parts = []
    for start in range(0, whole.shape[-1], step):
        piece = whole[None, :, start : start + step]
        x = model.frames(piece, [site])[site]
        parts.append(x[0, :, : piece.shape[-1] // ratio].T.float().cpu())
    return torch.cat(parts)
