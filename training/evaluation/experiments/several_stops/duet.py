"""Guitar music with a male voice, in three ways: out of neither, onto a guitar, and in a woman's place; beside true mixtures."""

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
HEARD_GOAL = 0.60
_GOAL = (
    f"guitar music with a male voice, out of {{title}}: each of the two detected in {HEARD_GOAL:.0%} or more, and what is "
    "brought in more often than after a random edit"
)

Cells = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One case of the duet: where the stops are, and what sounds before."""

    values: Mapping[str, float]
    before: frozenset[str]
    title: str


CASES: tuple[Case, ...] = (
    Case({GUITAR: 1.0, MALE: 1.0}, frozenset(), f"neither; {GUITAR} +1, {MALE} +1"),
    Case({MALE: 1.0}, frozenset({GUITAR}), f"a guitar; {MALE} +1"),
    Case(
        {FEMALE: -1.0, MALE: 1.0},
        frozenset({GUITAR, FEMALE}),
        f"a guitar with a woman; {FEMALE} −1, {MALE} +1",
    ),
)


def possible(concepts: Sequence[str]) -> bool:
    """Whether the stops that the duet is made with are there; without one for women two of the ways are left."""
    return {GUITAR, MALE} <= set(concepts)


def measure(playback: Playback, edits: Mapping[str, Any]) -> Cells:
    """By case of the duet: what every classifier detects before, with the stops and with a random edit; and in true mixtures."""
    found: Cells = {"cases": {}}
    for case in CASES:
        if not set(case.values) | case.before <= set(playback.items.concepts):
            continue
        indices = _places(playback, case.before)
        if not indices:
            continue
        cell: Cells = {"clips": len(indices), REST: _shares(playback, playback.neutral_of(indices), indices)}
        for name in (STOP, RANDOM):
            sound = playback.sound(edits[name], indices, case.values)
            cell[name] = _shares(playback, playback.predict(sound), indices)
        found["cases"][case.title] = cell
    true = _places(playback, frozenset({GUITAR, MALE}))
    if true:
        found[TRUTH] = {"clips": len(true), REST: _shares(playback, playback.neutral_of(true), true)}
    return found


def tables(figures: Cells) -> list[Table]:
    """A table for every case."""
    return [
        Table(
            f"Guitar music with a male voice, out of {title}",
            ("edit (classifier)", *_concepts(cell)),
            (*_rows(cell, (REST, STOP, RANDOM)), *_true_rows(figures)),
            "share",
            f"In which share of {cell['clips']} clips each concept is detected.",
        )
        for title, cell in figures["cases"].items()
    ]


def goals(figures: Cells) -> list[Goal]:
    """A goal for every case: both are detected, what is brought in more often than after a random edit, by every classifier."""
    return [_goal(case, figures["cases"][case.title]) for case in CASES if case.title in figures["cases"]]


def _goal(case: Case, cell: Cells) -> Goal:
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


def is_reached(case: Case, shares: Mapping[tuple[str, str], tuple[float, float]]) -> bool:
    """Whether both concepts are detected often enough, and what is brought in more often than after a random edit.

    Args:
        shares: by concept and classifier: with the stops, and with a random edit.
    """
    return all(
        share >= HEARD_GOAL and (share > random or concept in case.before)
        for (concept, _), (share, random) in shares.items()
    )


def _places(playback: Playback, sounding: frozenset[str]) -> list[int]:
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


def _concepts(cell: Cells) -> list[str]:
    return list(next(iter(cell[REST].values())))


def _rows(cell: Cells, edits: Sequence[str]) -> list[tuple[str | Estimate, ...]]:
    return [
        (f"{edit} ({classifier})", *shares.values())
        for edit in edits
        for classifier, shares in cell[edit].items()
    ]


def _true_rows(figures: Cells) -> list[tuple[str | Estimate, ...]]:
    if TRUTH not in figures:
        return []
    return [
        (f"{TRUTH} ({classifier})", *shares.values()) for classifier, shares in figures[TRUTH][REST].items()
    ]
