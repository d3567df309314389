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
from training.find.musicgen.clip_statistics import Clips, measure_clips
from training.find.musicgen.generated_pieces import PieceClassifier, PieceOptions
from training.find.musicgen.prediction_effect import PredictionEffect, edits_of
from training.find.musicgen.stop_spec import LayerKind, StopSpec, layer_kind, layer_stop, with_side
from training.find.rave.encoded_recordings import refuse_overlap
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.model import SAE

CANDIDATES = 64
"""Features per layer whose effect is estimated."""
COUNTS = (4, 16, 64)
"""Features per layer that are tried, the strongest estimated effects first."""
STRENGTHS = ((0.0, 1.0, 3.0), (0.5, 1.0, 2.0, 4.0))
"""Strengths that are tried at -1 and at +1; of a direction those of +1 on both sides."""
NEAR = 0.02
"""Difference of the classifier's mean probability up to which the smaller of two edits is taken."""


@dataclass(frozen=True)
class LayerOptions:
    """How a concept is found on layers."""

    kind: LayerKind = "static"
    seed: int = 0
    """Seed of splits, pieces and the random kind."""
    pieces: PieceOptions = field(default_factory=PieceOptions)
    """How pieces are generated that the classifier is asked about."""


@dataclass(frozen=True)
class SideResult:
    """What a stop does on one side, on recordings and pieces that chose nothing.

    Attributes:
        layers, strength: what was chosen.
        effect_nats: on the model's predictions, nats per token.
        before, after, random: shares of pieces in which the concept is detected: unsteered, steered, and steered by random
            features.
    """

    layers: tuple[str, ...]
    strength: float
    effect_nats: float
    before: float
    after: float
    random: float

    def as_json(self, key: str) -> dict[str, Any]:
        """The fields as `stops.json` names them; `key` is `off` or `on`."""
        return {
            f"heard_before_{key}": self.before,
            f"heard_{key}": self.after,
            f"heard_random_{key}": self.random,
            f"{key}_layers": ", ".join(self.layers),
            f"{key}_strength": self.strength,
            f"{key}_effect_nats": self.effect_nats,
        }


@dataclass(frozen=True)
class FindResult:
    """What was measured while a stop was found: stored with it at every layer, beside `Clips.detection` there."""

    kind: LayerKind
    pieces: int
    off: SideResult
    on: SideResult
    recordings_with: int
    recordings_without: int

    def as_json(self) -> dict[str, Any]:
        """All of it, as `stops.json` holds it."""
        return {
            "kind": self.kind,
            "pieces": self.pieces,
            **self.off.as_json("off"),
            **self.on.as_json("on"),
            "recordings_with": self.recordings_with,
            "recordings_without": self.recordings_without,
        }


@dataclass(frozen=True)
class Layer:
    """What one layer shows of a concept.

    Attributes:
        spec: the features that had the largest effect.
        effect: on the model's predictions at -1 and at +1, nats per token, on validation recordings.
    """

    site: str
    spec: StopSpec
    effect: tuple[float, float]


def layer_options(
    kind: str,
    seed: int,
    prompt: Sequence[str] | None,
    other_prompt: Sequence[str] | None,
    pieces: int,
    seconds: float,
) -> LayerOptions:
    """The options of `drawstop find` and `drawstop layers`. Raises DrawstopError for a kind that isn't there."""
    prompts = (tuple(prompt or ()), tuple(other_prompt or ()))
    chosen = layer_kind("static" if kind == "auto" else kind)
    return LayerOptions(chosen, seed, PieceOptions(prompts, pieces, seconds, seed=seed))


def find_stops(
    model: MusicGenLayers,
    banks: Sequence[StopBank],
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: LayerOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, Stop]:
    """Stops of one concept at the layers that carry it, by site; all is measured on recordings and seeds that chose nothing.

    Candidates come from clip means on training recordings, re-ranked by what each does to the model's own predictions
    there (to first order: one backward pass for all); how many, by their effect on validation recordings; which layers and how
    strong, by a classifier of the training recordings that is asked about generated pieces.

    Raises:
        DrawstopError: fewer than two recordings of a kind, or the same in both.
    """
    options = options or LayerOptions()
    refuse_overlap(with_paths, without_paths)
    saes = {bank.site: bank.sae for bank in banks}
    clips = measure_clips(model, saes, (with_paths, without_paths), options.seed, progress)
    predictions = PredictionEffect(
        model.musicgen, (clips.paths(True, "validation"), clips.paths(False, "validation"))
    )
    layers = best_specs(name, saes, clips, predictions, options)
    training = (clips.paths(True, "train"), clips.paths(False, "train"))
    starts = (clips.paths(True, "validation"), clips.paths(False, "validation"))
    report = step_report(progress, "a classifier learns the concept")
    classifier = PieceClassifier(model.musicgen, name, training, starts, options.pieces, report)
    chosen = [_choose(name, saes, clips, layers, classifier, side, options, progress) for side in (0, 1)]
    stops = _joined(name, saes, clips, chosen, options)
    result = _measured(name, saes, clips, stops, chosen, classifier, options)
    return {
        site: replace(stop, metrics=result.as_json() | clips.detection(site)) for site, stop in stops.items()
    }


