"""A named combination: guitar music with a male voice, beside true mixtures.

It is made in three ways: from neither, from a guitar, in place of a woman.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from training.evaluation.playback.playback import RANDOM, STOP, Playback, PredictionsByName
from training.evaluation.results import Goal, Table
from training.metrics.bootstrap import Estimate

GUITAR, MALE, FEMALE = "guitar", "male voice", "female voice"
"""The labels that recordings and stops must have."""
REST, TRUTH = "at 0", "true mixtures, at 0"
DETECTED_GOAL = 0.60
_GOAL = (
    f"guitar music with a male voice, out of {{title}}: each of the two detected in {DETECTED_GOAL:.0%} or more, and "
    "what is brought in more often than after a random edit"
)

Metrics = dict[str, Any]


@dataclass(frozen=True)
class DuetCase:
    """One way to make the duet: the stops' values, the concepts that sound before, and a title."""

    values: Mapping[str, float]
    before: frozenset[str]
    title: str


CASES: tuple[DuetCase, ...] = (
    DuetCase({GUITAR: 1.0, MALE: 1.0}, frozenset(), f"neither; {GUITAR} +1, {MALE} +1"),
    DuetCase({MALE: 1.0}, frozenset({GUITAR}), f"a guitar; {MALE} +1"),
    DuetCase(
        {FEMALE: -1.0, MALE: 1.0},
        frozenset({GUITAR, FEMALE}),
        f"a guitar with a woman; {FEMALE} −1, {MALE} +1",
    ),
)


def possible(concepts: Sequence[str]) -> bool:
    """Whether the required stops exist; without one for female voice, only two of the three cases are measured."""
    return {GUITAR, MALE} <= set(concepts)


def measure(playback: Playback, edits: Mapping[str, Any]) -> Metrics:
    """What every classifier detects, by case: before, with the stops, and with a random edit; and in true mixtures."""
    found: Metrics = {"cases": {}}
    for case in CASES:
        if not set(case.values) | case.before <= set(playback.items.concepts):
            continue
        indices = _indices(playback, case.before)
        if not indices:
            continue
        cell: Metrics = {
            "clips": len(indices),
            REST: _shares(playback, playback.neutral_of(indices), indices),
        }
        for name in (STOP, RANDOM):
            sound = playback.sound(edits[name], indices, case.values)
            cell[name] = _shares(playback, playback.predict(sound), indices)
        found["cases"][case.title] = cell
    true = _indices(playback, frozenset({GUITAR, MALE}))
    if true:
        found[TRUTH] = {"clips": len(true), REST: _shares(playback, playback.neutral_of(true), true)}
    return found


def tables(metrics: Metrics) -> list[Table]:
    """A table for every case."""
    return [
        Table(
            f"Guitar music with a male voice, out of {title}",
            ("edit (classifier)", *_concepts(cell)),
            (*_rows(cell, (REST, STOP, RANDOM)), *_true_rows(metrics)),
            "share",
            f"In which share of {cell['clips']} clips each concept is detected.",
        )
        for title, cell in metrics["cases"].items()
    ]


def goals(metrics: Metrics) -> list[Goal]:
    """A goal for every case; see `is_reached`."""
    return [_goal(case, metrics["cases"][case.title]) for case in CASES if case.title in metrics["cases"]]


def _goal(case: DuetCase, cell: Metrics) -> Goal:
    shares = {
        (concept, classifier): (
            of_classifier[concept].mean or 0.0,
            cell[RANDOM][classifier][concept].mean or 0.0,
        )
        for classifier, of_classifier in cell[STOP].items()
        for concept in (GUITAR, MALE)
    }
    said = [
        f"{concept} ({classifier}) {share:.0%} (random {random:.0%})"
        for (concept, classifier), (share, random) in shares.items()
    ]
    return Goal(_GOAL.format(title=case.title), "; ".join(said), is_reached(case, shares))


def is_reached(case: DuetCase, shares: Mapping[tuple[str, str], tuple[float, float]]) -> bool:
    """Whether all classifiers detect both concepts often enough, and new ones more often than after a random edit.

    Args:
        shares: by concept and classifier, the shares of clips with the stops, and with a random edit.
    """
    return all(
        share >= DETECTED_GOAL and (share > random or concept in case.before)
        for (concept, _), (share, random) in shares.items()
    )


def _indices(playback: Playback, sounding: frozenset[str]) -> list[int]:
    """Clips in which exactly these concepts sound."""
    concepts = playback.items.concepts
    wanted = torch.tensor([concept in sounding for concept in concepts])
    return playback.spread(torch.nonzero((playback.items.labels == wanted).all(1))[:, 0].tolist())


def _shares(
    playback: Playback, predictions: PredictionsByName, indices: Sequence[int]
) -> dict[str, dict[str, Estimate]]:
    return {
        classifier: {concept: playback.share(each, concept, indices) for concept in playback.items.concepts}
        for classifier, each in predictions.items()
    }


def _concepts(cell: Metrics) -> list[str]:
    return list(next(iter(cell[REST].values())))


def _rows(cell: Metrics, edits: Sequence[str]) -> list[tuple[str | Estimate, ...]]:
    return [
        (f"{edit} ({classifier})", *shares.values())
        for edit in edits
        for classifier, shares in cell[edit].items()
    ]


def _true_rows(metrics: Metrics) -> list[tuple[str | Estimate, ...]]:
    if TRUTH not in metrics:
        return []
    return [
        (f"{TRUTH} ({classifier})", *shares.values()) for classifier, shares in metrics[TRUTH][REST].items()
    ]
