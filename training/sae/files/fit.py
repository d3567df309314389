"""Converts another library's SAE to a model's frames and measures it on them, or refuses it with the reason."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.progress import StepReport
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import Split
from training.sae.config import TrainingMetrics
from training.sae.files.foreign import ForeignSAE
from training.sae.files.read import read_foreign, weights_file
from training.sae.model import SAE
from training.sae.train import measure

MEASURED_FRAMES = 8192
"""Frames of each split that an SAE is measured on, at least, if there are so many; whole recordings."""
LEAST_EXPLAINED = 0.25
"""With less variance explained, an SAE is refused: SAEs of another site explain 0 or less."""
WELL_EXPLAINED = 0.6
"""If it explains less than this, but more than this with another factor, it was trained on frames of that scale."""
AS_MUCH = 0.03
"""Fractions of variance this close count as equal."""
SMALLER = 1 / 4
"""If a factor below this share of the one in use explains as much with half the features, the thresholds belong to
frames of another scale."""
_TRIED_FRAMES = 1024
_FACTORS = 2.0 ** np.arange(-10, 10.5, 0.5)
_SITE = re.compile(r"(?:^|[.\s])((?:layers|encoder|decoder)\.\d+|latent)(?= of |$)")


def site_of(foreign: ForeignSAE, sites: Collection[str], wanted: str | None) -> str:
    """The site of an SAE: what was asked for, else what its file names, else the only one there or the latent.

    Raises:
        DrawstopError: the file names another site, or nothing says which.
    """
    named = _SITE.search(foreign.hook)
    site = named.group(1) if named and named.group(1) in sites else None
    if wanted is not None and site is not None and wanted != site:
        raise DrawstopError(
            f"the file says that this SAE was trained at {foreign.hook}, expected {wanted}: give --site {site}, or the file of "
            f"{wanted}"
        )
    chosen = wanted or site or ("latent" if "latent" in sites else None)
    if chosen is None or chosen not in sites:
        said = f"; the file says {foreign.hook}" if foreign.hook else ""
        raise DrawstopError(f"expected --site, one of {', '.join(sites)}, got {wanted or 'none'}{said}")
    return chosen


def fitted(
    path: Path, frames: ModelFrames, times: float | None = None, progress: StepReport | None = None
) -> SAE:
    """The SAE at a path for the one site of `frames`, with metrics. Features keep the numbers that its library gives.

    Args:
        times: factor for the frames before the SAE's encoder; None: 1, unless the file says that a factor is missing.

    Raises:
        DrawstopError: as `read_foreign`; an SAE of another width; one that doesn't explain these frames.
    """
    (site, width), foreign = next(iter(frames.widths.items())), read_foreign(path)
    if foreign.d_in != width:
        raise DrawstopError(
            f"{path} is an SAE of frames of {foreign.d_in} numbers{_of(foreign)}, but {site} of this model has {width}: "
            "expected one that was trained on this model and site"
        )
    x = sampled(frames, "train", progress)
    if foreign.unscaled and times is None:
        raise DrawstopError(
            f"{path} was trained on frames scaled to a mean length of √{width}, and the factor isn't in its weights "
            f"(normalize_activations expected_average_only_in): give --times {_average_only(x):.4g}, which does that to these "
            "frames, or fold the training's own in (fold_activation_norm_scaling_factor) and save it again"
        )
    factor = 1.0 if times is None else times
    mean = x.double().mean(0) if frames.model.centred else torch.zeros(width, dtype=torch.float64)
    scale = float((x.double() - mean).square().mean().sqrt())
    if not scale > 0:
        raise DrawstopError("expected frames that vary, got silence: give recordings of what the model plays")
    sae = foreign.as_ours(mean, scale, factor, frames.model.centred)
    explained, l0, fired = measure(sae, sae.normalise(x))
    _refuse_unfit(path, foreign, x, Factor(factor, explained, l0), times is not None)
    if foreign.k is None:
        sae.config = replace(sae.config, k=min(max(1, round(l0)), foreign.n_features))
    held_out = sampled(frames, "validation", progress)
    validation = measure(sae, sae.normalise(held_out))[0] if len(held_out) else None
    dead = foreign.n_features - int(fired.sum())
    sae.metrics = TrainingMetrics(explained, validation, l0, dead, dead / foreign.n_features, steps=0)
    return sae


def described(path: Path, times: float | None) -> dict[str, Any]:
    """Where an imported SAE comes from, for a bank's provenance."""
    foreign = read_foreign(path)
    return {
        "library": foreign.library,
        "architecture": foreign.architecture,
        "hook": foreign.hook or "not said",
        "times": 1.0 if times is None else times,
        "sha256": sha256_file(weights_file(path)),
    }


