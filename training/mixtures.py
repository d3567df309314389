"""Mixtures made from recordings with and without a concept, as latents, and what to take out of each."""

from pathlib import Path

import torch
from torch import Tensor

from training.distances import additivity_error
from training.models.rave import RaveModel
from training.recordings import load

Mixtures = tuple[list[Tensor], list[Tensor]]
"""Latents of mixtures, and what should be taken out of each: `[latents, frames]` each."""


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
