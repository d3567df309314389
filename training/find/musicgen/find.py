"""Finding a concept on a MusicGen's layers: which features, which layers, how strong; chosen by measured effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.progress import Progress, step_report
from training.banks.bank import StopBank
from training.banks.stop import Stop
from training.find.musicgen.clip_statistics import Clips, hear_clips
from training.find.musicgen.generated_pieces import ClassifiedPieces, PieceOptions
from training.find.musicgen.prediction_effect import Predictions, edits_of
from training.find.musicgen.stop_recipe import LayerKind, Recipe, layer_stop, with_side
from training.find.rave.encoded_recordings import refuse_overlap
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.model import SAE

CANDIDATES = 64
"""Features per layer whose effect is estimated."""
COUNTS = (4, 16, 64)
"""Features per layer that are tried, the strongest estimated effects first."""
STRENGTHS = ((0.0, 1.0, 3.0), (0.5, 1.0, 2.0, 4.0))
"""That are tried at -1 and at +1; of a direction at -1 too, those of +1."""
NEAR = 0.02
"""Of the classifier's mean probability: of two settings so near each other the smaller edit is taken."""


@dataclass(frozen=True)
class LayerOptions:
    """How a concept is found on layers."""

    kind: LayerKind = "static"
    seed: int = 0
    """Of splits, pieces and the random kind."""
    pieces: PieceOptions = field(default_factory=PieceOptions)


@dataclass(frozen=True)
class Layer:
    """What one layer shows of a concept.

    Attributes:
        recipe: the features that had the largest effect.
        effect: on the model's predictions at -1 and at +1, nats per token, on validation recordings.
    """

    site: str
    recipe: Recipe
    effect: tuple[float, float]


def find_on_layers(
    model: MusicGenLayers,
    banks: Sequence[StopBank],
    name: str,
    paths: tuple[Sequence[Path], Sequence[Path]],
    options: LayerOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, Stop]:
    """Stops of one concept at the layers that carry it, by site; all figures are on recordings and seeds that chose nothing.

    Candidates come from clip means on training recordings, re-ranked by what each does to the model's own predictions
    there (to first order: one backward pass for all); how many, by their effect on validation recordings; which layers and how
    strong, by a classifier of the training recordings that listens to generated music.

    Args:
        paths: recordings with and without the concept.

    Raises:
        DrawstopError: fewer than two recordings of a kind, or the same in both.
    """
    options = options or LayerOptions()
    refuse_overlap(list(paths[0]), list(paths[1]))
    saes = {bank.site: bank.sae for bank in banks}
    clips = hear_clips(model, saes, paths, options.seed, progress)
    predictions = Predictions(
        model.musicgen, (clips.paths(True, "validation"), clips.paths(False, "validation"))
    )
    layers = best_recipes(name, saes, clips, predictions, options)
    training = (clips.paths(True, "train"), clips.paths(False, "train"))
    starts = (clips.paths(True, "validation"), clips.paths(False, "validation"))
    report = step_report(progress, "a classifier learns the concept")
    classifier = ClassifiedPieces(model.musicgen, name, training, starts, options.pieces, report)
    chosen = [_choose(name, saes, clips, layers, classifier, side, options, progress) for side in (0, 1)]
    stops = _joined(name, saes, clips, chosen, options)
    figures = _figures(name, saes, clips, stops, chosen, classifier, options)
    return {site: replace(stop, metrics=figures | clips.detection(site)) for site, stop in stops.items()}


def best_recipes(
    name: str, saes: dict[str, SAE], clips: Clips, predictions: Predictions, options: LayerOptions
) -> list[Layer]:
    """At each layer the number of features with the largest effect; a direction has none to choose."""
    training = Predictions(predictions.musicgen, (clips.paths(True, "train"), clips.paths(False, "train")))
    pulls, layers = training.pulls(list(saes)), []
    for site, sae in saes.items():
        ranked, tried = ranked_features(sae, site, clips, pulls[site]), []
        for count in COUNTS if options.kind != "direction" else COUNTS[:1]:
            recipe = Recipe(tuple(ranked[:count]), off=0.0, on=1.0)
            stop = layer_stop(options.kind, name, sae, site, clips, recipe, options.seed)
            effect = tuple(predictions.effect(saes, {site: stop}, value) for value in (-1.0, 1.0))
            tried.append(Layer(site, recipe, (effect[0], effect[1])))
        layers.append(max(tried, key=lambda layer: sum(layer.effect)))
    return layers


