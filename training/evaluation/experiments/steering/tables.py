"""The tables and curves of the steering experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.evaluation.experiments.steering.cells import (
    ALONE,
    MIXED,
    OTHERS_KEPT,
    OWN_LEFT,
    WITHOUT,
    ConceptCells,
    KnobCurve,
    SteeringMeasurements,
)
from training.evaluation.playback.playback import STOP
from training.evaluation.results import Cell, Content, Line, Plot, Table
from training.metrics.bootstrap import Estimate

TRACKED = {
    "pitch kept": "Pitch: share of the pitched frames that keep their pitch class (PESTO).",
    "notes kept": "Notes kept: of the notes found before, frame by frame, the share that still sound (basic-pitch; recall as "
    "in mir_eval.multipitch).",
    "F of notes": "F of notes: the same note within 50 ms of its onset, before and after (mir_eval.transcription); new notes "
    "count against it. Where a concept is taken away, its notes should go.",
}
"""The measures of pitch and notes that a cell may have, and how to read them."""


Row = tuple[Cell | Estimate, ...]


def content_of(
    steering: SteeringMeasurements, classifiers: Mapping[str, str], missing: str = ""
) -> list[Content]:
    """The classifiers, then for every stop how often it's detected, what else changes, and its curve.

    Args:
        classifiers: each one's kind, by name.
        missing: what wasn't tracked, and why.
    """
    content: list[Content] = [_classifiers_table(steering, classifiers)]
    for concept, measured in steering.concepts.items():
        content.append(_success_table(concept, measured, list(classifiers)))
        content.append(_changes_table(concept, measured, missing))
        mixed = measured.edits[STOP].get(MIXED)
        if mixed is not None and mixed.retention.stems is not None:
            content.append(_stems_table(concept, measured))
        content.append(_curve_plot(concept, measured.curves))
    return content


def _classifiers_table(steering: SteeringMeasurements, classifiers: Mapping[str, str]) -> Table:
    rows: list[Row] = []
    ways = ("as recorded", "through the model")
    for name, kind in classifiers.items():
        right = steering.accuracy[name]
        rows += [
            (
                f"{name}: {kind}",
                concept,
                *(right[how][concept]["accuracy"] for how in ways),
                *(right[how][concept]["auroc"] for how in ways),
                steering.in_noise[name][concept],
            )
            for concept in steering.concepts
        ]
    columns = (
        "classifier",
        "concept",
        "right, as recorded",
        "right, through the model",
        "AUROC",
        "AUROC, model",
        "detected in noise",
    )
    note = (
        "None of them was trained on steered sound or on features. A classifier that detects a concept in noise can't prove that "
        "it was brought in."
    )
    return Table("The classifiers, and how right they are", columns, tuple(rows), note=note)


def _success_table(concept: str, measured: ConceptCells, classifiers: Sequence[str]) -> Table:
    shown = {ALONE: "−1 alone", MIXED: "−1 in mixtures", WITHOUT: "+1 where it isn't"}
    own = measured.edits[STOP]
    pairs = [(key, name) for key in shown if key in own for name in classifiers]
    rows: list[Row] = [("at 0", *(own[key].detected[name].neutral for key, name in pairs))]
    for edit, cells in measured.edits.items():
        rows.append((edit, *(cells[key].detected[name].turned for key, name in pairs)))
    rows.append((f"{STOP}, new timbres", *(own[key].detected[name].new_timbres for key, name in pairs)))
    columns = ("edit", *(f"{shown[key]} ({name})" for key, name in pairs))
    note = (
        "How often it's detected, with 95 % intervals over recordings. The edits of random features and of the random SAE are as "
        "large as the stop's, frame by frame."
    )
    return Table(f"How often {concept} is detected", columns, tuple(rows), "share", note)


def _changes_table(concept: str, measured: ConceptCells, missing: str) -> Table:
    own = measured.edits[STOP]
    tracked = [what for what in TRACKED if any(what in cell.retention.shares for cell in own.values())]
    rows: list[Row] = []
    for key in (ALONE, MIXED, WITHOUT):
        for edit, cells in measured.edits.items():
            cell = cells.get(key)
            if cell is None:
                continue
            others = [
                estimate.mean
                for each in cell.detected.values()
                for estimate in each.others.values()
                if estimate.mean is not None
            ]
            worst = max(others, key=abs, default=None)
            changed = [cell.changed[what] for what in ("level", "spectrum", "timbre", "noisiness")]
            kept = [cell.retention.shares.get(what, "–") for what in tracked]
            recovered = "–" if cell.recovered is None else cell.recovered
            rows.append((key, edit, worst, *changed, *kept, recovered))
    columns = (
        "clips",
        "edit",
        "another concept, at most",
        "level, dB",
        "spectral distance",
        "timbre, dB",
        "noisiness, dB",
        *tracked,
        "distance recovered",
    )
    notes = [TRACKED[what] for what in tracked] + [missing] * bool(missing)
    notes.append(
        "Distance recovered: 0 is the mixture as it was, 1 the best that this model allows, the concept's own frames subtracted; "
        "below 0 is farther away."
    )
    return Table(f"What else {concept} moves", columns, tuple(rows), note=" ".join(notes))


def _stems_table(concept: str, measured: ConceptCells) -> Table:
    stems = {
        edit: cells[MIXED].retention.stems
        for edit, cells in measured.edits.items()
        if cells[MIXED].retention.stems is not None
    }
    own = stems[STOP]
    assert own is not None
    rows: list[Row] = [("at 0", own.neutral.others_kept, own.neutral.own_left)]
    for edit, each in stems.items():
        assert each is not None
        rows.append((edit, each.turned.others_kept, each.turned.own_left))
    rows.append(("the best possible", own.best.others_kept, own.best.own_left))
    note = (
        "Of the notes that basic-pitch finds in each stem played alone, the share, frame by frame, that it finds in the mixture "
        f"with {concept} at −1. Own notes: those that the others don't play too. At 0 it misses some already: its own error. "
        "The best possible: the concept's own frames subtracted."
    )
    return Table(
        f"{concept} −1 in mixtures: whose notes stay",
        ("edit", OTHERS_KEPT, OWN_LEFT),
        tuple(rows),
        "share",
        note,
    )


def _curve_plot(concept: str, sides: Mapping[str, Mapping[str, KnobCurve]]) -> Plot:
    every = [(side, name, curve) for side, curves in sides.items() for name, curve in curves.items()]
    lines = [
        Line(
            f"{name}, {'with it' if side == 'minus' else 'without it'}",
            tuple(curve.values),
            tuple(each.mean or 0.0 for each in curve.probability),
            tuple(each.low or 0.0 for each in curve.probability),
            tuple(each.high or 0.0 for each in curve.probability),
        )
        for side, name, curve in every
    ]
    correlations = ", ".join(f"{name} {side} {curve.per_clip.mean:.2f}" for side, name, curve in every)
    note = f"Spearman's correlation with the knob, clip by clip: {correlations}."
    return Plot(
        f"{concept}: from −1 to +1", "the stop's value", "probability of the concept", tuple(lines), note=note
    )