def best_specs(
    name: str, saes: dict[str, SAE], clips: Clips, predictions: PredictionEffect, options: LayerOptions
) -> list[Layer]:
    """At each layer the number of features with the largest effect; a direction has none to choose."""
    training = PredictionEffect(
        predictions.musicgen, (clips.paths(True, "train"), clips.paths(False, "train"))
    )
    gradients, layers = training.gradients(list(saes)), []
    for site, sae in saes.items():
        ranked, tried = ranked_features(sae, site, clips, gradients[site]), []
        for count in COUNTS if options.kind != "direction" else COUNTS[:1]:
            spec = StopSpec(tuple(ranked[:count]), off=0.0, on=1.0)
            stop = layer_stop(options.kind, name, sae, site, clips, spec, options.seed)
            effect = tuple(predictions.effect(saes, {site: stop}, value) for value in (-1.0, 1.0))
            tried.append(Layer(site, spec, (effect[0], effect[1])))
        layers.append(max(tried, key=lambda layer: sum(layer.effect)))
    return layers


def ranked_features(sae: SAE, site: str, clips: Clips, gradient: Tensor) -> list[int]:
    """Candidates by clip means, those first that at their level move the predictions most.

    Shape: gradient of the effect `[width]`, see `PredictionEffect.gradients`.
    """
    candidates = torch.tensor(clips.candidates(site, CANDIDATES))
    levels = clips.sites[site].levels[clips.of("train") & clips.labels][:, candidates].mean(0)
    effects = levels * (sae.W_dec.detach()[candidates] @ gradient) * sae.scale
    return [int(feature) for feature in candidates[effects.argsort(descending=True)]]


@dataclass(frozen=True)
class Choice:
    """The layers and the strength of one side, and by how much they move the classifier's mean probability."""

    layers: tuple[Layer, ...]
    strength: float
    moved: float


def _choose(
    name: str,
    saes: dict[str, SAE],
    clips: Clips,
    layers: Sequence[Layer],
    classifier: PieceClassifier,
    side: int,
    options: LayerOptions,
    progress: Progress | None,
) -> Choice:
    """The best layer, the best third or all, at the strength that moves the classifier most."""
    ranked = sorted(layers, key=lambda layer: layer.effect[side], reverse=True)
    counts = sorted({1, -(-len(ranked) // 3), len(ranked)})
    strengths = STRENGTHS[1 if options.kind == "direction" else side]
    seed = _seed(options, "choosing", side)
    unsteered = float(classifier.logits(side, {}, seed)[0].sigmoid().mean())
    tried = []
    for strength in strengths:
        for count in counts:
            choice = Choice(tuple(ranked[:count]), strength, 0.0)
            stops = _side(name, saes, clips, choice, side, options)
            edits = edits_of(saes, stops, (-1.0, 1.0)[side], classifier.musicgen.device)
            steered = float(classifier.logits(side, edits, seed)[0].sigmoid().mean())
            tried.append(replace(choice, moved=(steered - unsteered) * (-1.0, 1.0)[side]))
            if progress:
                progress(f"generating pieces at {(-1, 1)[side]:+d}", len(tried), len(strengths) * len(counts))
    most = max(choice.moved for choice in tried)
    return next(choice for choice in tried if choice.moved >= most - NEAR)


def _side(
    name: str, saes: dict[str, SAE], clips: Clips, choice: Choice, side: int, options: LayerOptions
) -> dict[str, Stop]:
    """One side's stops at the layers that were chosen for it."""
    stops = {}
    for layer in choice.layers:
        spec = replace(layer.spec, off=choice.strength, on=choice.strength)
        stop = layer_stop(options.kind, name, saes[layer.site], layer.site, clips, spec, options.seed)
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


def _measured(
    name: str,
    saes: dict[str, SAE],
    clips: Clips,
    stops: dict[str, Stop],
    chosen: Sequence[Choice],
    classifier: PieceClassifier,
    options: LayerOptions,
) -> FindResult:
    """What the stops do to test recordings and to pieces of other seeds, beside chance."""
    unseen = (clips.paths(True, "test"), clips.paths(False, "test"))
    classifier, predictions = classifier.with_starts(unseen), PredictionEffect(classifier.musicgen, unseen)
    control = replace(options, kind="random", seed=options.seed + 1)
    random = _joined(name, saes, clips, chosen, control)

    def measure(side: int, value: float) -> SideResult:
        seed = _seed(options, "measuring", side)
        detected = [
            classifier.detected(side, edits_of(saes, each, value, classifier.musicgen.device), seed)
            for each in ({}, stops, random)
        ]
        return SideResult(
            tuple(layer.site for layer in chosen[side].layers),
            chosen[side].strength,
            round(predictions.effect(saes, stops, value), 5),
            *detected,
        )

    return FindResult(
        options.kind,
        options.pieces.pieces,
        off=measure(0, -1.0),
        on=measure(1, 1.0),
        recordings_with=int(clips.labels.sum()),
        recordings_without=int((~clips.labels).sum()),
    )


def _seed(options: LayerOptions, what: str, side: int) -> int:
    """Seeds of pieces that choose and of pieces that only measure are never the same."""
    return 1000 * options.seed + 10 * (what == "measuring") + side