def ranked_features(sae: SAE, site: str, clips: Clips, pull: Tensor) -> list[int]:
    """Candidates by clip means, those first that at their level move the predictions most.

    Shape: pull `[width]`, see `Predictions.pulls`.
    """
    found = torch.tensor(clips.candidates(site, CANDIDATES))
    levels = clips.sites[site].levels[clips.of("train") & clips.labels][:, found].mean(0)
    effects = levels * (sae.W_dec.detach()[found] @ pull) * sae.scale
    return [int(feature) for feature in found[effects.argsort(descending=True)]]


@dataclass(frozen=True)
class Choice:
    """The layers and the strength of one side, and how much further than at rest the classifier went (probability)."""

    layers: tuple[Layer, ...]
    strength: float
    moved: float


def _choose(
    name: str,
    saes: dict[str, SAE],
    clips: Clips,
    layers: Sequence[Layer],
    classifier: ClassifiedPieces,
    side: int,
    options: LayerOptions,
    progress: Progress | None,
) -> Choice:
    """The best layer, the best third or all, at the strength that moves the classifier most."""
    ranked = sorted(layers, key=lambda layer: layer.effect[side], reverse=True)
    counts = sorted({1, -(-len(ranked) // 3), len(ranked)})
    strengths = STRENGTHS[1 if options.kind == "direction" else side]
    seed = _seed(options, "choosing", side)
    rest = float(classifier.logits(side, {}, seed)[0].sigmoid().mean())
    tried = []
    for strength in strengths:
        for count in counts:
            choice = Choice(tuple(ranked[:count]), strength, 0.0)
            stops = _side(name, saes, clips, choice, side, options)
            edits = edits_of(saes, stops, (-1.0, 1.0)[side], classifier.musicgen.device)
            sure = float(classifier.logits(side, edits, seed)[0].sigmoid().mean())
            tried.append(replace(choice, moved=(sure - rest) * (-1.0, 1.0)[side]))
            if progress:
                progress(f"listening at {(-1, 1)[side]:+d}", len(tried), len(strengths) * len(counts))
    most = max(choice.moved for choice in tried)
    return next(choice for choice in tried if choice.moved >= most - NEAR)


def _side(
    name: str, saes: dict[str, SAE], clips: Clips, choice: Choice, side: int, options: LayerOptions
) -> dict[str, Stop]:
    """One side's stops at the layers that were chosen for it."""
    stops = {}
    for layer in choice.layers:
        recipe = replace(layer.recipe, off=choice.strength, on=choice.strength)
        stop = layer_stop(options.kind, name, saes[layer.site], layer.site, clips, recipe, options.seed)
        stops[layer.site] = with_side(stop, side)
    return stops


def _joined(
    name: str, saes: dict[str, SAE], clips: Clips, chosen: Sequence[Choice], options: LayerOptions
) -> dict[str, Stop]:
    """Both sides as one stop per layer."""
    off, on = (_side(name, saes, clips, choice, side, options) for side, choice in enumerate(chosen))
    joined = {}
    for site in saes:
        parts = [part[site] for part in (off, on) if site in part]
        if parts:
            constants = [part.constants for part in parts if part.constants is not None]
            joined[site] = replace(parts[0], constants=torch.stack(constants).sum(0))
    return joined


def _figures(
    name: str,
    saes: dict[str, SAE],
    clips: Clips,
    stops: dict[str, Stop],
    chosen: Sequence[Choice],
    classifier: ClassifiedPieces,
    options: LayerOptions,
) -> dict[str, Any]:
    """What the stops do to test recordings and to pieces of other seeds, beside chance."""
    unseen = (clips.paths(True, "test"), clips.paths(False, "test"))
    classifier, predictions = classifier.going_on_from(unseen), Predictions(classifier.musicgen, unseen)
    control = replace(options, kind="random", seed=options.seed + 1)
    random = _joined(name, saes, clips, chosen, control)
    figures: dict[str, Any] = {"kind": options.kind, "pieces": options.pieces.pieces}
    for side, value, key in ((0, -1.0, "off"), (1, 1.0, "on")):
        seed = _seed(options, "measuring", side)
        for what, own in ((f"before_{key}", {}), (key, stops), (f"random_{key}", random)):
            edits = edits_of(saes, own, value, classifier.musicgen.device)
            figures[f"heard_{what}"] = classifier.heard(side, edits, seed)
        figures[f"{key}_layers"] = ", ".join(layer.site for layer in chosen[side].layers)
        figures[f"{key}_strength"] = chosen[side].strength
        figures[f"{key}_effect_nats"] = round(predictions.effect(saes, stops, value), 5)
    figures["recordings_with"] = int(clips.labels.sum())
    figures["recordings_without"] = int((~clips.labels).sum())
    return figures


def _seed(options: LayerOptions, what: str, side: int) -> int:
    """Seeds of pieces that choose and of pieces that only measure are never the same."""
    return 1000 * options.seed + 10 * (what == "measuring") + side
