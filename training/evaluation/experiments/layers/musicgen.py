"""Which layers of a MusicGen carry a concept: the rows of `drawstop layers` as a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.evaluation.context import Options
from training.evaluation.experiments.layers.rave import TITLE
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.results import Cell, Result, Table
from training.find.musicgen.layer_choice import LayerOptions
from training.find.musicgen.layer_ranking import COMPARED, LayerRow, as_json, sweep_layers
from training.models.musicgen.layer_model import MusicGenLayers

MILLI = 1000
"""Effects are reported in thousandths of a nat."""


def run(context: MusicGenContext, options: Options) -> Result:
    """Measures probes and an edit at every layer that has a bank, with a stop or not, for each concept."""
    recordings, rows = context.data.recordings, {}
    for concept in context.concepts:
        with_it, without = (
            [r.path for r in recordings if (concept in r.labels) == wanted] for wanted in (True, False)
        )
        rows[concept] = sweep_layers(
            MusicGenLayers(context.model),
            context.banks,
            concept,
            (with_it, without),
            LayerOptions(seed=options.seed),
            progress=context.progress,
        )
    return layers_result(rows, options.seed)


def layers_result(rows: Mapping[str, Sequence[LayerRow]], seed: int) -> Result:
    """A table for each concept.

    Args:
        rows: by concept, a row for every layer that has a bank; see `sweep_layers`.
    """
    return Result(
        "layers",
        TITLE,
        "How well each layer's autoencoder describes it, how well its best features separate recordings with a "
        "concept from others, and what editing the layer alone does to the model's own predictions.",
        "; ".join(_said(concept, each) for concept, each in rows.items()) + ".",
        tuple(_table(concept, each) for concept, each in rows.items()),
        metrics={concept: as_json(each) for concept, each in rows.items()},
        settings={"seed": seed, "strength": 1.0},
    )


def _said(concept: str, rows: Sequence[LayerRow]) -> str:
    read = max(rows, key=lambda row: row.auroc_five)
    write = max(rows, key=lambda row: row.off_nats["static"] - row.off_nats["random"])
    own, chance = (MILLI * write.off_nats[kind] for kind in ("static", "random"))
    return (
        f"{concept} is read best at {read.site} (AUROC {read.auroc_five:.2f} by five features) and taken away most at "
        f"{write.site} ({own:+.0f} thousandths of a nat, random features {chance:+.0f})"
    )


def _table(concept: str, rows: Sequence[LayerRow]) -> Table:
    effects = [f"{sign}: {kind}" for sign in ("−1", "+1") for kind in COMPARED]
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            row.site,
            round(row.fve, 3),
            round(row.l0, 1),
            row.dead,
            round(row.auroc_best, 3),
            round(row.auroc_five, 3),
            row.features,
            *(round(MILLI * side[kind], 1) for side in (row.off_nats, row.on_nats) for kind in COMPARED),
        )
        for row in rows
    )
    return Table(
        f"Every layer: {concept}",
        ("layer", "FVE", "L0", "dead", "AUROC 1", "AUROC 5", "features", *effects),
        cells,
        note="Recordings are split by their own hash, whatever the set's split says: features are chosen on some of "
        "them and measured on others. Effects: by how many thousandths of a nat a token recordings with and without the "
        "concept move apart, each layer edited alone by features of its own (static), the difference of means, or random "
        "features.",
    )
