"""Which layers of a MusicGen carry a concept: the rows of `drawstop layers`, as a section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.evaluation.results import Cell, Section, Table
from training.find.musicgen.layer_ranking import COMPARED, LayerRow, as_json

MILLI = 1000
"""Effects are told in thousandths of a nat."""


def layers_section_of(rows: Mapping[str, Sequence[LayerRow]], seed: int) -> Section:
    """A table for each concept.

    Args:
        rows: by concept, of every layer that has a bank; see `sweep_layers`.
    """
    return Section(
        "layers",
        "Which layers carry a concept?",
        "How well each layer's autoencoder describes it, how well its best features tell recordings with a concept from others, "
        "and what editing the layer alone does to the model's own predictions.",
        "; ".join(_said(concept, each) for concept, each in rows.items()) + ".",
        tuple(_table(concept, each) for concept, each in rows.items()),
        figures={concept: as_json(each) for concept, each in rows.items()},
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
        note="Recordings are dealt by their own hash, whatever the set's split says: features are chosen on some of them and "
        "measured on others. Effects: by how many thousandths of a nat a token recordings with and without the concept move "
        "apart, each layer edited alone by features of its own (static), the difference of means, or random features.",
    )
