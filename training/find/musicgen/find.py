"""Finds a concept on a MusicGen's layers: features or the difference of means, where and how strong, by measured effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drawstop.progress import Progress, step_report
from training.banks.bank import StopBank
from training.banks.stop import Stop
from training.find.musicgen.clip_statistics import ClipStatistics, measure_clips
from training.find.musicgen.generated_pieces import PieceClassifier
from training.find.musicgen.layer_choice import (
    VALUES,
    Choice,
    LayerOptions,
    best_specs,
    choose,
    effect_gradients,
    joined,
)
from training.find.musicgen.prediction_effect import PredictionEffect, edits_of
from training.find.musicgen.stop_spec import CONTROLS
from training.find.rave.encoded_recordings import refuse_overlap
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.model import SAE

RANDOM_DRAWS = 3
"""Random stops that a stop is compared with, at its layers and strengths, each with features drawn anew."""


@dataclass(frozen=True)
class Detected:
    """Shares of pieces in which the classifier detects the concept.

    Attributes:
        before, after: unsteered and steered.
        random: steered by random stops (`stop_spec.CONTROLS`), one share per draw.
    """

    before: float
    after: float
    random: tuple[float, ...]


@dataclass(frozen=True)
class SideResult:
    """The effect of a stop on one side, on held-out recordings and pieces.

    Attributes:
        chosen: kind, layers and strength.
        effect_nats, random_nats: effect on the model's predictions, nats per token: the stop's, and each random draw's.
        detected: shares of detected pieces; None where none were generated.
    """

    chosen: Choice
    effect_nats: float
    random_nats: tuple[float, ...]
    detected: Detected | None

    def as_json(self, key: str) -> dict[str, Any]:
        """The fields as `stops.json` names them; `key` is `off` or `on`. Of random draws the mean."""
        pieces: dict[str, Any] = {}
        if self.detected is not None:
            pieces = {
                f"heard_before_{key}": self.detected.before,
                f"heard_{key}": self.detected.after,
                f"heard_random_{key}": _mean(self.detected.random),
            }
        return pieces | {
            f"{key}_kind": self.chosen.kind,
            f"{key}_layers": ", ".join(layer.site for layer in self.chosen.layers),
            f"{key}_strength": self.chosen.strength,
            f"{key}_effect_nats": round(self.effect_nats, 5),
            f"{key}_random_nats": _mean(self.random_nats),
        }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5)


@dataclass(frozen=True)
class MusicgenFindResult:
    """What was measured while a stop was found: stored at every layer, beside `ClipStatistics.detection`."""

    kind: str
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
            "random_draws": RANDOM_DRAWS,
            **self.off.as_json("off"),
            **self.on.as_json("on"),
            "recordings_with": self.recordings_with,
            "recordings_without": self.recordings_without,
        }


def find_stops(
    model: MusicGenLayers,
    banks: Sequence[StopBank],
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: LayerOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, Stop]:
    """Stops of one concept at the layers that carry it, by site; measured on held-out recordings and seeds.

    Candidates come from clip means on training recordings, re-ranked by what each does to the model's own predictions
    there (to first order: one backward pass for all); how many, by their effect on validation recordings; which layers,
    how strong, and with `auto` which kind on each side, by a classifier that was trained on the training recordings and
    is applied to generated pieces; with 0 pieces, by the predictions of validation recordings.

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
    kinds, gradients = options.kinds(clips), effect_gradients(model.musicgen, clips, list(saes))
    layers = {
        kind: best_specs(kind, name, saes, clips, predictions, gradients, options.seed) for kind in kinds
    }
    classifier = _classifier(model, name, clips, options, progress)

    def best(side: int) -> Choice:
        given = (predictions, classifier, side, options, progress)
        each = [choose(kind, name, saes, clips, layers[kind], *given) for kind in kinds]
        return max(each, key=lambda choice: choice.moved)

    chosen = [best(side) for side in range(len(VALUES))]
    stops = joined(name, saes, clips, chosen, options.seed)
    result = _measured(model, name, saes, clips, stops, chosen, classifier, options)
    return {
        site: replace(stop, metrics=result.as_json() | clips.detection(site)) for site, stop in stops.items()
    }


def _classifier(
    model: MusicGenLayers, name: str, clips: ClipStatistics, options: LayerOptions, progress: Progress | None
) -> PieceClassifier | None:
    """A classifier trained on the training recordings; None where no pieces are generated."""
    if not options.pieces.pieces:
        return None
    training, starts = (
        (clips.paths(True, split), clips.paths(False, split)) for split in ("train", "validation")
    )
    report = step_report(progress, "a classifier learns the concept")
    return PieceClassifier(model.musicgen, name, training, starts, options.pieces, report)


def _measured(
    model: MusicGenLayers,
    name: str,
    saes: dict[str, SAE],
    clips: ClipStatistics,
    stops: dict[str, Stop],
    chosen: Sequence[Choice],
    classifier: PieceClassifier | None,
    options: LayerOptions,
) -> MusicgenFindResult:
    """Measures the stops and random ones on test recordings and on pieces of other seeds."""
    unseen = (clips.paths(True, "test"), clips.paths(False, "test"))
    predictions = PredictionEffect(model.musicgen, unseen)
    by_chance = [replace(choice, kind=CONTROLS[choice.kind]) for choice in chosen]
    random = [joined(name, saes, clips, by_chance, options.seed + 1 + draw) for draw in range(RANDOM_DRAWS)]

    def measure(side: int, value: float) -> SideResult:
        detected = None
        if classifier is not None:
            pieces, seed = classifier.with_starts(unseen), options.piece_seed("measuring", side)
            shares = [
                pieces.detected(side, edits_of(saes, each, value, pieces.musicgen.device), seed)
                for each in ({}, stops, *random)
            ]
            detected = Detected(shares[0], shares[1], tuple(shares[2:]))
        effects = [predictions.effect(saes, each, value) for each in (stops, *random)]
        return SideResult(chosen[side], effects[0], tuple(effects[1:]), detected)

    return MusicgenFindResult(
        next(iter(stops.values())).kind,
        options.pieces.pieces,
        off=measure(0, VALUES[0]),
        on=measure(1, VALUES[1]),
        recordings_with=int(clips.labels.sum()),
        recordings_without=int((~clips.labels).sum()),
    )
