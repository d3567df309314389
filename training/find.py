"""Finding a concept that the user specifies: from recordings with and without it to a calibrated stop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.base.errors import DrawstopError
from drawstop.base.files import sha256_file
from training.candidates import held_out_auroc
from training.mixtures import measured_additivity, mixtures_of_latents, mixtures_of_sound
from training.models.rave import RaveModel
from training.recordings import load, split_of
from training.sae.model import SAE
from training.shares import fit_shares, share_of_energy
from training.stops import Stop, make_slug
from training.writes import direction_writes, fit_cap, fit_writes

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all."""


@dataclass(frozen=True)
class FindOptions:
    """How a stop is fitted."""

    seed: int = 0
    """Of mixtures, crops and splits."""
    mixtures: int = 96
    """Mixtures made from the recordings for the shares."""
    sound_mixtures: int = 24
    """Mixtures where they must be made of sound and encoded one by one."""
    sparsity: float = 1e-3
    """Larger: fewer features, a larger error (see `fit_shares`)."""
    on_steps: int = 150
    """Steps of the fit through the decoder, where parallel recordings exist."""
    additive_below: float = 0.05
    """Additivity error under which mixtures are made of latents; else of sound."""


def find_stop(
    model: RaveModel,
    sae: SAE,
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: FindOptions | None = None,
    progress: Progress | None = None,
) -> Stop:
    """Fits a static stop.

    The shares (-1) are fitted on mixtures that are made here: a recording with, one without; the one without is the target.
    The writes (+1) are fitted through the decoder where the same file name lies in both folders (the same
    notes, with and without the concept), else the difference of means stands in, and the figures say so.
    Recordings of the test split (by hash) only measure.

    Raises:
        DrawstopError: fewer than two recordings of a kind, or the same recording in both.
    """
    options = options or FindOptions()
    refuse_overlap(with_paths, without_paths)
    with_z = _encode_all(model, with_paths, "listening to recordings with", progress)
    without_z = _encode_all(model, without_paths, "listening to recordings without", progress)
    figures: dict[str, Any] = {"recordings_with": len(with_paths), "recordings_without": len(without_paths)}
    figures.update(_detection(sae, with_paths, without_paths, with_z, without_z, options.seed))
    used_with = _not_test(with_paths, with_z, options.seed)
    used_without = _not_test(without_paths, without_z, options.seed)
    shares = _shares(model, sae, (with_paths, without_paths), (used_with, used_without), options, figures)
    writes, cap = _writes(
        model, sae, (with_paths, without_paths), (with_z, without_z), options, figures, progress
    )
    figures["features"] = int((shares > 0.01).sum())
    return Stop(name, make_slug(name), "static", shares, writes, cap, figures)


def refuse_overlap(with_paths: list[Path], without_paths: list[Path]) -> None:
    """Raises DrawstopError where there is too little to learn from, or one recording counts as both."""
    for paths, kind in ((with_paths, "with"), (without_paths, "without")):
        if len(paths) < 2:
            raise DrawstopError(
                f"expected two recordings or more {kind} the concept, got {len(paths)}: ten are a good start"
            )
    both = {sha256_file(path) for path in with_paths} & {sha256_file(path) for path in without_paths}
    if both:
        raise DrawstopError(
            f"{len(both)} recording(s) lie in both folders: a recording either has the concept or hasn't"
        )


def _encode_all(model: RaveModel, paths: list[Path], what: str, progress: Progress | None) -> list[Tensor]:
    latents = []
    for index, path in enumerate(paths):
        audio = load(path, model.rates.sample_rate, model.rates.channels)
        latents.append(model.encode(audio.unsqueeze(0))[0])
        if progress:
            progress(what, index + 1, len(paths))
    return latents


def _features(sae: SAE, z: Tensor) -> Tensor:
    """Latents `[latents, frames]` -> features `[frames, n_features]`."""
    with torch.no_grad():
        return sae.encode(sae.normalise(z.T))


def _detection(
    sae: SAE,
    with_paths: list[Path],
    without_paths: list[Path],
    with_z: list[Tensor],
    without_z: list[Tensor],
    seed: int,
) -> dict[str, Any]:
    """How well features chosen on the training recordings detect the concept on the others."""
    means = torch.stack([_features(sae, z).mean(0) for z in [*with_z, *without_z]])
    labels = torch.arange(len(means)) < len(with_z)
    held_out = torch.tensor([_split(path, seed) != "train" for path in [*with_paths, *without_paths]])
    return {
        "held_out_auroc": round(held_out_auroc(means, labels, ~held_out), 4),
        "held_out_recordings": int(held_out.sum()),
    }


