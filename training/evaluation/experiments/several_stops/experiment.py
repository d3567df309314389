"""Several stops at once: whether each keeps its effect, whether their order matters, and a named combination."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from training.evaluation.context import EvaluationContext, Options
from training.evaluation.experiments.several_stops import duet
from training.evaluation.playback.playback import STOP, Playback, PredictionsByName
from training.evaluation.results import Goal, Result, Table, plain
from training.metrics.bootstrap import Estimate, interval, mean_of

TITLE = "Several stops at once"
JOINT_GOAL = 0.90
SMALLEST_EFFECT = 0.1
"""Least share of clips in which a stop alone must work; below it there is no effect that could remain."""
ORDER_TOLERANCE = 1e-4
"""Largest accepted effect of the stops' order, as a share of the edit: float32 sums depend on the order."""

Values = dict[str, float]
Metrics = dict[str, Any]


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures combinations of stops on the context's playback."""
    return several_stops_result(context.playback)


def several_stops_result(playback: Playback) -> Result:
    """Every pair of stops at every combination of ends, two on and two off where there are four, and the named example."""
    edits = playback.edits()
    metrics: Metrics = {"pairs": {}, "order": playback.order_error()}
    combined_clips = [
        (values, _fitting(playback, values)) for values in _combinations(playback.items.concepts)
    ]
    playback.expect("together", sum(1 + len(values) for values, indices in combined_clips if indices))
    for values, indices in combined_clips:
        if indices:
            metrics["pairs"][_name(values)] = _joint(playback, edits[STOP], values, indices)
    if duet.possible(playback.items.concepts):
        metrics["duet"] = duet.measure(playback, edits)
    combined, others = _combination_goals(metrics), _order_goals(metrics)
    answer = (
        f"{sum(goal.reached for goal in combined)} of {len(combined)} combinations keep {JOINT_GOAL:.0%} or more of what every "
        "stop does alone, by every classifier."
    )
    if "duet" in metrics:
        ways = duet.goals(metrics["duet"])
        answer += f" Guitar music with a male voice: {sum(goal.reached for goal in ways)} of {len(ways)} ways to it reach it."
        others += ways
    return Result(
        "together",
        TITLE,
        "Two stops moved together should each do what they do alone, whatever their order.",
        answer if combined else "The bank has one stop: nothing can be combined.",
        tuple(_tables(metrics)),
        (*combined, *others),
        plain(metrics),
        {"seed": playback.options.seed},
    )


def _combinations(concepts: Sequence[str]) -> list[Values]:
    """Every pair at every combination of -1 and +1; of four stops or more, two on and two off too."""
    found = [
        dict(zip(pair, signs, strict=True))
        for pair in itertools.combinations(concepts, 2)
        for signs in itertools.product((-1.0, 1.0), repeat=2)
    ]
    if len(concepts) >= 4:
        found.append(dict(zip(concepts[:4], (1.0, 1.0, -1.0, -1.0), strict=True)))
    return found


def _name(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {'+1' if value > 0 else '−1'}" for name, value in values.items())


def _fitting(playback: Playback, values: Mapping[str, float]) -> list[int]:
    """Clips, mixtures included, that have what is taken away and lack what is brought in; else the closest ones."""
    clips = playback.items
    off, on = ([n for n, v in values.items() if (v < 0) == down] for down in (True, False))
    wrong = sum(
        ((clips.having(name) == (name in on)).long() for name in (*off, *on)),
        torch.zeros(len(clips.groups), dtype=torch.long),
    )
    best = torch.nonzero(wrong == wrong.min())[:, 0].tolist()
    return playback.spread(best)


def _joint(playback: Playback, edit: Any, values: Values, indices: Sequence[int]) -> Metrics:
    """By stop and classifier: shares of clips that fit the stop's setting, alone and jointly, and their ratio."""
    joint = playback.predict(playback.sound(edit, indices, values))
    found: Metrics = {"clips": len(indices)}
    for name, value in values.items():
        alone = playback.predict(playback.sound(edit, indices, {name: value}))
        found[name] = {
            classifier: _retention(
                _matches_setting(alone, classifier, name, value),
                _matches_setting(joint, classifier, name, value),
                playback.groups_of(indices),
            )
            for classifier in joint
        }
    return found


def _matches_setting(
    predictions: PredictionsByName, classifier: str, name: str, value: float
) -> np.ndarray[Any, Any]:
    """Whether a classifier's prediction fits the stop's value: concept detected at +1, not detected at -1.

    `[clips]` of 0 and 1.
    """
    detected = predictions[classifier].of(name)[0]
    return (detected if value > 0 else ~detected).double().numpy()


def _retention(alone: np.ndarray[Any, Any], joint: np.ndarray[Any, Any], groups: Sequence[str]) -> Metrics:
    """Shares of clips that fit the setting, with the stop alone and jointly, and their ratio."""

    def ratio(indices: np.ndarray[Any, Any]) -> float:
        own = float(alone[indices].mean())
        return float(joint[indices].mean()) / own if own > SMALLEST_EFFECT else float("nan")

    return {
        "alone": mean_of(alone, groups),
        "jointly": mean_of(joint, groups),
        "kept": interval(ratio, len(alone), groups),
    }


def _combination_goals(metrics: Metrics) -> list[Goal]:
    goals = []
    for combination, cell in metrics["pairs"].items():
        kept = {
            f"{name} ({classifier})": of_classifier["kept"].mean
            for name, classifiers in cell.items()
            if name != "clips"
            for classifier, of_classifier in classifiers.items()
        }
        measured = {name: value for name, value in kept.items() if value is not None}
        said = (
            "; ".join(f"{name} {value:.0%}" for name, value in measured.items())
            or "no stop of them does it alone"
        )
        reached = bool(measured) and all(value >= JOINT_GOAL for value in measured.values())
        goals.append(
            Goal(
                f"{combination}: each stop does it at least {JOINT_GOAL:.0%} as often as alone", said, reached
            )
        )
    return goals


def _order_goals(metrics: Metrics) -> list[Goal]:
    order = metrics["order"]
    if not metrics["pairs"] or order is None:
        return []
    return [
        Goal(
            f"the order of the stops changes no more than {ORDER_TOLERANCE:g} of the edit",
            f"{order:.1e}",
            order <= ORDER_TOLERANCE,
        )
    ]


def _tables(metrics: Metrics) -> list[Table]:
    rows: list[tuple[str | Estimate, ...]] = []
    for combination, cell in metrics["pairs"].items():
        for name, classifiers in cell.items():
            if name == "clips":
                continue
            rows += [
                (combination, name, classifier, each["alone"], each["jointly"], each["kept"])
                for classifier, each in classifiers.items()
            ]
    columns = ("combination", "stop", "classifier", "does it, alone", "jointly", "kept")
    note = (
        "In which share of the clips a classifier detects the concept of a stop at +1, and doesn't detect that of one at −1. "
        "Kept: jointly over alone; a dash where alone it's under a tenth."
    )
    tables = [Table("Each stop's effect, alone and with others", columns, tuple(rows), "share", note)]
    if "duet" in metrics:
        tables += duet.tables(metrics["duet"])
    return tables
