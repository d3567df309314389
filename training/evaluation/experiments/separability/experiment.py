"""Are the concepts separable?

What each stop changes for each concept, how similar the stops' edits are, and how well a linear classifier separates
the concepts.
"""

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

TITLE = "Are the concepts separable?"
APART_GOAL = 0.5
"""A stop should change its own concept at least twice as much as any other."""
FOLDS = 5
FEWEST = 6
"""Least clips of each concept that the cross-validated classifier needs."""

Metrics = dict[str, Any]


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures how separable the concepts are: in sound, and in the model's own frames."""
    return separability_result(context.playback, space_of(context))


def separability_result(playback: Playback, space: Space) -> Result:
    """The matrix of concepts and stops, cosines and overlaps of the stops, and the AUROC between pairs of concepts.

    Args:
        playback: plays and classifies the items.
        space: the model's own numbers.
    """
    edit = playback.edits()[STOP]
    concepts, pairs = playback.items.concepts, itertools.combinations(playback.items.concepts, 2)
    metrics: Metrics = {
        "moved": {sign: _moved(playback, edit, value) for sign, value in (("−1", -1.0), ("+1", 1.0))},
        "cosines": _cosines(space, concepts),
        "overlap": _overlaps([space.shares(concept) for concept in concepts]),
        "pairs": {
            f"{a} and {b}{f' at {site}' if site else ''}": _pair_aurocs(
                space, a, b, site, playback.options.seed
            )
            for a, b in pairs
            for site in space.sites
        },
    }
    goals = _goals(metrics, concepts)
    apart = sum(goal.reached for goal in goals)
    return Result(
        "separability",
        TITLE,
        "What each stop moves of each concept should lie on the diagonal; stops that share directions or features can't be moved "
        "apart.",
        f"{apart} of {len(goals)} movements stay with their own concept (another moves at most half as much, by every "
        "classifier).",
        tuple(_blocks(metrics, concepts)),
        tuple(goals),
        plain(metrics),
        {"seed": playback.options.seed},
    )


def _moved(playback: Playback, edit: Any, value: float) -> dict[str, list[list[float | None]]]:
    """By classifier, `[concepts, stops]`: how far each stop, at this end, changes each concept's mean probability.

    A stop is turned down where its concept sounds, and up where it doesn't; all concepts are measured in those clips.
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
    """`[stops, stops]` at each end: the cosine of two stops' edits of the same frames."""
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


def _pair_aurocs(space: Space, first: str, second: str, site: str, seed: int) -> Metrics:
    """AUROC of a linear classifier between two concepts' solos: as they are, and each with its own stop at -1.

    Cross-validated by recording; None where there are too few clips.
    """
    groups = [space.groups(concept) for concept in (first, second)]
    counts = [len(each) for each in groups]
    if min(counts) < FEWEST:
        return {"before": None, "after": None, "clips": counts}

    def auroc_at(value: float) -> float | None:
        one, other = (space.solo_levels(concept, value, site) for concept in (first, second))
        return separation_auroc(one, other, groups[0] + groups[1], seed)

    return {"before": auroc_at(0.0), "after": auroc_at(-1.0), "clips": counts}


def separation_auroc(first: Tensor, second: Tensor, groups: Sequence[str], seed: int) -> float | None:
    """AUROC of logistic regression between two kinds of clips, cross-validated by group.

    Clips are described by their frames' root mean squares, scaled to unit norm.

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


def _goals(metrics: Metrics, concepts: Sequence[str]) -> list[Goal]:
    goals = []
    for sign, by_classifier in metrics["moved"].items():
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


def _blocks(metrics: Metrics, concepts: Sequence[str]) -> list[Content]:
    blocks: list[Content] = []
    names = tuple(concepts)
    for sign, by_classifier in metrics["moved"].items():
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
    for sign, values in metrics["cosines"].items():
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
            tuple(map(tuple, metrics["overlap"])),
            "stop",
            "stop",
            note=note,
        )
    )
    rows = tuple(
        (pair, each["before"], each["after"], sum(each["clips"])) for pair, each in metrics["pairs"].items()
    )
    note = (
        "AUROC of logistic regression between clips in which one of them plays alone, cross-validated by recording; "
        ".5: they aren't separable."
    )
    blocks.append(
        Table(
            "Separated by a linear classifier",
            ("pair", "as they are", "each with its stop at −1", "clips"),
            rows,
            note=note,
        )
    )
    return blocks
