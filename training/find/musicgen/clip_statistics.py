"""Statistics of recordings with and without a concept, by the SAEs of several layers: mean features, variance explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from drawstop.files import sha256_file
from drawstop.progress import Progress
from training.activations.streamed_frames import ModelFrames
from training.data.phrases import deal_kinds
from training.data.recordings import Recording, Split
from training.find.feature_ranking import concept_scores
from training.metrics.auroc import auroc_of_columns
from training.models.protocols import LayeredModel
from training.sae.model import SAE

LEVEL_QUANTILE = 0.9
"""Quantile of a feature's values in a clip that is its level there."""


@dataclass(frozen=True)
class SiteClips:
    """Statistics of recordings by one site's SAE, a row for each recording.

    Attributes:
        features: mean features `[clips, n_features]`.  levels: a high quantile of the features, of the same shape.
        frames: mean normalised frames `[clips, width]`.
        squares: squared norms of z, summed over frames `[clips]`.  errors: the same of what the SAE doesn't explain.
        counts: frames `[clips]`.  active: features above 0, summed over frames `[clips]`.
        fired: `[clips, n_features]` bool.
    """

    features: Tensor
    levels: Tensor
    frames: Tensor
    squares: Tensor
    errors: Tensor
    counts: Tensor
    active: Tensor
    fired: Tensor

    def described(self, clips: Tensor) -> dict[str, float]:
        """FVE, L0 and features that never fire, on some clips `[clips]` bool."""
        counts = self.counts[clips]
        mean = (self.frames[clips] * counts[:, None]).sum(0) / counts.sum()
        variance = self.squares[clips].sum() - counts.sum() * mean.square().sum()
        return {
            "fve": float(1 - self.errors[clips].sum() / variance.clamp(min=1e-12)),
            "l0": float(self.active[clips].sum() / counts.sum()),
            "dead": float((~self.fired[clips].any(0)).sum()),
        }


def clips_in(labels: Tensor, dealt: Sequence[Split], *splits: Split) -> Tensor:
    """Which clips are in some splits, `[clips]` bool; all where a kind has none there.

    Args:
        labels: `[clips]` bool: with the concept.  dealt: each clip's split.
    """
    chosen = torch.tensor([split in splits for split in dealt])
    both = bool((chosen & labels).any()) and bool((chosen & ~labels).any())
    return chosen if both else torch.ones_like(chosen)


@dataclass(frozen=True)
class ClipStatistics:
    """Recordings with and without a concept, and their statistics; those with the concept come first.

    Attributes:
        labels: `[clips]` bool: with the concept.  splits: each clip's split.
        sites: by site, the statistics that its SAE gives.
    """

    recordings: list[Recording]
    labels: Tensor
    splits: list[Split]
    sites: dict[str, SiteClips]

    def of(self, *splits: Split) -> Tensor:
        """See `clips_in`."""
        return clips_in(self.labels, self.splits, *splits)

    def paths(self, with_concept: bool, *splits: Split) -> list[Path]:
        """The files of a kind in some splits."""
        chosen = self.of(*splits) & (self.labels == with_concept)
        return [each.path for each, wanted in zip(self.recordings, chosen.tolist(), strict=True) if wanted]

    def detection(self, site: str) -> dict[str, float]:
        """AUROC by clip of the best feature and of the sum of the five best: chosen on training clips, measured on others."""
        means, train, unseen = self.sites[site].features, self.of("train"), self.of("validation", "test")
        best = concept_scores(means[train], self.labels[train]).topk(min(5, means.shape[1])).indices
        parts = means / means.sum(1, keepdim=True).clamp(min=1e-12)
        scores = torch.stack([parts[:, best[0]], parts[:, best].sum(1)], 1)[unseen]
        one, five = auroc_of_columns(scores, self.labels[unseen]).tolist()
        return {"auroc_best": one, "auroc_five": five}

    def difference(self, site: str) -> Tensor:
        """The mean frame with the concept less the one without it, on training clips, `[width]` in units of z."""
        train, frames = self.of("train"), self.sites[site].frames
        return frames[train & self.labels].mean(0) - frames[train & ~self.labels].mean(0)

    def direction_auroc(self, site: str) -> float:
        """AUROC of held-out clips' mean frames along `difference`."""
        unseen = self.of("validation", "test")
        scores = self.sites[site].frames[unseen] @ self.difference(site)
        return float(auroc_of_columns(scores[:, None], self.labels[unseen])[0])

    def candidates(self, site: str, most: int) -> list[int]:
        """Features that carry more of the training clips with the concept than of the others, the largest difference first."""
        train = self.of("train")
        scores = concept_scores(self.sites[site].features[train], self.labels[train])
        best = scores.topk(min(most, len(scores)))
        return best.indices[best.values > 0].tolist() or best.indices[:1].tolist()


def measure_clips(
    model: LayeredModel,
    saes: Mapping[str, SAE],
    paths: tuple[Sequence[Path], Sequence[Path]],
    seed: int = 0,
    progress: Progress | None = None,
) -> ClipStatistics:
    """Measures recordings with and without a concept, all sites in one pass over each; frames aren't held."""
    recordings = _with_splits(paths, seed)
    frames = ModelFrames(model, recordings, list(saes))
    rows: dict[str, list[SiteClips]] = {site: [] for site in saes}
    for index in range(len(recordings)):
        for site, x in frames.of_recording(index).items():
            rows[site].append(_clip(saes[site], torch.from_numpy(x)))
        if progress:
            progress("reading the layers", index + 1, len(recordings))
    sites = {
        site: SiteClips(
            *(torch.stack([getattr(row, name) for row in each]) for name in SiteClips.__annotations__)
        )
        for site, each in rows.items()
    }
    labels = torch.arange(len(recordings)) < len(paths[0])
    return ClipStatistics(recordings, labels, [each.split for each in recordings], sites)


def _with_splits(paths: tuple[Sequence[Path], Sequence[Path]], seed: int) -> list[Recording]:
    """The recordings with their splits; parallel ones share a split."""
    kinds = [[(path, sha256_file(path)) for path in kind] for kind in paths]
    return [
        Recording(path, label, hash, split)
        for label, kind, splits in zip(("with", "without"), kinds, deal_kinds(kinds, seed), strict=True)
        for (path, hash), split in zip(kind, splits, strict=True)
    ]


@torch.no_grad()
def _clip(sae: SAE, x: Tensor) -> SiteClips:
    """Statistics of one recording's frames `[frames, width]`."""
    z = sae.normalise(x)
    features = sae.encode(z)
    return SiteClips(
        features=features.mean(0),
        levels=torch.maximum(features.quantile(LEVEL_QUANTILE, 0), features.mean(0)),
        frames=z.mean(0),
        squares=z.double().square().sum(),
        errors=(z - sae.decode(features)).double().square().sum(),
        counts=torch.tensor(len(z)),
        active=(features > 0).sum(),
        fired=(features > 0).any(0),
    )
