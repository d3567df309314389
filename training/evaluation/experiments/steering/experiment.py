"""Does a stop do what its label says, and what else does it do? Success at -1 and +1, and the curve between, beside controls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from training.evaluation.context import EvaluationContext, Options
from training.evaluation.experiments.steering.cells import (
    ALONE,
    MIXED,
    WITHOUT,
    Cells,
    ConceptCells,
    Detection,
    KnobCurve,
    Retention,
    SteeringCell,
    SteeringMeasurements,
)
from training.evaluation.experiments.steering.goals import answer_of, goals_of
from training.evaluation.experiments.steering.pitch_and_notes import Tracker
from training.evaluation.experiments.steering.sounds import write_players
from training.evaluation.experiments.steering.tables import content_of
from training.evaluation.playback.playback import MEANS, RANDOM, STOP, Playback
from training.evaluation.results import Result, plain
from training.metrics import notes
from training.metrics.bootstrap import mean_of
from training.metrics.predictions import Predictions
from training.metrics.sound_changes import sound_changes

TITLE = "Does each stop do what it says?"
DOSE = (0.0, 0.25, 0.5, 0.75, 1.0)
TRACKED_EDITS = (STOP, MEANS, RANDOM)


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures every stop on the context's playback; sounds go into its folder."""
    return steering_result(context.playback, context.folder)


def steering_result(playback: Playback, folder: Path) -> Result:
    """Every stop at -1 on clips with its concept, at +1 on clips without it, and its curve; sounds go into `folder`."""
    edits, tracker = playback.edits(), None if playback.options.quick else Tracker(playback)
    accuracy, in_noise = playback.accuracy(), playback.detected_in_noise()
    playback.expect(
        "steering", sum(_predictions(playback, concept, len(edits)) for concept in playback.items.concepts)
    )
    concepts = {}
    for concept in playback.items.concepts:
        cells = {
            name: _cells(playback, edit, concept, tracker if name in TRACKED_EDITS else None)
            for name, edit in edits.items()
        }
        concepts[concept] = ConceptCells(cells, _curves(playback, edits[STOP], concept))
    steering = SteeringMeasurements(accuracy, in_noise, concepts)
    goals = goals_of(steering)
    kinds = {classifier.name: classifier.kind for classifier in playback.classifiers}
    missing = notes.MISSING if tracker and not notes.installed() else ""
    return Result(
        "steering",
        TITLE,
        "At −1 a stop should take its concept away and leave the rest; at +1 it should bring it in. Independent "
        "classifiers say so on unseen clips, beside as large an edit of random features.",
        answer_of(goals),
        (*content_of(steering, kinds, missing), *write_players(playback, edits, folder)),
        tuple(goals),
        plain(steering.to_json()),
        {"seed": playback.options.seed, "clips": len(playback.items.groups)},
    )


def _predictions(playback: Playback, concept: str, edits: int) -> int:
    """How many predictions a concept takes: one a cell, and one at each of the curves' values but 0."""
    sides = sum(bool(playback.spread(every)) for every, _ in _sides(playback, concept).values())
    return edits * len(_kinds(playback, concept)) + sides * sum(value != 0 for value in DOSE)


def _kinds(playback: Playback, concept: str) -> dict[str, tuple[list[int], float]]:
    """The clips of each cell, where there are any, and the stop's value."""
    items = playback.items
    kinds = {
        ALONE: (items.alone(concept), -1.0),
        MIXED: (items.mixed(concept), -1.0),
        WITHOUT: (items.lacking(concept), 1.0),
    }
    return {key: (indices, value) for key, (indices, value) in kinds.items() if indices}


def _cells(playback: Playback, edit: Any, concept: str, tracker: Tracker | None) -> Cells:
    return {
        key: _cell(playback, edit, concept, indices, value, tracker)
        for key, (indices, value) in _kinds(playback, concept).items()
    }


def _cell(
    playback: Playback, edit: Any, concept: str, indices: list[int], value: float, tracker: Tracker | None
) -> SteeringCell:
    """Detection by every classifier, and what else changed; pitch and notes where there is a tracker."""
    before = playback.neutral_of(indices)
    sound = playback.sound(edit, indices, {concept: value})
    after = playback.predict(sound)
    groups = playback.groups_of(indices)
    changes = sound_changes(playback.neutral[indices], sound, playback.rate)
    return SteeringCell(
        {
            name: _detection(playback, concept, indices, (first, after[name]), value < 0)
            for name, first in before.items()
        },
        len(indices),
        {what: mean_of(moved.numpy(), groups) for what, moved in changes.items()},
        tracker.retention(concept, indices, sound) if tracker else Retention(),
        playback.recovered(concept, indices, sound) if value < 0 else None,
    )


def _detection(
    playback: Playback,
    concept: str,
    indices: list[int],
    predictions: tuple[Predictions, Predictions],
    away: bool,
) -> Detection:
    """One classifier's predictions with the stop at 0 and turned."""
    before, after = predictions
    detected = before.of(concept)[0]
    others = [name for name in playback.items.concepts if name != concept]
    return Detection(
        playback.share(before, concept, indices),
        playback.share(after, concept, indices),
        playback.share(after, concept, indices, detected if away else ~detected),
        playback.share(after, concept, indices, playback.items.new_timbre[indices]),
        {other: playback.moved(before, after, other, indices) for other in others},
    )


def _curves(playback: Playback, edit: Any, concept: str) -> dict[str, dict[str, KnobCurve]]:
    """The classifiers' curves over five values on each side of the knob; in quick mode only the first classifier's."""
    classifiers = 1 if playback.options.quick else None
    curves = {}
    for side, (every, sign) in _sides(playback, concept).items():
        indices = playback.spread(every)
        if not indices:
            continue
        predictions = [
            playback.predict(playback.sound(edit, indices, {concept: sign * value}), classifiers)
            if value
            else playback.neutral_of(indices)
            for value in DOSE
        ]
        curves[side] = {
            name: _curve(
                [each[name].of(concept)[1].numpy() for each in predictions],
                [sign * v for v in DOSE],
                playback.groups_of(indices),
            )
            for name in predictions[-1]
        }
    return curves


def _sides(playback: Playback, concept: str) -> dict[str, tuple[list[int], float]]:
    """The clips of each side of the knob, and its sign."""
    items = playback.items
    return {
        "minus": (items.alone(concept) + items.mixed(concept), -1.0),
        "plus": (items.lacking(concept), 1.0),
    }


def _curve(
    logits: Sequence[np.ndarray[Any, Any]], values: Sequence[float], groups: Sequence[str]
) -> KnobCurve:
    """The curve of one classifier from its logits at each value, `[clips]` each."""
    table = np.stack(logits)  # [values, clips]
    each = [spearmanr(values, column).statistic if np.ptp(column) > 0 else 0.0 for column in table.T]
    means = [mean_of(1 / (1 + np.exp(-np.clip(row, -50, 50))), groups) for row in table]
    return KnobCurve(
        list(values),
        means,
        round(float(spearmanr(values, table.mean(1)).statistic), 4),
        mean_of(each, groups),
    )
