"""Are the concepts apart? What each stop moves of each concept, how alike the stops are, and what a line can still tell apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.evaluation.context import EvaluationContext, Options
from training.evaluation.experiments.separability.space import Space, space_of
from training.evaluation.playback.playback import STOP, Playback
from training.evaluation.results import Content, Goal, Matrix, Result, Table, plain

APART_GOAL = 0.5
"""A stop should move its own concept at least twice as much as any other."""
FOLDS = 5
FEWEST = 6
"""Clips of each kind that a cross-validated line needs."""

Cells = dict[str, Any]


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures how far apart the concepts are: in sound, and in the model's own frames."""
    return separability_result(context.playback, space_of(context))


def separability_result(playback: Playback, space: Space) -> Result:
    """The matrix of concepts and stops, cosines and overlaps of the stops, and pairs of concepts told apart by a line.

    Args:
        playback: whose items are played and detected.
        space: the model's own numbers.
    """
    edit = playback.edits()[STOP]
    concepts, pairs = playback.items.concepts, itertools.combinations(playback.items.concepts, 2)
    figures: Cells = {
        "moved": {sign: _moved(playback, edit, value) for sign, value in (("−1", -1.0), ("+1", 1.0))},
        "cosines": _cosines(space, concepts),
        "overlap": _overlaps([space.shares(concept) for concept in concepts]),
        "pairs": {
            f"{a} and {b}{f' at {site}' if site else ''}": _apart(space, a, b, site, playback.options.seed)
            for a, b in pairs
            for site in space.sites
        },
    }
    goals = _goals(figures, concepts)
    apart = sum(goal.reached for goal in goals)
    return Result(
        "separability",
        "Are the concepts separable?",
        "What each stop moves of each concept should lie on the diagonal; stops that share directions or features can't be moved "
        "apart.",
        f"{apart} of {len(goals)} movements stay with their own concept (another moves at most half as much, by every "
        "classifier).",
        tuple(_blocks(figures, concepts)),
        tuple(goals),
        plain(figures),
        {"seed": playback.options.seed},
    )


def _moved(playback: Playback, edit: Any, value: float) -> dict[str, list[list[float | None]]]:
    """By classifier, `[concepts, stops]`: the change of the mean probability of each concept that each stop makes at this end.

    A stop is turned down where its concept sounds, and up where it doesn't; a row's concept is looked for in the same clips.
    """
    clips = playback.items
    columns: dict[str, list[list[float | None]]] = {
        classifier.name: [] for classifier in playback.classifiers
    }
    for stop in clips.concepts:
        every = clips.alone(stop) + clips.mixed(stop) if value < 0 else clips.lacking(stop)
        indices = playback.spread(every)
        if not indices:
            for classifier in columns:
                columns[classifier].append([None] * len(clips.concepts))
            continue
        after, before = (
            playback.predict(playback.sound(edit, indices, {stop: value})),
            playback.neutral_of(indices),
        )
        for classifier in columns:
            columns[classifier].append(
                [
                    round(
                        float(
                            (
                                after[classifier].of(c)[1].sigmoid() - before[classifier].of(c)[1].sigmoid()
                            ).mean()
                        ),
                        3,
                    )
                    for c in clips.concepts
                ]
            )
    return {
        classifier: [list(row) for row in zip(*found_columns, strict=True)]
        for classifier, found_columns in columns.items()
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

    def auroc_at(value: float) -> float | None:
        one, other = (space.alone(concept, value, site) for concept in (first, second))
        return told_apart(one, other, groups[0] + groups[1], seed)

    return {"before": auroc_at(0.0), "after": auroc_at(-1.0), "clips": counts}


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
    for sign, by_classifier in figures["moved"].items():
        for index, stop in enumerate(concepts):
            worst, own_least = 0.0, float("inf")
            for matrix in by_classifier.values():
                own, others = matrix[index][index], [row[index] for i, row in enumerate(matrix) if i != index]
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


def _blocks(figures: Cells, concepts: Sequence[str]) -> list[Content]:
    blocks: list[Content] = []
    names = tuple(concepts)
    for sign, by_classifier in figures["moved"].items():
        for classifier, values in by_classifier.items():
            blocks.append(
                Matrix(
                    f"What each stop at {sign} moves of each concept ({classifier})",
                    names,
                    names,
                    tuple(map(tuple, values)),
                    "concept detected",
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
    note = "Weighted Jaccard index of the stops' shares of the features (of a gated stop: its static counterpart's)."
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