def sampled(frames: ModelFrames, split: Split, progress: StepReport | None = None) -> Tensor:
    """At least `MEASURED_FRAMES` frames of a split, from whole recordings in an order given by their hashes; fewer
    where there are fewer. `[frames, width]`"""
    recordings = [i for i, each in enumerate(frames.recordings) if each.split == split]
    recordings.sort(key=lambda i: hashlib.sha256(frames.recordings[i].hash.encode()).hexdigest())
    site, taken, rows = next(iter(frames.widths)), [], 0
    for index in recordings:
        if rows >= MEASURED_FRAMES:
            break
        taken.append(torch.from_numpy(frames.of_recording(index)[site]))
        rows += len(taken[-1])
        if progress is not None:
            progress(min(rows, MEASURED_FRAMES), MEASURED_FRAMES)
    return torch.cat(taken) if taken else torch.zeros(0, frames.widths[site])


@dataclass(frozen=True)
class Factor:
    """What an SAE explains of frames that are multiplied by a factor, with how many features in a frame."""

    times: float
    explained: float
    l0: float


def factors(foreign: ForeignSAE, x: Tensor) -> list[Factor]:
    """Factors for frames `[frames, d_in]` by steps of √2, and what an SAE explains with each, rising."""
    x, zeros = x[:: -(-len(x) // _TRIED_FRAMES)], torch.zeros(foreign.d_in)
    tried = []
    for times in map(float, _FACTORS):
        explained, l0, _ = measure(foreign.as_ours(zeros, 1.0, times), x)
        tried.append(Factor(times, explained, l0))
    return tried


def _average_only(x: Tensor) -> float:
    """The factor that brings frames to a mean length of √d_in: SAELens's `expected_average_only_in`."""
    return float(x.shape[1] ** 0.5 / x.norm(dim=1).mean().clamp(min=1e-12))


def _refuse_unfit(path: Path, foreign: ForeignSAE, x: Tensor, found: Factor, is_given: bool) -> None:
    """Refuses an SAE that doesn't explain these frames, or only by letting far more features through than at a smaller scale.

    Args:
        found: what it explains with the factor in use.
        is_given: the user gave the factor, so its scale is intended.
    """
    tried = factors(foreign, x)
    best = max(tried, key=lambda each: each.explained)
    what = f"{path} explains {found.explained:.2f} of these frames' variance"
    if found.explained < WELL_EXPLAINED < best.explained:
        raise DrawstopError(
            f"{what}, and {best.explained:.2f} where they are multiplied by {best.times:.4g}: it was trained on frames of "
            f"another scale; give --times {best.times:.4g}, or what your training multiplied by"
        )
    if found.explained < LEAST_EXPLAINED:
        raise DrawstopError(
            f"{what} (the frames' mean alone: 0){_of(foreign)}: it was trained on another model, another site, or frames "
            "normalised otherwise; expected one of this model's own frames"
        )
    enough = next(each for each in tried if each.explained >= best.explained - AS_MUCH)
    if not is_given and enough.times < SMALLER * found.times and enough.l0 < found.l0 / 2:
        raise DrawstopError(
            f"{what} with {found.l0:.0f} features a frame, and as much with {enough.l0:.0f} where they are multiplied by "
            f"{enough.times:.4g}: its thresholds are those of frames of another scale; give --times, what your training "
            "multiplied by, or --times 1 where it multiplied by nothing"
        )


def _of(foreign: ForeignSAE) -> str:
    return f" ({foreign.library} says: {foreign.hook})" if foreign.hook else ""
