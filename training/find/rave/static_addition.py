"""Fitting what a stop brings in, through the decoder.

Latents hold the waveform's phase, which is unknown for a sound that isn't there yet; its spectrum can be known. So the
write vectors u are fitted on the spectral distance of the decoded result to a parallel recording: the same notes, with
the concept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from drawstop.progress import Progress, StepReport, step_report
from training.find.rave.encoded_recordings import EncodedRecordings, paired_latents, parallel_pairs
from training.find.rave.pitch_matched_pairs import pitch_matched_pairs
from training.metrics.distances import spectral_distance
from training.models.rave.model import RaveModel
from training.sae.model import SAE

LEARNING_RATE = 1e-2
CROP_FRAMES = 96  # 1.1 s at 86 frames per second
CAP_PERCENTILE = 0.99
SMALLEST_CAP, LARGEST_CAP = 0.5, 4.0
STATIC_PAIRS = 48
"""Parallel recordings that write vectors are fitted on, at most."""


@dataclass(frozen=True)
class StaticAddition:
    """What a static stop brings in.

    Attributes:
        vectors: u `[n_features, width]`.  cap: see `fit_cap`.
        how: how they were fitted.
        parallel_pairs: pairs of recordings that play the same with and without the concept.
        pairs: latents without and with the concept that a gate can be fitted on, `[pairs, latents, frames]` each: parallel
            recordings, or what takes their place; None where there are neither.
    """

    vectors: Tensor
    cap: float
    how: str
    parallel_pairs: int = 0
    pairs: tuple[Tensor, Tensor] | None = None


def fit_static_addition(
    model: RaveModel,
    sae: SAE,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    like: str,
    steps: int,
    seed: int,
    *,
    pieces: bool,
    progress: Progress | None = None,
) -> StaticAddition:
    """Write vectors from parallel recordings with and without the concept; from the difference of means where there are none.

    Args:
        like: pattern of the file names with the concept that +1 should sound like.
        steps: as `fit_write_vectors` takes them.
        pieces: without parallel recordings, make pairs of pieces of the same pitches for a gate.
    """
    indices = parallel_pairs(*recordings, like)
    if not indices:
        made = pitch_matched_pairs(model, *recordings, like) if pieces else None
        return replace(mean_difference(sae, recordings), pairs=made)
    pairs = paired_latents(*recordings, indices)
    report = step_report(progress, "fitting what is brought in")
    stride = -(-len(pairs[0]) // STATIC_PAIRS)
    sources, targets = pairs[0][::stride], pairs[1][::stride]
    vectors = fit_write_vectors(model, sae, sources, targets, steps, seed, report)
    how = "fitted through the decoder on parallel recordings"
    return StaticAddition(vectors, fit_cap(sae, sources, vectors), how, len(indices), pairs)


def mean_difference(sae: SAE, recordings: tuple[EncodedRecordings, EncodedRecordings]) -> StaticAddition:
    """The difference of mean frames with and without the concept, where no recordings are parallel."""
    with_z, without_z = (torch.cat(part.learned(), 1) for part in recordings)
    vectors = mean_difference_vectors(sae, sae.normalise(with_z.T), sae.normalise(without_z.T))
    cap = fit_cap(sae, without_z.unsqueeze(0), vectors)
    return StaticAddition(vectors, cap, "difference of means (no parallel recordings: weak)")


def fit_write_vectors(
    model: RaveModel,
    sae: SAE,
    sources: Tensor,
    targets: Tensor,
    steps: int,
    seed: int,
    progress: StepReport | None = None,
) -> Tensor:
    """Learns u so that `decode(sum_i f_i u_i)` sounds like the parallel recording.

    u starts at the decoder rows: the write then is the playing itself, so pitch and level are right from the first step.

    Args:
        sources, targets: latents of parallel recordings `[pairs, latents, frames]`: without and with the concept.
        steps: Adam steps; each takes as many crops as the file has voices for, four at most.

    Returns:
        u `[n_features, width]`, in units of z, levelled to the targets.
    """
    generator = torch.Generator().manual_seed(seed)
    vectors = sae.W_dec.detach().clone().requires_grad_(True)
    optimizer = torch.optim.Adam([vectors], LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
    crop = min(CROP_FRAMES, sources.shape[-1])
    batch = min(4, model.voices())
    for step in range(steps):
        source, target = random_crops((sources, targets), batch, crop, generator)
        with torch.no_grad():
            features = sae.encode(sae.normalise(source.transpose(1, 2)))
            wanted = model.decode(target).detach()
        made = model.decode(written(features, vectors, sae))
        loss = spectral_distance(made.flatten(0, 1), wanted.flatten(0, 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if progress:
            progress(step + 1, steps)
    model.reset()
    return levelled(model, sae, sources, targets, vectors.detach())


def written(features: Tensor, vectors: Tensor, sae: SAE) -> Tensor:
    """The latents that write vectors add. `[batch, frames, n_features]` -> `[batch, latents, frames]`."""
    return (features @ vectors * sae.scale).transpose(1, 2)


@torch.no_grad()
def levelled(model: RaveModel, sae: SAE, sources: Tensor, targets: Tensor, vectors: Tensor) -> Tensor:
    """u times the gain that gives the decoded writing the targets' level, over all pairs."""
    energy_made, energy_wanted = torch.zeros(()), torch.zeros(())
    for source, target in zip(sources.split(model.voices()), targets.split(model.voices()), strict=True):
        features = sae.encode(sae.normalise(source.transpose(1, 2)))
        energy_made += model.decode(written(features, vectors, sae)).square().sum()
        energy_wanted += model.decode(target).square().sum()
    levelled_vectors = vectors * (energy_wanted / energy_made.clamp(min=1e-12)).sqrt()
    return levelled_vectors.half().float()  # a bank stores them in half the space, bit for bit


