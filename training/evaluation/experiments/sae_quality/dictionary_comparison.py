"""Compares two dictionaries of the same frames: features found again by another seed, and split in a wider one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.sae.model import SAE

MATCHED_COSINE = 0.7
"""|cosine| from which two features count as the same; the curve shows all others."""
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(4, 21))
_CONTROL_STREAM = 0x57AB  # so that no SAE of the same seed began with the control's directions
TOGETHER = 0.5
"""A child fires with its parent in at least this share of the frames in which it fires."""


@dataclass(frozen=True)
class Stability:
    """How many of one dictionary's features another one has.

    Attributes:
        cosines: each compared feature's |cosine| with its partner in the best one-to-one matching, descending.
        shared: share of them of at least MATCHED_COSINE.
        chance: the same share for as many random directions.
        chance_frames: the same share for the directions of as many randomly drawn frames.
        features: how many features were compared: those that fire.
    """

    cosines: Tensor
    shared: float
    chance: float
    chance_frames: float
    features: int

    def shared_at(self, cosine: float) -> float:
        """Share of the features matched at least so well."""
        return _share(self.cosines, cosine)


@dataclass(frozen=True)
class Splitting:
    """How a narrow dictionary's features appear in a wide one of the same frames. Shares of the features that fire.

    A wide feature is a child of the narrow feature that it is nearest to, where their |cosine| is at least MATCHED_COSINE.

    Attributes:
        lost, kept, split: shares of the narrow features with no child, one, two or more.
        children: mean number of children of a split feature, 0 where there is none.
        new: share of the wide features that are no feature's child.
        together: share of the children that fire with their parent, at least in TOGETHER of the frames in which they fire.
        covered: the share of a split feature's frames in which one of its children fires, the mean over split features.
        narrow, wide: how many features fire in each dictionary.
    """

    lost: float
    kept: float
    split: float
    children: float
    new: float
    together: float
    covered: float
    narrow: int
    wide: int


def matched_cosines(rows: Tensor, others: Tensor) -> Tensor:
    """|cosine| of each pair of the best one-to-one matching (Hungarian; the sum is largest), descending.

    Shape: rows `[n, width]`, others `[m, width]` -> `[min(n, m)]`.
    """
    from scipy.optimize import linear_sum_assignment

    cosines = _cosines(rows, others).abs()
    matched, partners = linear_sum_assignment(cosines.numpy(), maximize=True)
    return cosines[torch.from_numpy(matched), torch.from_numpy(partners)].sort(descending=True).values


def stability(sae: SAE, other: SAE, frames: Sequence[Tensor], seed: int = 0) -> Stability:
    """How many features of one SAE are found by another, trained from another seed.

    Args:
        frames: some recordings', `[frames, width]` each; features that fire in them are compared.
    """
    rows, others = (each.W_dec.detach()[fires(each, frames)] for each in (sae, other))
    rng = np.random.default_rng([seed, _CONTROL_STREAM])
    random = torch.from_numpy(rng.standard_normal(others.shape)).float()
    x = torch.cat(list(frames))
    drawn = x[torch.from_numpy(rng.integers(len(x), size=len(others)))]
    cosines = matched_cosines(rows, others)
    return Stability(
        cosines,
        _share(cosines, MATCHED_COSINE),
        _share(matched_cosines(rows, random), MATCHED_COSINE),
        _share(matched_cosines(rows, sae.normalise(drawn)), MATCHED_COSINE),
        len(rows),
    )


@torch.no_grad()
def splitting(narrow: SAE, wide: SAE, frames: Sequence[Tensor]) -> Splitting:
    """Follows a narrow SAE's features into a wide one, by direction and by firing together on `[frames, width]` each."""
    alive = [fires(each, frames) for each in (narrow, wide)]
    cosines = _cosines(*(each.W_dec[live] for each, live in zip((narrow, wide), alive, strict=True))).abs()
    nearest = cosines.max(dim=0)
    is_child = nearest.values >= MATCHED_COSINE
    children = torch.zeros(cosines.shape, dtype=torch.bool)
    children[nearest.indices[is_child], is_child.nonzero()[:, 0]] = True
    both, parents, covered, own = _together(narrow, wide, alive, children, frames)
    counts = children.sum(1)
    split = counts >= 2
    of_child = is_child.nonzero()[:, 0]
    share_with = both[nearest.indices[of_child], of_child] / own[of_child]
    return Splitting(
        lost=_mean(counts == 0),
        kept=_mean(counts == 1),
        split=_mean(split),
        children=float(counts[split].float().mean()) if split.any() else 0.0,
        new=_mean(~is_child),
        together=_mean(share_with >= TOGETHER),
        covered=float((covered[split] / parents[split]).mean()) if split.any() else 0.0,
        narrow=cosines.shape[0],
        wide=cosines.shape[1],
    )


@torch.no_grad()
def fires(sae: SAE, frames: Sequence[Tensor]) -> Tensor:
    """Which features fire in some frames `[frames, width]` each: bool `[n_features]`."""
    fired = torch.zeros(sae.config.n_features, dtype=torch.bool)
    for x in frames:
        fired |= (sae.encode(sae.normalise(x)) > 0).any(0)
    return fired


def _together(
    narrow: SAE, wide: SAE, alive: list[Tensor], children: Tensor, frames: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Frames in which both fire `[narrow, wide]`, a narrow one does `[narrow]`, it and any of its children do `[narrow]`, a
    wide one does `[wide]`."""
    both = torch.zeros(children.shape, dtype=torch.float64)
    parents, covered = torch.zeros(2, len(children), dtype=torch.float64)
    own = torch.zeros(children.shape[1], dtype=torch.float64)
    for x in frames:
        first, second = (
            (each.encode(each.normalise(x)) > 0)[:, live].float()
            for each, live in zip((narrow, wide), alive, strict=True)
        )
        both += first.T @ second
        parents += first.sum(0)
        covered += (first * (second @ children.T.float() > 0)).sum(0)
        own += second.sum(0)
    return both, parents, covered, own


def _cosines(rows: Tensor, others: Tensor) -> Tensor:
    return functional.normalize(rows, dim=1) @ functional.normalize(others, dim=1).T


def _share(cosines: Tensor, cosine: float) -> float:
    return _mean(cosines >= cosine)


def _mean(chosen: Tensor) -> float:
    return float(chosen.float().mean()) if len(chosen) else 0.0
