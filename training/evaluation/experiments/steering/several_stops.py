"""Several stops at once: is each one's effect still there, does the order matter, and a combination that has a name."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from training.evaluation.experiments.steering import duet
from training.evaluation.playback.playback import STOP, Bench, Hearing
from training.evaluation.results import Goal, Section, Table, plain
from training.metrics.bootstrap import Estimate, interval, mean_of

JOINT_GOAL = 0.90
SMALLEST_EFFECT = 0.1
"""A stop that alone does what it says in fewer clips has no effect that could be kept."""
ORDER_TOLERANCE = 1e-4
"""Of the edit's own size: stops are summed in the bank's order, and float32 rounds by it."""

Values = dict[str, float]
Cells = dict[str, Any]


def together_section(bench: Bench) -> Section:
    """Every pair of stops at every combination of ends, two on and two off where there are four, and the named example."""
    edits = bench.edits()
    figures: Cells = {"pairs": {}, "order": bench.order_error()}
    for values in _combinations(bench.items.concepts):
        places = _fitting(bench, values)
        if places:
            figures["pairs"][_name(values)] = _joint(bench, edits[STOP], values, places)
    if duet.possible(bench.items.concepts):
        figures["duet"] = duet.measure(bench, edits)
    combined, others = _combination_goals(figures), _order_goals(figures)
    answer = (
        f"{sum(goal.reached for goal in combined)} of {len(combined)} combinations keep {JOINT_GOAL:.0%} or more of what every "
        "stop does alone, on every ear."
    )
    if "duet" in figures:
        ways = duet.goals(figures["duet"])
        answer += f" Guitar music with a male voice: {sum(goal.reached for goal in ways)} of {len(ways)} ways to it are heard so."
        others += ways
    return Section(
        "together",
        "Several stops at once",
        "Two stops moved together should each do what they do alone, whatever their order.",
        answer if combined else "The bank has one stop: nothing can be combined.",
        tuple(_tables(figures)),
        (*combined, *others),
        plain(figures),
        {"seed": bench.options.seed},
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


def _fitting(bench: Bench, values: Mapping[str, float]) -> list[int]:
    """Clips that have what is taken away and lack what is brought in, mixtures included; the nearest where none has all."""
    clips = bench.items
    off, on = ([n for n, v in values.items() if (v < 0) == down] for down in (True, False))
    wrong = sum(
        ((clips.having(name) == (name in on)).long() for name in (*off, *on)),
        torch.zeros(len(clips.groups), dtype=torch.long),
    )
    best = torch.nonzero(wrong == wrong.min())[:, 0].tolist()
    return bench.spread(best)


def _joint(bench: Bench, edit: Any, values: Values, places: Sequence[int]) -> Cells:
    """By stop and ear: in which share of the clips it does what it says alone and jointly, and how much of that is kept."""
    joint = bench.hear(bench.sound(edit, places, values))
    found: Cells = {"clips": len(places)}
    for name, value in values.items():
        alone = bench.hear(bench.sound(edit, places, {name: value}))
        found[name] = {
            ear: _kept(
                _obeyed(alone, ear, name, value), _obeyed(joint, ear, name, value), bench.groups_of(places)
            )
            for ear in joint
        }
    return found


def _obeyed(hearing: Hearing, ear: str, name: str, value: float) -> np.ndarray[Any, Any]:
    """In which clips an ear hears what the stop was told: the concept at +1, no concept at -1. `[clips]` of 0 and 1."""
    heard = hearing[ear].of(name)[0]
    return (heard if value > 0 else ~heard).double().numpy()


def _kept(alone: np.ndarray[Any, Any], joint: np.ndarray[Any, Any], groups: Sequence[str]) -> Cells:
    """The shares of obedient clips alone and jointly, and one over the other."""

    def ratio(places: np.ndarray[Any, Any]) -> float:
        own = float(alone[places].mean())
        return float(joint[places].mean()) / own if own > SMALLEST_EFFECT else float("nan")

    return {
        "alone": mean_of(alone, groups),
        "jointly": mean_of(joint, groups),
        "kept": interval(ratio, len(alone), groups),
    }


def _combination_goals(figures: Cells) -> list[Goal]:
    goals = []
    for combination, cell in figures["pairs"].items():
        kept = {
            f"{name} ({ear})": of_ear["kept"].mean
            for name, ears in cell.items()
            if name != "clips"
            for ear, of_ear in ears.items()
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


def _order_goals(figures: Cells) -> list[Goal]:
    order = figures["order"]
    if not figures["pairs"] or order is None:
        return []
    return [
        Goal(
            f"the order of the stops changes no more than {ORDER_TOLERANCE:g} of the edit",
            f"{order:.1e}",
            order <= ORDER_TOLERANCE,
        )
    ]


def _tables(figures: Cells) -> list[Table]:
    rows: list[tuple[str | Estimate, ...]] = []
    for combination, cell in figures["pairs"].items():
        for name, ears in cell.items():
            if name == "clips":
                continue
            rows += [
                (combination, name, ear, each["alone"], each["jointly"], each["kept"])
                for ear, each in ears.items()
            ]
    columns = ("combination", "stop", "ear", "does it, alone", "jointly", "kept")
    note = (
        "In which share of the clips an ear hears the concept of a stop at +1, and doesn't hear that of one at −1. Kept: jointly "
        "over alone; a dash where alone it's under a tenth."
    )
    tables = [Table("Each stop's effect, alone and with others", columns, tuple(rows), "share", note)]
    if "duet" in figures:
        tables += duet.tables(figures["duet"])
    return tables