@torch.no_grad()
def fit_cap(sae: SAE, sources: Tensor, vectors: Tensor) -> float:
    """A cap that what is brought in on the training recordings rarely reach, as a multiple of the frame's norm."""
    z = sae.normalise(sources.transpose(1, 2)).flatten(0, 1)
    ratios = (sae.encode(z) @ vectors).norm(dim=-1) / z.norm(dim=-1).clamp(min=1e-6)
    loud = z.norm(dim=-1) > 0.05 * z.norm(dim=-1).max()
    return float(ratios[loud].quantile(CAP_PERCENTILE).clamp(SMALLEST_CAP, LARGEST_CAP))


def mean_difference_vectors(sae: SAE, with_z: Tensor, without_z: Tensor) -> Tensor:
    """Writes without parallel recordings: the difference of mean frames, as loud as the features (difference of means).

    Every feature adds the same direction, so what is added follows the level of the playing and nothing else.

    Shape: normalised frames `[frames, width]` each -> `[n_features, width]`.
    """
    difference = unit_level_mean(with_z) - unit_level_mean(without_z)
    level = without_z.norm(dim=-1).mean() / sae.encode(without_z).sum(-1).mean().clamp(min=1e-12)
    return (difference / difference.norm().clamp(min=1e-12) * level).expand(sae.config.n_features, -1).clone()


def unit_level_mean(z: Tensor) -> Tensor:
    """Mean frame after every frame was brought to norm 1 (silent ones left out). `[frames, width]` -> `[width]`."""
    norm = z.norm(dim=-1, keepdim=True)
    loud = norm.squeeze(-1) > 0.05 * norm.max()
    return (z[loud] / norm[loud]).mean(0)


def random_crops(
    parallel: tuple[Tensor, Tensor], count: int, length: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The same random crops of two stacks of recordings.

    Shape: `[recordings, latents, frames]` twice -> `[count, latents, length]` twice.
    """
    first, second = parallel
    rows = torch.randint(len(first), (count,), generator=generator).tolist()
    starts = torch.randint(first.shape[-1] - length + 1, (count,), generator=generator).tolist()
    cuts = [(row, slice(None), slice(start, start + length)) for row, start in zip(rows, starts, strict=True)]
    return torch.stack([first[cut] for cut in cuts]), torch.stack([second[cut] for cut in cuts])
