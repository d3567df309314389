"""Ranks layers by how much of a concept can be read from them, and by what editing them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from drawstop.progress import Progress, step_report
from training.banks.bank import StopBank
from training.banks.stop import Stop
from training.find.musicgen.clip_statistics import ClipStatistics, measure_clips
from training.find.musicgen.generated_pieces import PieceClassifier
from training.find.musicgen.layer_choice import Layer, LayerOptions, best_specs, effect_gradients
from training.find.musicgen.prediction_effect import PredictionEffect, edits_of
from training.find.musicgen.stop_spec import LayerKind, layer_stop
from training.find.rave.encoded_recordings import refuse_overlap
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.model import SAE

COMPARED: tuple[LayerKind, ...] = ("static", "direction", "random")


@dataclass(frozen=True)
class LayerRow:
    """One layer, measured on held-out recordings.

    Attributes:
        fve, l0, dead: how well the SAE describes the frames, and with how many features.
        auroc_best, auroc_five: AUROC by clip of the best feature, and of the sum of the five best.
        features: number of features of the stop.
        off_nats, on_nats: effect on the model's own predictions at -1 and +1, by kind of stop.
        detected: the share of generated pieces in which a classifier detects the concept: `before_off` and `before_on`
            unsteered, and `off_KIND`, `on_KIND`; empty without a classifier.
    """

    site: str
    fve: float
    l0: float
    dead: int
    auroc_best: float
    auroc_five: float
    features: int
    off_nats: dict[str, float]
    on_nats: dict[str, float]
    detected: dict[str, float]


def sweep_layers(
    model: MusicGenLayers,
    banks: Sequence[StopBank],
    name: str,
    paths: tuple[Sequence[Path], Sequence[Path]],
    options: LayerOptions | None = None,
    listen: bool = False,
    progress: Progress | None = None,
) -> list[LayerRow]:
    """A row for each bank's layer, each layer edited alone at strength 1.

    Args:
        paths: recordings with and without the concept.
        listen: train a classifier, and generate pieces for it too.

    Raises:
        DrawstopError: as `find.find_stops`.
    """
    options = options or LayerOptions()
    refuse_overlap(list(paths[0]), list(paths[1]))
    saes = {bank.site: bank.sae for bank in banks}
    clips = measure_clips(model, saes, paths, options.seed, progress)
    chooses, measures = (
        PredictionEffect(model.musicgen, (clips.paths(True, split), clips.paths(False, split)))
        for split in ("validation", "test")
    )
    classifier = None
    if listen:
        training, unseen = (
            (clips.paths(True, split), clips.paths(False, split)) for split in ("train", "test")
        )
        report = step_report(progress, "a classifier learns the concept")
        classifier = PieceClassifier(model.musicgen, name, training, unseen, options.pieces, report)
    before = (
        {
            f"before_{key}": classifier.detected(side, {}, _seed(options, side))
            for side, key in ((0, "off"), (1, "on"))
        }
        if classifier
        else {}
    )
    rows = []
    gradients = effect_gradients(model.musicgen, clips, list(saes))
    for layer in best_specs("static", name, saes, clips, chooses, gradients, options.seed, most=None):
        rows.append(_row(name, saes, layer, clips, measures, classifier, before, options))
        if progress:
            progress("editing the layers", len(rows), len(saes))
    return rows


def _row(
    name: str,
    saes: dict[str, SAE],
    layer: Layer,
    clips: ClipStatistics,
    measures: PredictionEffect,
    classifier: PieceClassifier | None,
    before: dict[str, float],
    options: LayerOptions,
) -> LayerRow:
    site, spec = layer.site, replace(layer.spec, off=1.0)
    stops: dict[str, Stop] = {
        kind: layer_stop(kind, name, saes[site], site, clips, spec, options.seed) for kind in COMPARED
    }
    nats: list[dict[str, float]] = [
        {kind: measures.effect(saes, {site: stop}, value) for kind, stop in stops.items()}
        for value in (-1.0, 1.0)
    ]
    detected = dict(before)
    for kind, stop in stops.items() if classifier else ():
        for side, key, value in ((0, "off", -1.0), (1, "on", 1.0)):
            assert classifier is not None
            edits = edits_of(saes, {site: stop}, value, classifier.musicgen.device)
            detected[f"{key}_{kind}"] = classifier.detected(side, edits, _seed(options, side))
    described, detection = clips.sites[site].described(clips.of("validation", "test")), clips.detection(site)
    return LayerRow(
        site,
        described["fve"],
        described["l0"],
        int(described["dead"]),
        **detection,
        features=len(spec.features),
        off_nats=nats[0],
        on_nats=nats[1],
        detected=detected,
    )


def _seed(options: LayerOptions, side: int) -> int:
    return 1000 * options.seed + 20 + side


def as_table(rows: Sequence[LayerRow]) -> list[list[str]]:
    """A line of headings, then one for each layer."""
    shares = list(rows[0].detected) if rows else []
    headings = ["layer", "FVE", "L0", "dead", "AUROC 1", "AUROC 5", "features"]
    headings += ["-1 mnat", "means", "random", "+1 mnat", "means", "random"]
    lines = [headings + [f"detected {key.replace('_', ' ')}" for key in shares]]
    for row in rows:
        read = [
            f"{row.fve:.3f}",
            f"{row.l0:.1f}",
            str(row.dead),
            f"{row.auroc_best:.3f}",
            f"{row.auroc_five:.3f}",
        ]
        nats = [f"{1000 * side[kind]:.1f}" for side in (row.off_nats, row.on_nats) for kind in COMPARED]
        detected = [f"{100 * row.detected[key]:.0f}%" for key in shares]
        lines.append([row.site, *read, str(row.features), *nats, *detected])
    return lines


def as_json(rows: Sequence[LayerRow]) -> list[dict[str, object]]:
    """The rows as JSON holds them: `heard` is the name of `detected` there."""
    return [
        {"heard" if name == "detected" else name: value for name, value in asdict(row).items()}
        for row in rows
    ]
