"""Mixtures made from recordings with and without a concept, as latents, and what to take out of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from training.data.recordings import load
from training.find.rave.encoded_recordings import EncodedRecordings
from training.metrics.distances import additivity_error
from training.models.rave.model import RaveModel

Mixtures = tuple[list[Tensor], list[Tensor]]
"""Latents of mixtures, and what should be taken out of each: `[latents, frames]` each."""

LOWEST_GAIN, HIGHEST_GAIN = 0.3, 1.5
ALONE_SHARE = 0.15
"""Share of the drawn crops that hold the concept alone; as many hold others alone."""

SECOND_SHARE = 0.3
"""Share of the drawn crops in which two others sound at once; in as many, two recordings of the concept do."""


ADDITIVITY_PAIRS = 4
"""Pairs of recordings that the additivity of the latents is measured on, at most."""


@dataclass(frozen=True)
class TrainingMixtures:
    """Mixtures of training recordings, and what should be taken out of each: latents `[latents, frames]`.

    Attributes:
        additivity_error: of the model's latents, see `measured_additivity`.
        how: what the mixtures were made of.
    """

    mixed: list[Tensor]
    removed: list[Tensor]
    additivity_error: float
    how: str


class MixtureSource(Protocol):
    """Endless crops of mixtures and of what should be taken out of them."""

    def draw(self, count: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Mixtures and what to take out, `[count, latents, frames]` each."""
        ...


@dataclass(frozen=True)
class LatentMixtures:
    """Crops of recordings with and without a concept, added as latents: for a model whose latents add up.

    Each recording is `[latents, frames]`; crops have random gains, and come singly or two at once: two guitars that play
    together are a guitar that no recording holds.
    """

    with_concept: Sequence[Tensor]
    without: Sequence[Tensor]

    def draw(self, count: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Sums of crops with and without the concept, and the crops with it, `[count, latents, frames]` each."""
        removed, others = (
            torch.stack([_some(kind, frames, generator) for _ in range(count)])
            for kind in (self.with_concept, self.without)
        )
        kind = torch.rand(count, generator=generator)
        others[kind < ALONE_SHARE] = 0.0
        removed[kind > 1 - ALONE_SHARE] = 0.0
        return removed + others, removed


@dataclass(frozen=True)
class EncodedMixtures:
    """Crops of mixtures that were encoded as sound: for a model whose latents don't add up.

    `mixed` and `removed` belong together, `[latents, frames]` each.
    """

    mixed: Sequence[Tensor]
    removed: Sequence[Tensor]

    def draw(self, count: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Cuts of the mixtures and of what to take out, `[count, latents, frames]` each."""
        rows = torch.randint(len(self.mixed), (count,), generator=generator).tolist()
        both = [
            _cut(torch.cat([self.mixed[row], self.removed[row]]), frames, generator).chunk(2) for row in rows
        ]
        return torch.stack([mixed for mixed, _ in both]), torch.stack([removed for _, removed in both])


def _some(recordings: Sequence[Tensor], frames: int, generator: torch.Generator) -> Tensor:
    """A crop, or the sum of two."""
    crop = _crop(recordings, frames, generator)
    two = float(torch.rand((), generator=generator)) < SECOND_SHARE
    return crop + _crop(recordings, frames, generator) if two else crop


def _crop(recordings: Sequence[Tensor], frames: int, generator: torch.Generator) -> Tensor:
    """A random crop of a random recording, at a random gain."""
    row = int(torch.randint(len(recordings), (), generator=generator))
    gain = torch.empty(()).uniform_(LOWEST_GAIN, HIGHEST_GAIN, generator=generator)
    return _cut(recordings[row], frames, generator) * gain


def _cut(recording: Tensor, frames: int, generator: torch.Generator) -> Tensor:
    """A random cut of `frames` frames; a shorter recording ends in silence."""
    missing = frames - recording.shape[-1]
    if missing >= 0:
        return pad(recording, (0, missing))
    start = int(torch.randint(-missing + 1, (), generator=generator))
    return recording[:, start : start + frames].clone()


def training_mixtures(
    model: RaveModel,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    count: int,
    sound_count: int,
    additive_below: float,
    seed: int,
) -> TrainingMixtures:
    """Mixtures of training recordings, of their latents where these add up, else of their sound.

    Args:
        recordings: with and without the concept.
        count, sound_count: how many are made of latents, or of sound.
        additive_below: the additivity error up to which latents add up.
    """
    error = measured_additivity(model, *(part.learned_paths()[:ADDITIVITY_PAIRS] for part in recordings))
    generator = torch.Generator().manual_seed(seed)
    if error <= additive_below:
        latents = (recordings[0].learned(), recordings[1].learned())
        mixtures = mixtures_of_latents(latents, count, generator)
        return TrainingMixtures(*mixtures, round(error, 4), "of latents: they add up")
    usable = tuple([part.paths[i] for i in part.indices("train")] or part.paths for part in recordings)
    mixtures = mixtures_of_sound(model, (usable[0], usable[1]), sound_count, generator)
    how = "of sound: this model's latents hardly add up, so separation is limited"
    return TrainingMixtures(*mixtures, round(error, 4), how)


def mixtures_of_latents(
    latents: tuple[list[Tensor], list[Tensor]], count: int, generator: torch.Generator
) -> Mixtures:
    """Sums of latents `[latents, frames]`: free of cost where latents add up."""
    mixed, removed = [], []
    for _ in range(count):
        i, j, gain = _drawn(len(latents[0]), len(latents[1]), generator)
        frames = min(latents[0][i].shape[-1], latents[1][j].shape[-1])
        removed.append(gain * latents[0][i][:, :frames])
        mixed.append(removed[-1] + latents[1][j][:, :frames])
    return mixed, removed


def mixtures_of_sound(
    model: RaveModel, paths: tuple[list[Path], list[Path]], count: int, generator: torch.Generator
) -> Mixtures:
    """Mixtures encoded one by one, for a model whose latents don't add up; what is removed is z(mixture) - z(other)."""
    rates = model.rates
    mixed, removed = [], []
    for _ in range(count):
        i, j, gain = _drawn(len(paths[0]), len(paths[1]), generator)
        first, second = (load(path, rates.sample_rate, rates.channels) for path in (paths[0][i], paths[1][j]))
        samples = min(first.shape[-1], second.shape[-1])
        other = second[:, :samples].unsqueeze(0)
        mixed.append(model.encode(gain * first[:, :samples].unsqueeze(0) + other)[0])
        removed.append(mixed[-1] - model.encode(other)[0])
    return mixed, removed


def _drawn(first: int, second: int, generator: torch.Generator) -> tuple[int, int, float]:
    """Which two recordings to mix, and the first one's gain."""
    i = int(torch.randint(first, (), generator=generator))
    j = int(torch.randint(second, (), generator=generator))
    return i, j, float(torch.empty(()).uniform_(0.5, 1.5, generator=generator))


def measured_additivity(model: RaveModel, with_paths: list[Path], without_paths: list[Path]) -> float:
    """Additivity error of the model's latents on the users' own recordings, mixed one to one."""
    rates = model.rates
    errors = []
    for first_path, second_path in zip(with_paths, without_paths, strict=False):
        first, second = (
            load(path, rates.sample_rate, rates.channels).unsqueeze(0) for path in (first_path, second_path)
        )
        samples = min(first.shape[-1], second.shape[-1])
        first, second = first[..., :samples], second[..., :samples]
        errors.append(
            float(additivity_error(model.encode(first), model.encode(second), model.encode(first + second)))
        )
    return sum(errors) / len(errors)
