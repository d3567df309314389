"""The tables and curves of steering's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from training.evaluation.experiments.steering.pitch_and_notes import (
    AT_REST,
    BEST,
    OTHERS_KEPT,
    OWN_LEFT,
    STEMS,
    TURNED,
)
from training.evaluation.playback.playback import STOP
from training.evaluation.results import Block, Line, Plot, Table

Cells = dict[str, Any]

STEM_FIGURES = (OTHERS_KEPT, OWN_LEFT)
TRACKED = {
    "pitch kept": "Pitch: share of the pitched frames that keep their pitch class (PESTO).",
    "notes kept": "Notes kept: of the notes heard before, frame by frame, the share that still sound (basic-pitch; recall as in "
    "mir_eval.multipitch).",
    "F of notes": "F of notes: the same note within 50 ms of its onset, before and after (mir_eval.transcription); new notes "
    "count against it. Where a concept is taken away, its notes should go.",
}
"""What a tracker may have measured of a cell, and how to read it."""


def blocks_of(
    figures: Cells, concepts: Sequence[str], ears: Mapping[str, str], edits: Sequence[str], missing: str = ""
) -> list[Block]:
    """The ears, then for every stop how often it's heard, what else moves, and its curve.

    Args:
        ears: what each is, by name.
        edits: the rows, the stop's first.
        missing: what wasn't tracked, and why.
    """
    blocks: list[Block] = [_ears_table(figures, concepts, ears)]
    for concept in concepts:
        own = figures[concept]
        blocks.append(_success_table(concept, own, list(ears), edits))
        blocks.append(_changes_table(concept, own, edits, missing))
        if STEMS in own[STOP].get("mixed", {}):
            blocks.append(_stems_table(concept, own, edits))
        blocks.append(_dose_plot(concept, own["dose"]))
    return blocks


def _ears_table(figures: Cells, concepts: Sequence[str], ears: Mapping[str, str]) -> Table:
    rows = []
    for ear, kind in ears.items():
        for concept in concepts:
            right = figures["ears"][ear]
            rows.append(
                (
                    f"{ear}: {kind}",
                    concept,
                    *(right[how][concept]["accuracy"] for how in ("as recorded", "through the model")),
                    *(right[how][concept]["auroc"] for how in ("as recorded", "through the model")),
                    figures["heard in noise"][ear][concept],
                )
            )
    columns = (
        "ear",
        "concept",
        "right, as recorded",
        "right, through the model",
        "AUROC",
        "AUROC, model",
        "heard in noise",
    )
    note = (
        "None of them heard steered sound or a feature in training. An ear that hears a concept in noise can't prove that it was "
        "brought in."
    )
    return Table("The ears, and how right they are", columns, tuple(rows), note=note)


def _success_table(concept: str, own: Cells, ears: Sequence[str], edits: Sequence[str]) -> Table:
    shown = {"alone": "−1 alone", "mixed": "−1 in mixtures", "without": "+1 where it isn't"}
    keys = [key for key in shown if key in own[STOP]]
    rows: list[tuple[Any, ...]] = [
        ("at 0", *(own[STOP][key]["heard"][ear]["at 0"] for key in keys for ear in ears))
    ]
    for name in edits:
        rows.append((name, *(own[name][key]["heard"][ear]["turned"] for key in keys for ear in ears)))
    rows.append(
        (f"{STOP}, new timbres", *(own[STOP][k]["heard"][e]["new timbres"] for k in keys for e in ears))
    )
    columns = ("edit", *(f"{shown[key]} ({ear})" for key in keys for ear in ears))
    note = (
        "How often it's heard, with 95 % intervals over recordings. The edits of random features and of the random SAE are as "
        "large as the stop's, frame by frame."
    )
    return Table(f"How often {concept} is heard", columns, tuple(rows), "share", note)


def _changes_table(concept: str, own: Cells, edits: Sequence[str], missing: str) -> Table:
    tracked = [what for what in TRACKED if any(what in cell for cell in own[STOP].values())]
    rows = []
    for key in ("alone", "mixed", "without"):
        for name in edits:
            cell = own[name].get(key)
            if cell is None:
                continue
            others = [
                estimate.mean
                for heard in cell["heard"].values()
                for estimate in heard["others"].values()
                if estimate.mean is not None
            ]
            worst = max(others, key=abs, default=None)
            changed = [cell["changed"][what] for what in ("level", "spectrum", "timbre", "noisiness")]
            kept = [cell.get(what, "–") for what in (*tracked, "way to the stem")]
            rows.append((key, name, worst, *changed, *kept))
    columns = (
        "clips",
        "edit",
        "another concept, at most",
        "level, dB",
        "spectral distance",
        "timbre, dB",
        "noisiness, dB",
        *tracked,
        "way to the stem",
    )
    said = [TRACKED[what] for what in tracked] + [missing] * bool(missing)
    said.append(
        "Way to the stem: 0 is the mixture as it was, 1 the best that this model allows, the concept's own frames subtracted; "
        "below 0 is away from it."
    )
    return Table(f"What else {concept} moves", columns, tuple(rows), note=" ".join(said))


def _stems_table(concept: str, own: Cells, edits: Sequence[str]) -> Table:
    stems = {name: own[name]["mixed"][STEMS] for name in edits if STEMS in own[name]["mixed"]}
    rows = [
        ("at 0", *(stems[STOP][AT_REST][what] for what in STEM_FIGURES)),
        *((name, *(found[TURNED][what] for what in STEM_FIGURES)) for name, found in stems.items()),
        ("the best possible", *(stems[STOP][BEST][what] for what in STEM_FIGURES)),
    ]
    note = (
        "Of the notes that basic-pitch hears in each stem played alone, the share, frame by frame, that it hears in the mixture "
        f"with {concept} at −1. Own notes: those that the others don't play too. At 0 it misses some already: its own error. "
        "The best possible: the concept's own frames subtracted."
    )
    return Table(
        f"{concept} −1 in mixtures: whose notes stay", ("edit", *STEM_FIGURES), tuple(rows), "share", note
    )


def _dose_plot(concept: str, dose: Cells) -> Plot:
    lines = []
    for side, curves in dose.items():
        for ear, curve in curves.items():
            means = curve["probability"]
            lines.append(
                Line(
                    f"{ear}, {'with it' if side == 'minus' else 'without it'}",
                    tuple(curve["values"]),
                    tuple(each.mean for each in means),
                    tuple(each.low for each in means),
                    tuple(each.high for each in means),
                )
            )
    said = ", ".join(
        f"{ear} {side} {curve['per clip'].mean:.2f}"
        for side, curves in dose.items()
        for ear, curve in curves.items()
    )
    note = f"Spearman's correlation with the knob, clip by clip: {said}."
    return Plot(
        f"{concept}: from −1 to +1", "the stop's value", "probability of the concept", tuple(lines), note=note
    )
