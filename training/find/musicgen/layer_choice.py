"""Which features, which layers and how strong: each is chosen by what it does to predictions of recordings or to pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.stop import Stop
from training.find.musicgen.clip_statistics import ClipStatistics
from training.find.musicgen.generated_pieces import PieceClassifier, PieceOptions
from training.find.musicgen.prediction_effect import PredictionEffect, edits_of
from training.find.musicgen.stop_spec import (
    DIRECTIONS,
    LayerKind,
    StopSpec,
    layer_stop,
    with_side,
)
from training.models.musicgen.model import MusicGenModel
from training.sae.model import SAE

CANDIDATES = 64
"""Features per layer whose effect is estimated."""
COUNTS = (4, 16, 64)
"""Features per layer that are tried, the strongest estimated effects first."""
MEASURED = 6
"""Layers whose effect is measured: those with the largest estimated one. So a deep model costs little more than a shallow one."""
STRENGTHS = ((0.0, 1.0, 3.0), (0.5, 1.0, 2.0, 4.0))
"""Strengths that are tried at -1 and at +1; of a direction those of +1 on both sides."""
NEAR = 0.02
"""Difference of the classifier's mean probability up to which the smaller of two edits is taken."""
VALUES = (-1.0, 1.0)
"""A knob's value on each side."""


@dataclass(frozen=True)
class LayerOptions:
    """How a concept is looked for on layers.

    Attributes:
        kind: kind of stop; auto: on each side, whichever of features and the difference of means moves more.
        seed: seed of splits, pieces and random features.
        pieces: how pieces for the classifier are generated; with 0 pieces predictions decide everything.
    """

    kind: LayerKind | Literal["auto"] = "auto"
    seed: int = 0
    pieces: PieceOptions = field(default_factory=PieceOptions)

    def kinds(self, clips: ClipStatistics) -> tuple[LayerKind, ...]:
        """The kinds that are tried: features only where some fire."""
        if self.kind != "auto":
            return (self.kind,)
        features = any(bool(site.fired.any()) for site in clips.sites.values())
        return ("static", "direction") if features else ("direction",)

    def piece_seed(self, what: Literal["choosing", "measuring"], side: int) -> int:
        """Seeds of pieces that choose and of pieces that only measure are never the same."""
        return 1000 * self.seed + 10 * (what == "measuring") + side


def layer_options(
    kind: str,
    seed: int,
    prompt: Sequence[str] | None,
    other_prompt: Sequence[str] | None,
    pieces: int,
    seconds: float,
) -> LayerOptions:
    """The options of `drawstop find` and `drawstop layers`. Raises DrawstopError for an unknown kind."""
    kinds: dict[str, LayerKind | Literal["auto"]] = {each: each for each in get_args(LayerKind)}
    kinds["auto"] = "auto"
    if kind not in kinds:
        raise DrawstopError(
            f"expected a kind of stop among auto, {', '.join(get_args(LayerKind))}, got {kind!r}"
        )
    prompts = (tuple(prompt or ()), tuple(other_prompt or ()))
    return LayerOptions(kinds[kind], seed, PieceOptions(prompts, pieces, seconds, seed=seed))


@dataclass(frozen=True)
class Layer:
    """One layer's best features for a concept, and their effect.

    Attributes:
        spec: the features that had the largest effect.
        effect: effect on the model's predictions at -1 and at +1, nats per token, on validation recordings.
    """

    site: str
    spec: StopSpec
    effect: tuple[float, float]


def effect_gradients(
    musicgen: MusicGenModel, clips: ClipStatistics, sites: Sequence[str]
) -> dict[str, Tensor]:
    """`PredictionEffect.gradients` of the training recordings: by what is added at each site, `[width]` each."""
    kinds = clips.paths(True, "train"), clips.paths(False, "train")
    return PredictionEffect(musicgen, kinds).gradients(sites)


def best_specs(
    kind: LayerKind,
    name: str,
    saes: dict[str, SAE],
    clips: ClipStatistics,
    predictions: PredictionEffect,
    gradients: Mapping[str, Tensor],
    seed: int,
    most: int | None = MEASURED,
) -> list[Layer]:
    """At each layer the number of features with the largest effect; a direction has none to choose.

    Args:
        predictions: the model's predictions of the recordings that choose.
        gradients: as `effect_gradients` gives them.
        most: how many layers are measured; None: all.
    """
    sites = sorted(saes, key=lambda site: estimated_effect(saes[site], site, clips, gradients[site]))
    kept = set(sites if most is None else sites[-most:])
    layers = []
    for site in (site for site in saes if site in kept):
        sae = saes[site]
        ranked, tried = ranked_features(sae, site, clips, gradients[site]), []
        for count in feature_counts(kind):
            spec = StopSpec(tuple(ranked[:count]), off=float(kind in DIRECTIONS), on=1.0)
            stop = layer_stop(kind, name, sae, site, clips, spec, seed)
            effect = tuple(predictions.effect(saes, {site: stop}, value) for value in VALUES)
            tried.append(Layer(site, spec, (effect[0], effect[1])))
        layers.append(max(tried, key=lambda layer: sum(layer.effect)))
    return layers


