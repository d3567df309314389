"""What stops are aimed at, and what was seen of it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.evaluation.playback.playback import RANDOM, STOP
from training.evaluation.results import Goal

OFF_GOAL, HEARD_FIRST = 0.10, 0.90
ON_GOAL = 0.60
OTHERS_GOAL = 0.05
SPEARMAN_GOAL = 0.95

Cells = dict[str, Any]


def goals_of(figures: Cells, concepts: Sequence[str]) -> list[Goal]:
    """Of every stop: away at -1, in at +1, evenly between, and nothing else moved."""
    goals = []
    for concept in concepts:
        own = figures[concept][STOP]
        for key, where in (("alone", "where it plays alone"), ("mixed", "in mixtures")):
            if key in own:
                goals.append(_off_goal(concept, where, own[key]))
        if "without" in own:
            goals.append(_on_goal(concept, own["without"], figures[concept][RANDOM]["without"]))
        goals.append(_others_goal(concept, own))
        for side, curve in figures[concept]["dose"].items():
            goals.append(_dose_goal(concept, side, curve))
    return goals


def _off_goal(concept: str, where: str, cell: Cells) -> Goal:
    asked = (
        f"{concept} −1, {where}: heard in at most {OFF_GOAL:.0%} of the clips, from {HEARD_FIRST:.0%} or more"
    )
    said = {ear: (heard["at 0"].mean, heard["turned"].mean) for ear, heard in cell["heard"].items()}
    reached = all(at >= HEARD_FIRST and now <= OFF_GOAL for at, now in said.values())
    return Goal(asked, "; ".join(f"{ear}: {at:.0%} → {now:.0%}" for ear, (at, now) in said.items()), reached)


def _on_goal(concept: str, cell: Cells, control: Cells) -> Goal:
    """An ear that hears the concept in the control as often says nothing: that counts as missed."""
    asked = f"{concept} +1, where it isn't heard: heard in {ON_GOAL:.0%} or more, and more often than after a random edit"
    said, reached = [], True
    for ear, heard in cell["heard"].items():
        now, random = heard["of those"].mean, control["heard"][ear]["of those"].mean
        reached &= now is not None and random is not None and now >= ON_GOAL and now > random
        said.append(f"{ear}: {_share(now)} (random {_share(random)})")
    return Goal(asked, "; ".join(said), reached)


def _others_goal(concept: str, own: Cells) -> Goal:
    moved = [
        (abs(estimate.mean), f"{ear}, {other} {key}: {estimate.mean:+.0%}")
        for key, cell in own.items()
        for ear, heard in cell["heard"].items()
        for other, estimate in heard["others"].items()
        if estimate.mean is not None
    ]
    worst = max(moved, default=(0.0, "no other concept"))
    asked = f"{concept}: every other concept heard as often as before, give or take {OTHERS_GOAL:.0%}"
    return Goal(asked, f"the farthest: {worst[1]}", worst[0] <= OTHERS_GOAL)


def _dose_goal(concept: str, side: str, curve: Cells) -> Goal:
    said = {ear: each["per clip"].mean for ear, each in curve.items()}
    way = "down from 0 to −1" if side == "minus" else "up from 0 to +1"
    asked = f"{concept} {way} is heard as going evenly: Spearman {SPEARMAN_GOAL} or more, clip by clip"
    reached = all(value is not None and value >= SPEARMAN_GOAL for value in said.values())
    return Goal(asked, "; ".join(f"{ear}: {value:.2f}" for ear, value in said.items()), reached)


def answer_of(goals: Sequence[Goal]) -> str:
    """The goals in a sentence or two, the first misses named."""
    missed = [goal for goal in goals if not goal.reached]
    if not missed:
        return f"All {len(goals)} goals are reached."
    first = "; ".join(f"{goal.goal} — {goal.seen}" for goal in missed[:3])
    more = f", and {len(missed) - 3} more below" if len(missed) > 3 else ""
    return f"{len(goals) - len(missed)} of {len(goals)} goals are reached. Missed: {first}{more}."


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
