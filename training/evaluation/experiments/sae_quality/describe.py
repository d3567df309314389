"""How well an SAE describes frames: variance explained, sparsity, and how often its features fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.errors import DrawstopError
from training.evaluation.playback.edits import random_sae
from training.metrics.bootstrap import Estimate, Values, interval
from training.sae.model import SAE

_CONTROL_STREAM = 0x4A2D  # so that no SAE of the same seed began with these directions
DENSITIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Shares of the frames at which the density curve is evaluated."""


@dataclass(frozen=True)
class Described:
    """An SAE's reconstruction of recordings.

    Attributes:
        explained: fraction of variance explained, all frames together, about their common mean; bootstrapped over recordings.
        l0: active features per frame, on average.
        dead: how many of the `features` fire in none of the frames.
        density: the share of the frames in which each feature fires, `[features]`.
        frames: how many were measured.
    """

    explained: Estimate
    l0: float
    dead: int
    features: int
    density: Tensor
    frames: int

    def denser_than(self, share: float) -> float:
        """Share of the features that fire in more than this share of the frames."""
        return float((self.density > share).float().mean())


@torch.no_grad()
def describe(sae: SAE, frames: Sequence[Tensor], seed: int = 0) -> Described:
    """Measures an SAE on recordings' frames `[frames, width]` each, preferably recordings that it wasn't trained on.

    Raises:
        DrawstopError: no frames, or frames of another width.
    """
    require_frames(sae, frames)
    counts = np.array([len(x) for x in frames])
    mean = torch.cat([x.double().sum(0, keepdim=True) for x in frames]).sum(0) / counts.sum()
    errors, totals, active = [], [], 0
    fired = torch.zeros(sae.config.n_features, dtype=torch.float64)
    for x in frames:
        features = sae.encode(sae.normalise(x))
        errors.append(float((sae.denormalise(sae.decode(features)) - x).double().square().sum()))
        totals.append(float((x.double() - mean).square().sum()))
        active += int((features > 0).sum())
        fired += (features > 0).sum(0)
    explained = _explained(np.array(errors), np.array(totals), seed)
    density = (fired / int(counts.sum())).float()
    dead = int((fired == 0).sum())
    return Described(
        explained, active / int(counts.sum()), dead, sae.config.n_features, density, int(counts.sum())
    )


@torch.no_grad()
def clip_means(sae: SAE, frames: Sequence[Tensor]) -> Tensor:
    """Mean features of each recording: frames `[frames, width]` each -> `[recordings, n_features]`."""
    require_frames(sae, frames)
    return torch.stack([sae.encode(sae.normalise(x)).mean(0) for x in frames])


def control(sae: SAE, seed: int = 0) -> SAE:
    """The control: an SAE with random directions."""
    rows = np.random.default_rng([seed, _CONTROL_STREAM]).standard_normal(sae.W_dec.shape)
    return random_sae(sae, sae.config.seed, torch.from_numpy(rows).float())


def require_frames(sae: SAE, frames: Sequence[Tensor]) -> None:
    """Raises DrawstopError unless there are recordings, and each has frames `[frames, d_in]`."""
    if not len(frames):
        raise DrawstopError("expected frames of at least one recording, got none: add recordings")
    for x in frames:
        if x.ndim != 2 or x.shape[1] != sae.config.d_in or not len(x):
            raise DrawstopError(
                f"expected frames [frames, {sae.config.d_in}] of each recording, got {list(x.shape)}"
            )


def _explained(errors: Values, totals: Values, seed: int) -> Estimate:
    """1 - error / variance, with a bootstrap interval over recordings."""

    def statistic(indices: NDArray[np.int64]) -> float:
        total = totals[indices].sum()
        return float(1 - errors[indices].sum() / total) if total > 0 else float("nan")

    return interval(statistic, len(errors), seed=seed)
