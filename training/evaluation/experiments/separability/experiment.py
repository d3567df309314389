"""Are the concepts apart? What each stop moves of each concept, how alike the stops are, and what a line can still tell apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.evaluation.experiments.separability.space import Space
from training.evaluation.playback.playback import STOP, Bench
from training.evaluation.results import Block, Goal, Matrix, Section, Table, plain

APART_GOAL = 0.5
"""A stop should move its own concept at least twice as much as any other."""
FOLDS = 5
FEWEST = 6
"""Clips of each kind that a cross-validated line needs."""

Cells = dict[str, Any]


def separability_section(bench: Bench, space: Space) -> Section:
    """The matrix of concepts and stops, cosines and overlaps of the stops, and pairs of concepts told apart by a line.

    Args:
        bench: whose items are played and heard.
        space: the model's own numbers.
    """
    edit = bench.edits()[STOP]
    concepts, pairs = bench.items.concepts, itertools.combinations(bench.items.concepts, 2)
    figures: Cells = {
        "moved": {sign: _moved(bench, edit, value) for sign, value in (("−1", -1.0), ("+1", 1.0))},
        "cosines": _cosines(space, concepts),
        "overlap": _overlaps([space.shares(concept) for concept in concepts]),
        "pairs": {
            f"{a} and {b}{f' at {site}' if site else ''}": _apart(space, a, b, site, bench.options.seed)
            for a, b in pairs
            for site in space.sites
        },
    }
    goals = _goals(figures, concepts)
    apart = sum(goal.reached for goal in goals)
    return Section(
        "separability",
        "Are the concepts separable?",
        "What each stop moves of each concept should lie on the diagonal; stops that share directions or features can't be moved "
        "apart.",
        f"{apart} of {len(goals)} movements stay with their own concept (another moves at most half as much, on every ear).",
        tuple(_blocks(figures, concepts)),
        tuple(goals),
        plain(figures),
        {"seed": bench.options.seed},
    )


def _moved(bench: Bench, edit: Any, value: float) -> dict[str, list[list[float | None]]]:
    """By ear, `[concepts, stops]`: the change of the mean probability of each concept that each stop makes at this end.

    A stop is turned down where its concept sounds, and up where it doesn't; a row's concept is looked for in the same clips.
    """
    clips = bench.items
    columns: dict[str, list[list[float | None]]] = {ear.name: [] for ear in bench.ears}
    for stop in clips.concepts:
        every = clips.alone(stop) + clips.mixed(stop) if value < 0 else clips.lacking(stop)
        places = bench.spread(every)
        if not places:
            for ear in columns:
                columns[ear].append([None] * len(clips.concepts))
            continue
        after, before = bench.hear(bench.sound(edit, places, {stop: value})), bench.rest_of(places)
        for ear in columns:
            columns[ear].append(
                [
                    round(float((after[ear].of(c)[1].sigmoid() - before[ear].of(c)[1].sigmoid()).mean()), 3)
                    for c in clips.concepts
                ]
            )
    return {
        ear: [list(row) for row in zip(*found_columns, strict=True)] for ear, found_columns in columns.items()
    }


def _cosines(space: Space, concepts: Sequence[str]) -> dict[str, list[list[float]]]:
    """`[stops, stops]` at each end: how alike two stops' edits of the same frames are, energies counted."""
    found = {}
    for sign, value in (("−1", -1.0), ("+1", 1.0)):
        changes = [space.change(concept, value) for concept in concepts]
        found[sign] = [[round(_cosine(a, b), 3) for b in changes] for a in changes]
    return found


def _cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-9))


def _overlaps(shares: Sequence[Tensor]) -> list[list[float]]:
    """`[stops, stops]`: the weighted Jaccard index of the shares that two stops have of the features."""

    def overlap(a: Tensor, b: Tensor) -> float:
        return float(torch.minimum(a, b).sum() / torch.maximum(a, b).sum().clamp(min=1e-9))

    return [[round(overlap(a, b), 3) for b in shares] for a in shares]


