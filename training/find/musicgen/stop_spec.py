"""A stop at one layer: from SAE features, or, for comparison, from the difference of means or at random."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.banks.stop import Stop, make_slug
from training.find.musicgen.clip_statistics import ClipStatistics
from training.sae.model import SAE

LayerKind = Literal["static", "direction", "random", "random-direction"]
CONTROLS: dict[LayerKind, LayerKind] = {
    "static": "random", "direction": "random-direction",
    "random": "random", "random-direction": "random-direction",
}  # fmt: skip
"""The control of each kind: made the same way and of the same size, but drawn at random."""
DIRECTIONS: tuple[LayerKind, ...] = ("direction", "random-direction")
"""Kinds that add and subtract one direction, and read no feature."""

CAP = 1.0
"""Largest norm of what is added, as a multiple of the frame's: beyond it the sound breaks before the concept comes."""


@dataclass(frozen=True)
class StopSpec:
    """What a layer's stop is made of.

    Attributes:
        features: indices of the features, the strongest first.
        off, on: strengths at -1 and +1 in units of the features' own levels where the concept sounds (of a direction: of
            the difference of means). At -1 the features are taken away first; `off` is what is pushed beyond.
        takes: -1 takes the features away.
    """

    features: tuple[int, ...] = ()
    off: float = 0.0
    on: float = 1.0
    takes: bool = True


def layer_stop(
    kind: LayerKind, name: str, sae: SAE, site: str, clips: ClipStatistics, spec: StopSpec, seed: int = 0
) -> Stop:
    """A stop from the training clips at one site.

    static: at -1 each feature is reduced by the share `m_i = 1 - mean_without_i / mean_with_i`, so that its mean
    becomes that of recordings without the concept; at +1 its decoder row is added at the feature's level in recordings
    with the concept.
    direction: the difference of mean frames, added at +1 and subtracted at -1.
    random: as static, with other features, drawn at random, and the same norms of the constants.
    random-direction: as direction, but drawn at random, as long as the difference of means.
    """
    width = sae.config.d_in
    weights, write = torch.zeros(sae.config.n_features), torch.zeros(width)
    generator = torch.Generator().manual_seed(seed)
    if kind in DIRECTIONS:
        write = clips.difference(site)
        if kind == "random-direction":
            write = normalize(torch.randn(width, generator=generator), dim=0) * write.norm()
    else:
        chosen = torch.tensor(spec.features, dtype=torch.int64)
        taken, levels = _weights_and_levels(clips, site, chosen)
        rows = sae.W_dec.detach()
        write = levels @ rows[chosen]
        if kind == "random":
            chosen = torch.randperm(sae.config.n_features, generator=generator)[: len(chosen)]
            write = normalize(levels @ rows[chosen], dim=0) * write.norm()
        if spec.takes:
            weights[chosen] = taken
    constants = torch.stack([-spec.off * write, spec.on * write])
    return Stop(name, make_slug(name), kind, weights, torch.zeros(0, width), CAP, {}, None, constants)


def with_side(stop: Stop, side: int) -> Stop:
    """The stop with one side only: 0 what it does at -1, 1 what it does at +1."""
    assert stop.constants is not None
    constants = stop.constants.clone()
    constants[1 - side] = 0.0
    return replace(
        stop,
        removal_weights=stop.removal_weights if side == 0 else torch.zeros_like(stop.removal_weights),
        constants=constants,
    )


def _weights_and_levels(clips: ClipStatistics, site: str, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """How much of each feature belongs to the concept, and its level where that sounds: `[features]` each."""
    train, measured = clips.of("train"), clips.sites[site]
    on = measured.features[train & clips.labels][:, chosen].mean(0)
    off = measured.features[train & ~clips.labels][:, chosen].mean(0)
    levels = measured.levels[train & clips.labels][:, chosen].mean(0)
    return (1 - off / on.clamp(min=1e-12)).clamp(0.0, 1.0), levels
