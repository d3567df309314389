"""Clips of recordings that no fitting step saw, and mixtures made of them: what a finished stop is measured on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.errors import DrawstopError
from training.data.clips import as_loud, clip_samples, loud
from training.data.recordings import load
from training.models.rave.batches import encode_clips
from training.models.rave.model import RaveModel

MOST_CLIPS = 24
"""Clips of a kind, dealt evenly among its recordings."""


@dataclass(frozen=True)
class UnseenClips:
    """Latents `[clips, latents, frames]`, and the sound `[clips, channels, samples]` they were encoded from.

    Attributes:
        solos, others: with and without the concept.
        mixtures_without: two recordings without it at once; may be empty.
        mixtures: one with, one without, equally loud; `wanted` and `rest` are the two parts' own latents.
        recordings: how many with and without there are.
    """

    solos: Tensor
    others: Tensor
    mixtures_without: Tensor
    mixtures: Tensor
    wanted: Tensor
    rest: Tensor
    sounds: Tensor
    labels: Tensor
    recordings: tuple[int, int]


def unseen_clips(
    model: RaveModel, with_paths: list[Path], without_paths: list[Path], seed: int
) -> UnseenClips:
    """Cuts unseen recordings into clips, mixes them as sound and encodes all of it.

    Raises:
        DrawstopError: nothing but silence in the recordings of a kind.
    """
    generator = torch.Generator().manual_seed(seed + 2)
    solos, others = (_clips(model, paths) for paths in (with_paths, without_paths))
    for clips, kind in ((solos, "with"), (others, "without")):
        if not len(clips):
            raise DrawstopError(f"the unseen recordings {kind} the concept hold nothing but silence")
    pairs = _pairs(len(solos), len(others), generator)
    rest = others[[j for _, j in pairs]]
    wanted = as_loud(solos[[i for i, _ in pairs]], rest)
    drawn = [pair for pair in _pairs(len(others), len(others), generator) if pair[0] < pair[1]]
    first = others[[i for i, _ in drawn]]
    mixtures_without = first + as_loud(others[[j for _, j in drawn]], first)
    mixtures = wanted + rest
    sounds = torch.cat([solos, mixtures, others, mixtures_without])
    labels = torch.arange(len(sounds)) < len(solos) + len(mixtures)
    return UnseenClips(
        solos=encode_clips(model, solos),
        others=encode_clips(model, others),
        mixtures_without=encode_clips(model, mixtures_without),
        mixtures=encode_clips(model, mixtures),
        wanted=encode_clips(model, wanted),
        rest=encode_clips(model, rest),
        sounds=sounds,
        labels=labels[:, None].float(),
        recordings=(len(with_paths), len(without_paths)),
    )


def _clips(model: RaveModel, paths: list[Path]) -> Tensor:
    """`[clips, channels, samples]`, silent ones left out; a recording's short end is dropped if it isn't all there is."""
    length, chosen = clip_samples(model), []
    most = max(1, MOST_CLIPS // len(paths))
    for path in paths:
        audio = load(path, model.rates.sample_rate, model.rates.channels)
        if audio.shape[-1] < length:
            audio = pad(audio, (0, length - audio.shape[-1]))
        clips = audio.unfold(1, length, length).transpose(0, 1)
        clips = clips[loud(clips)]
        indices = torch.linspace(0, max(0, len(clips) - 1), min(most, len(clips))).round().long()
        chosen.append(clips[indices])
    return torch.cat(chosen)


def _pairs(first: int, second: int, generator: torch.Generator) -> list[tuple[int, int]]:
    """At most MOST_CLIPS different pairs, drawn at random."""
    every = list(itertools.product(range(first), range(second)))
    order = torch.randperm(len(every), generator=generator).tolist()
    return [every[index] for index in order[:MOST_CLIPS]]