def _split(path: Path, seed: int) -> str:
    return split_of(sha256_file(path), seed)


def _not_test(paths: list[Path], items: list[T], seed: int) -> list[T]:
    """The items whose recordings aren't in the test split; all of them where that leaves none."""
    return [item for path, item in zip(paths, items, strict=True) if _split(path, seed) != "test"] or items


def _shares(
    model: RaveModel,
    sae: SAE,
    paths: tuple[list[Path], list[Path]],
    latents: tuple[list[Tensor], list[Tensor]],
    options: FindOptions,
    figures: dict[str, Any],
) -> Tensor:
    """Mixtures, solos with and solos without, as one least-squares problem; each third weighs the same."""
    error = measured_additivity(model, paths[0][:4], paths[1][:4])
    figures["additivity_error"] = round(error, 4)
    generator = torch.Generator().manual_seed(options.seed)
    if error > options.additive_below:
        figures["mixtures"] = "of sound: this model's latents hardly add up, so separation is limited"
        usable = (_not_test(paths[0], paths[0], options.seed), _not_test(paths[1], paths[1], options.seed))
        mixed, removed = mixtures_of_sound(model, usable, options.sound_mixtures, generator)
    else:
        figures["mixtures"] = "of latents: they add up"
        mixed, removed = mixtures_of_latents(latents, options.mixtures, generator)
    parts = [
        (torch.cat(mixed, 1), torch.cat(removed, 1)),
        (torch.cat(latents[0], 1), torch.cat(latents[0], 1)),
        (torch.cat(latents[1], 1), torch.zeros_like(torch.cat(latents[1], 1))),
    ]
    features, targets = [], []
    for source, target in parts:
        weight = 1.0 / sae.normalise(source.T).square().sum().sqrt()
        features.append(_features(sae, source) * weight)
        targets.append(target.T / sae.scale * weight)
    decoder = sae.W_dec.detach()
    shares = fit_shares(torch.cat(features), torch.cat(targets), decoder, options.sparsity)
    figures["taken_in_mixtures"] = round(share_of_energy(features[0], targets[0], decoder, shares), 4)
    figures["taken_alone"] = round(share_of_energy(features[1], targets[1], decoder, shares), 4)
    touched = ((features[2] * shares) @ decoder).square().sum()  # the solos without weigh 1 in all
    figures["others_touched"] = round(float(touched), 4)
    return shares


def _writes(
    model: RaveModel,
    sae: SAE,
    paths: tuple[list[Path], list[Path]],
    latents: tuple[list[Tensor], list[Tensor]],
    options: FindOptions,
    figures: dict[str, Any],
    progress: Progress | None,
) -> tuple[Tensor, float]:
    pairs = parallel_pairs(paths, options.seed)
    figures["parallel_pairs"] = len(pairs)
    if not pairs:
        figures["on"] = "difference of means (no parallel recordings: weak)"
        with_z, without_z = (sae.normalise(torch.cat(part, 1).T) for part in latents)
        writes = direction_writes(sae, with_z, without_z)
        return writes, fit_cap(sae, torch.cat(latents[1], 1).unsqueeze(0), writes)
    figures["on"] = "fitted through the decoder on parallel recordings"
    frames = max(z.shape[-1] for z in (*latents[0], *latents[1]))
    targets = torch.stack([pad(latents[0][i], (0, frames - latents[0][i].shape[-1])) for i, _ in pairs])
    sources = torch.stack([pad(latents[1][j], (0, frames - latents[1][j].shape[-1])) for _, j in pairs])
    report = (lambda done, total: progress("fitting what is brought in", done, total)) if progress else None
    writes = fit_writes(model, sae, sources, targets, options.on_steps, options.seed, report)
    return writes, fit_cap(sae, sources, writes)


def parallel_pairs(paths: tuple[list[Path], list[Path]], seed: int) -> list[tuple[int, int]]:
    """Indices of recordings with and without that share a file name, the test split left out."""
    return [
        (i, j)
        for i, with_path in enumerate(paths[0])
        for j, without_path in enumerate(paths[1])
        if with_path.stem == without_path.stem
        and "test" not in (_split(with_path, seed), _split(without_path, seed))
    ]