def feature_counts(kind: LayerKind) -> tuple[int, ...]:
    """The numbers of features that are tried at a layer; a direction has none to choose."""
    return COUNTS[:1] if kind in DIRECTIONS else COUNTS


def layer_counts(layers: int) -> list[int]:
    """The numbers of layers, among `layers`, that are tried together: the best, the best third, all."""
    return sorted({1, -(-layers // 3), layers})


def strengths_of(kind: LayerKind, side: int) -> tuple[float, ...]:
    """The strengths that are tried on a side (0: -1, 1: +1)."""
    return STRENGTHS[1 if kind in DIRECTIONS else side]


def estimated_effect(sae: SAE, site: str, clips: ClipStatistics, gradient: Tensor) -> float:
    """Effect of adding a layer's difference of means on the predictions, to first order, nats per token.

    Shape: gradient of the effect `[width]`, see `effect_gradients`.
    """
    return float(clips.difference(site) @ gradient * sae.scale)


def ranked_features(sae: SAE, site: str, clips: ClipStatistics, gradient: Tensor) -> list[int]:
    """Candidates by clip means, sorted by how far they move the predictions at their level, the largest first.

    Shape: gradient of the effect `[width]`, see `effect_gradients`.
    """
    candidates = torch.tensor(clips.candidates(site, CANDIDATES))
    levels = clips.sites[site].levels[clips.of("train") & clips.labels][:, candidates].mean(0)
    effects = levels * (sae.W_dec.detach()[candidates] @ gradient) * sae.scale
    return [int(feature) for feature in candidates[effects.argsort(descending=True)]]


@dataclass(frozen=True)
class Choice:
    """One side of a stop: its kind, layers and strength, and how far they move the measure of `choose`."""

    kind: LayerKind
    layers: tuple[Layer, ...]
    strength: float
    moved: float


def choose(
    kind: LayerKind,
    name: str,
    saes: dict[str, SAE],
    clips: ClipStatistics,
    layers: Sequence[Layer],
    predictions: PredictionEffect,
    classifier: PieceClassifier | None,
    side: int,
    options: LayerOptions,
    progress: Progress | None = None,
) -> Choice:
    """The best layer, the best third or all, at the strength that moves most: the classifier's mean probability for pieces;
    without a classifier, the predictions of recordings (nats per token)."""
    ranked = sorted(layers, key=lambda layer: layer.effect[side], reverse=True)
    counts, strengths = layer_counts(len(ranked)), strengths_of(kind, side)
    seed, value = options.piece_seed("choosing", side), VALUES[side]
    unsteered = _probability(classifier, side, {}, saes, value, seed) if classifier else 0.0
    tried = []
    for strength in strengths:
        for count in counts:
            choice = Choice(kind, tuple(ranked[:count]), strength, 0.0)
            stops = side_stops(name, saes, clips, choice, side, options.seed)
            if classifier:
                moved = (_probability(classifier, side, stops, saes, value, seed) - unsteered) * value
            else:
                moved = predictions.effect(saes, stops, value)
            tried.append(replace(choice, moved=moved))
            if progress:
                progress(f"trying {kind} stops at {value:+.0f}", len(tried), len(strengths) * len(counts))
    most = max(choice.moved for choice in tried)
    near = NEAR if classifier else 0.0
    return next(choice for choice in tried if choice.moved >= most - near)


def _probability(
    classifier: PieceClassifier,
    side: int,
    stops: dict[str, Stop],
    saes: dict[str, SAE],
    value: float,
    seed: int,
) -> float:
    """The mean probability that the classifier gives the concept in a side's pieces."""
    edits = edits_of(saes, stops, value, classifier.musicgen.device)
    return float(classifier.logits(side, edits, seed)[0].sigmoid().mean())


def side_stops(
    name: str, saes: dict[str, SAE], clips: ClipStatistics, choice: Choice, side: int, seed: int
) -> dict[str, Stop]:
    """One side's stops at the layers that were chosen for it."""
    stops = {}
    for layer in choice.layers:
        spec = replace(layer.spec, off=choice.strength, on=choice.strength)
        stop = layer_stop(choice.kind, name, saes[layer.site], layer.site, clips, spec, seed)
        stops[layer.site] = with_side(stop, side)
    return stops


def joined(
    name: str, saes: dict[str, SAE], clips: ClipStatistics, chosen: Sequence[Choice], seed: int
) -> dict[str, Stop]:
    """Both sides as one stop per layer; one whose sides differ in kind is of the kind `mixed`."""
    off, on = (side_stops(name, saes, clips, choice, side, seed) for side, choice in enumerate(chosen))
    stops = {}
    for site in saes:
        parts = [part[site] for part in (off, on) if site in part]
        if parts:
            constants = [part.constants for part in parts if part.constants is not None]
            kinds = {part.kind for part in parts}
            kind = parts[0].kind if len(kinds) == 1 else "mixed"
            stops[site] = replace(parts[0], kind=kind, constants=torch.stack(constants).sum(0))
    return stops
