"""The goals of the steering experiment, and whether they are reached, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.evaluation.experiments.steering.cells import (
    ALONE,
    MIXED,
    WITHOUT,
    Cells,
    KnobCurve,
    SteeringCell,
    SteeringMeasurements,
)
from training.evaluation.playback.playback import RANDOM, STOP
from training.evaluation.results import Goal

OFF_GOAL, OFF_FROM = 0.10, 0.90
"""Most clips in which the concept may be detected at -1, where it is detected in at least `OFF_FROM` of them at 0."""
ON_GOAL = 0.60
OTHERS_GOAL = 0.05
SPEARMAN_GOAL = 0.95


def goals_of(steering: SteeringMeasurements) -> list[Goal]:
    """The goals of every stop: away at -1, in at +1, evenly between, and nothing else moved."""
    goals = []
    for concept, measured in steering.concepts.items():
        own = measured.edits[STOP]
        for key, where in ((ALONE, "where it plays alone"), (MIXED, "in mixtures")):
            if key in own:
                goals.append(_off_goal(concept, where, own[key]))
        if WITHOUT in own:
            goals.append(_on_goal(concept, own[WITHOUT], measured.edits[RANDOM][WITHOUT]))
        goals.append(_others_goal(concept, own))
        for side, curves in measured.curves.items():
            goals.append(_evenly_goal(concept, side, curves))
    return goals


def _off_goal(concept: str, where: str, cell: SteeringCell) -> Goal:
    asked = (
        f"{concept} −1, {where}: detected in at most {OFF_GOAL:.0%} of the clips, from {OFF_FROM:.0%} or more"
    )
    seen = {name: (each.neutral.mean or 0.0, each.turned.mean or 0.0) for name, each in cell.detected.items()}
    reached = all(at >= OFF_FROM and now <= OFF_GOAL for at, now in seen.values())
    return Goal(
        asked, "; ".join(f"{name}: {at:.0%} → {now:.0%}" for name, (at, now) in seen.items()), reached
    )


def _on_goal(concept: str, cell: SteeringCell, control: SteeringCell) -> Goal:
    """The goal at +1. A classifier that detects the concept as often after the control proves nothing: it counts as missed."""
    asked = f"{concept} +1, where it isn't detected: detected in {ON_GOAL:.0%} or more, and more often than after a random edit"
    seen, reached = [], True
    for name, each in cell.detected.items():
        now, random = each.changeable.mean, control.detected[name].changeable.mean
        reached &= now is not None and random is not None and now >= ON_GOAL and now > random
        seen.append(f"{name}: {_percent(now)} (random {_percent(random)})")
    return Goal(asked, "; ".join(seen), reached)


def _others_goal(concept: str, own: Cells) -> Goal:
    moved = [
        (abs(estimate.mean), f"{name}, {other} {key}: {estimate.mean:+.0%}")
        for key, cell in own.items()
        for name, each in cell.detected.items()
        for other, estimate in each.others.items()
        if estimate.mean is not None
    ]
    worst = max(moved, default=(0.0, "no other concept"))
    asked = f"{concept}: every other concept detected as often as before, give or take {OTHERS_GOAL:.0%}"
    return Goal(asked, f"the farthest: {worst[1]}", worst[0] <= OTHERS_GOAL)


def _evenly_goal(concept: str, side: str, curves: Mapping[str, KnobCurve]) -> Goal:
    seen = {name: curve.per_clip.mean for name, curve in curves.items()}
    way = "down from 0 to −1" if side == "minus" else "up from 0 to +1"
    asked = f"{concept} {way} is detected as going evenly: Spearman {SPEARMAN_GOAL} or more, clip by clip"
    reached = all(value is not None and value >= SPEARMAN_GOAL for value in seen.values())
    return Goal(asked, "; ".join(f"{name}: {value:.2f}" for name, value in seen.items()), reached)


def answer_of(goals: Sequence[Goal]) -> str:
    """The goals in a sentence or two, the first misses named."""
    missed = [goal for goal in goals if not goal.reached]
    if not missed:
        return f"All {len(goals)} goals are reached."
    first = "; ".join(f"{goal.goal} — {goal.seen}" for goal in missed[:3])
    more = f", and {len(missed) - 3} more below" if len(missed) > 3 else ""
    return f"{len(goals) - len(missed)} of {len(goals)} goals are reached. Missed: {first}{more}."


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
