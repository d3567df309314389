"""Compares a MusicGen's layers on raw frames, without an SAE: how well a concept can be read there, and what adding it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from drawstop.progress import Progress
from training.find.musicgen.clip_statistics import ClipStatistics, SiteClips, measure_clips
from training.find.musicgen.layer_choice import effect_gradients, estimated_effect
from training.find.rave.encoded_recordings import refuse_overlap
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.config import SAEConfig
from training.sae.model import SAE


@dataclass(frozen=True)
class RawLayer:
    """One layer, by the difference of the mean frames with and without the concept on training recordings.

    Attributes:
        auroc: AUROC of held-out recordings' mean frames along it.
        effect_nats: effect of adding it to every frame, on the model's predictions of training recordings: to first
            order, nats per token (`layer_choice.estimated_effect`).
    """

    site: str
    auroc: float
    effect_nats: float


@dataclass(frozen=True)
class RawSweep:
    """All layers.

    Attributes:
        layers: a row each, in the model's order.
        saes: each layer's normalisation as an SAE whose one feature never fires.
        clips: the recordings' statistics by these SAEs.
    """

    layers: list[RawLayer]
    saes: dict[str, SAE]
    clips: ClipStatistics

    def strongest(self, count: int) -> list[str]:
        """The sites with the largest effects, in the model's order."""
        best = sorted(self.layers, key=lambda layer: layer.effect_nats)[-count:]
        return [layer.site for layer in self.layers if layer in best]

    def summary_line(self, count: int) -> str:
        """A line for the user about the `count` layers with the largest effect."""
        most = max(self.layers, key=lambda layer: layer.effect_nats)
        sites, where = ", ".join(self.strongest(count)), f"{most.site} ({1000 * most.effect_nats:.1f}"
        return (
            f"{sites}, of {len(self.layers)} layers those where the difference of means does most to the predictions; most at "
            f"{where} thousandths of a nat a token, AUROC {most.auroc:.2f} on held-out recordings)"
        )


def sweep_raw_layers(
    model: MusicGenLayers,
    paths: tuple[Sequence[Path], Sequence[Path]],
    seed: int = 0,
    progress: Progress | None = None,
) -> RawSweep:
    """Compares all layers by one pass over the recordings, and one backward pass over some of them.

    Args:
        paths: recordings with and without the concept.

    Raises:
        DrawstopError: fewer than two recordings of a kind, or the same in both.
    """
    refuse_overlap(list(paths[0]), list(paths[1]))
    raw = {site: without_features(rates.width) for site, rates in model.sites().items()}
    clips = measure_clips(model, raw, paths, seed, progress)
    saes = {site: fitted(clips, site, sae) for site, sae in raw.items()}
    clips = replace(clips, sites={site: rescaled(clips.sites[site], sae) for site, sae in saes.items()})
    gradients = effect_gradients(model.musicgen, clips, list(saes))
    layers = [
        RawLayer(site, clips.direction_auroc(site), estimated_effect(sae, site, clips, gradients[site]))
        for site, sae in saes.items()
    ]
    return RawSweep(layers, saes, clips)


def without_features(width: int) -> SAE:
    """An SAE whose one feature never fires. It stores the normalisation of a layer that has no SAE."""
    sae = SAE(SAEConfig(width, n_features=1, k=1))
    with torch.no_grad():
        sae.W_enc.zero_()
        sae.b_enc.fill_(-1.0)
    return sae


def fitted(clips: ClipStatistics, site: str, raw: SAE) -> SAE:
    """`without_features` with the mean and the root mean square of a layer's training frames, from statistics of raw ones."""
    train, each = clips.of("train"), clips.sites[site]
    counts = each.counts[train].double()
    mean = (each.frames[train] * counts[:, None]).sum(0) / counts.sum()
    power = each.squares[train].sum() / counts.sum() - mean.square().sum()
    sae = without_features(raw.config.d_in)
    sae.mean.copy_(mean)
    sae.scale.copy_((power / raw.config.d_in).clamp(min=1e-24).sqrt())
    return sae


def rescaled(each: SiteClips, sae: SAE) -> SiteClips:
    """Statistics of raw frames as those of normalised ones."""
    mean, scale = sae.mean.double(), sae.scale.double()
    sums = each.frames.double() * each.counts[:, None]
    squares = (each.squares - 2 * sums @ mean + each.counts * mean.square().sum()) / scale.square()
    return replace(each, frames=sae.normalise(each.frames), squares=squares, errors=squares)


def as_table(layers: Sequence[RawLayer]) -> list[list[str]]:
    """A line of headings, then one for each layer."""
    rows = [[row.site, f"{row.auroc:.3f}", f"{1000 * row.effect_nats:.1f}"] for row in layers]
    return [["layer", "AUROC", "effect, mnat"], *rows]
