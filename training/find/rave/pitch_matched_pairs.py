"""Pairs in place of parallel recordings: recordings without the concept, and pieces with it of the same pitches.

Key idea (kNN-VC, Baas et al. 2023, arXiv 2305.18975, on pieces instead of frames): for each short piece of a recording
without the concept, the piece of the recordings with it that has the most similar pitches, at the playing's own level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from training.data.phrases import is_like
from training.find.rave.encoded_recordings import EncodedRecordings
from training.models.rave.model import RaveModel

PIECE = 12
"""Frames of a piece: .14 s at 86 frames per second."""

STRIDE = 3
"""Frames between the pieces that are looked at."""

GOING_ON = 0.1
"""How much more similar a piece must be than the one that follows the last piece, to be taken instead."""

LOWEST_NOTE, HIGHEST_NOTE = 40, 95
PARTIALS = (1.0, 0.7, 0.5, 0.35)
N_FFT = 4096
LARGEST_GAIN = 4.0
MOST_RECORDINGS = 40


def pitch_matched_pairs(
    model: RaveModel, with_concept: EncodedRecordings, without: EncodedRecordings, like: str = "*"
) -> tuple[Tensor, Tensor]:
    """Training recordings without the concept, and pieces with it of the same pitches: in place of
    `encoded_recordings.paired_latents` where nothing is parallel."""
    playing = [without.latents[i] for i in without.indices("train")] or without.latents
    train = with_concept.indices("train") or list(range(len(with_concept.paths)))
    alike = [i for i in train if is_like(with_concept.paths[i], like)] or train
    playing = playing[:MOST_RECORDINGS]
    made = pieced_recordings(model, playing, [with_concept.latents[i] for i in alike[:MOST_RECORDINGS]])
    frames = max(z.shape[-1] for z in playing)
    first, second = (
        torch.stack([pad(z, (0, frames - z.shape[-1])) for z in part]) for part in (playing, made)
    )
    return first, second


@torch.no_grad()
def pieced_recordings(model: RaveModel, playing: Sequence[Tensor], concept: Sequence[Tensor]) -> list[Tensor]:
    """For each recording without the concept, latents of pieces with it that have the same pitches.

    Shape: latents `[latents, frames]` each -> as `playing`.
    """
    pool, pool_pitches = [], []
    for z in concept:
        pitches = salience(model, z)
        for start in range(0, z.shape[-1] - PIECE + 1, STRIDE):
            pool.append(z[:, start : start + PIECE])
            pool_pitches.append(pitches[start : start + PIECE])
    pieces, directions = torch.stack(pool), normalize(torch.stack(pool_pitches).flatten(1), dim=1)
    return [_pieced(z, salience(model, z), pieces, directions) for z in playing]


def salience(model: RaveModel, z: Tensor) -> Tensor:
    """How strongly each semitone sounds in each frame, from the decoded sound. `[latents, frames]` -> `[frames, notes]`."""
    rates = model.rates
    sound = model.decode(z.unsqueeze(0))[0].mean(0)
    spectrum = torch.stft(
        sound, N_FFT, rates.ratio, window=torch.hann_window(N_FFT), return_complex=True, pad_mode="constant"
    ).abs()[:, : z.shape[-1]]
    notes = torch.arange(LOWEST_NOTE, HIGHEST_NOTE + 1)
    hertz = 440.0 * 2.0 ** ((notes - 69) / 12)
    total = torch.zeros(spectrum.shape[1], len(notes))
    for number, weight in enumerate(PARTIALS, 1):
        bins = (hertz * number * N_FFT / rates.sample_rate).round().long().clamp(max=N_FFT // 2)
        total += weight * spectrum[bins].T.sqrt()
    return normalize(total - total.mean(1, keepdim=True), dim=1)


def _pieced(z: Tensor, pitches: Tensor, pieces: Tensor, directions: Tensor) -> Tensor:
    """Pieces for one recording; its last frames that fill no piece are silent."""
    made = torch.zeros_like(z)
    follower = -1
    for start in range(0, z.shape[-1] - PIECE + 1, PIECE):
        here = slice(start, start + PIECE)
        likeness = directions @ normalize(pitches[here].flatten(), dim=0)
        best = int(likeness.argmax())
        if 0 <= follower < len(pieces) and likeness[best] - likeness[follower] < GOING_ON:
            best = follower
        level = z[:, here].norm() / pieces[best].norm().clamp(min=1e-9)
        made[:, here] = pieces[best] * level.clamp(max=LARGEST_GAIN)
        follower = best + PIECE // STRIDE
    return made