def _apart(space: Space, first: str, second: str, site: str, seed: int) -> Cells:
    """AUROC of a line between two concepts' solos, by clip statistics of the frames: as they are, each with its own stop at -1.

    Cross-validated by recording; None where there are too few.
    """
    groups = [space.groups(concept) for concept in (first, second)]
    counts = [len(each) for each in groups]
    if min(counts) < FEWEST:
        return {"before": None, "after": None, "clips": counts}

    def told(value: float) -> float | None:
        one, other = (space.alone(concept, value, site) for concept in (first, second))
        return told_apart(one, other, groups[0] + groups[1], seed)

    return {"before": told(0.0), "after": told(-1.0), "clips": counts}


def told_apart(first: Tensor, second: Tensor, groups: Sequence[str], seed: int) -> float | None:
    """How well logistic regression tells two kinds of clips apart: AUROC, cross-validated by group.

    A clip is described by its frames' root mean squares, which count at unit level.

    Shape: `[clips, width]` twice; a group for each clip.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    both = torch.cat([first, second])
    described = (both / both.norm(dim=1, keepdim=True).clamp(min=1e-9)).double().numpy()
    truth = np.arange(len(both)) >= len(first)
    folds = min(FOLDS, *(len(set(np.asarray(groups)[truth == kind])) for kind in (False, True)))
    if folds < 2:
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000))
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    scores = cross_val_predict(
        model, described, truth, groups=list(groups), cv=split, method="decision_function"
    )
    return round(float(roc_auc_score(truth, scores)), 4)


def _goals(figures: Cells, concepts: Sequence[str]) -> list[Goal]:
    goals = []
    for sign, by_ear in figures["moved"].items():
        for place, stop in enumerate(concepts):
            worst, own_least = 0.0, float("inf")
            for matrix in by_ear.values():
                own, others = matrix[place][place], [row[place] for i, row in enumerate(matrix) if i != place]
                if own is None:
                    continue
                own_least = min(own_least, own * (1 if sign == "+1" else -1))
                worst = max([worst, *(abs(each) for each in others if each is not None)])
            if own_least < float("inf"):
                said = f"its own by at least {own_least:+.2f} the right way, another by at most {worst:.2f}"
                goals.append(
                    Goal(
                        f"{stop} {sign} moves its own concept at least twice as far as any other",
                        said,
                        worst <= APART_GOAL * own_least,
                    )
                )
    return goals


def _blocks(figures: Cells, concepts: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    names = tuple(concepts)
    for sign, by_ear in figures["moved"].items():
        for ear, values in by_ear.items():
            blocks.append(
                Matrix(
                    f"What each stop at {sign} moves of each concept ({ear})",
                    names,
                    names,
                    tuple(map(tuple, values)),
                    "concept heard",
                    f"stop at {sign}",
                    note="Change of the mean probability, from −1 to 1.",
                )
            )
    for sign, values in figures["cosines"].items():
        blocks.append(
            Matrix(
                f"Cosines of the stops' edits at {sign}",
                names,
                names,
                tuple(map(tuple, values)),
                "stop",
                "stop",
            )
        )
    note = (
        "Weighted Jaccard index of the stops' shares of the features (of a gated stop: its constant twin's)."
    )
    blocks.append(
        Matrix(
            "Overlap of the stops' features",
            names,
            names,
            tuple(map(tuple, figures["overlap"])),
            "stop",
            "stop",
            note=note,
        )
    )
    rows = tuple(
        (pair, each["before"], each["after"], sum(each["clips"])) for pair, each in figures["pairs"].items()
    )
    note = (
        "AUROC of logistic regression between clips in which one of them plays alone, cross-validated by recording; .5: a line "
        "can't tell them apart."
    )
    blocks.append(
        Table(
            "Told apart by a line",
            ("pair", "as they are", "each with its stop at −1", "clips"),
            rows,
            note=note,
        )
    )
    return blocks
