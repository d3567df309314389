"""Guitar music with a male voice, in three ways: out of neither, onto a guitar, and in a woman's place; beside true mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from training.evaluation.playback.playback import RANDOM, STOP, Bench, Hearing
from training.evaluation.results import Goal, Table
from training.metrics.bootstrap import Estimate

GUITAR, MALE, FEMALE = "guitar", "male voice", "female voice"
"""The labels that recordings and stops must have."""
REST, TRUTH = "at 0", "true mixtures, at 0"
HEARD_GOAL = 0.60
_GOAL = (
    f"guitar music with a male voice, out of {{title}}: each of the two heard in {HEARD_GOAL:.0%} or more, and what is "
    "brought in more often than after a random edit"
)

Cells = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One way to the duet: where the stops are, and what sounds before."""

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


def measure(bench: Bench, edits: Mapping[str, Any]) -> Cells:
    """By way to the duet: what every ear hears before, with the stops and with a random edit; and in true mixtures."""
    found: Cells = {"cases": {}}
    for case in CASES:
        if not set(case.values) | case.before <= set(bench.items.concepts):
            continue
        places = _places(bench, case.before)
        if not places:
            continue
        cell: Cells = {"clips": len(places), REST: _shares(bench, bench.rest_of(places), places)}
        for name in (STOP, RANDOM):
            sound = bench.sound(edits[name], places, case.values)
            cell[name] = _shares(bench, bench.hear(sound), places)
        found["cases"][case.title] = cell
    true = _places(bench, frozenset({GUITAR, MALE}))
    if true:
        found[TRUTH] = {"clips": len(true), REST: _shares(bench, bench.rest_of(true), true)}
    return found


def tables(figures: Cells) -> list[Table]:
    """A table for every way."""
    return [
        Table(
            f"Guitar music with a male voice, out of {title}",
            ("edit (ear)", *_concepts(cell)),
            (*_rows(cell, (REST, STOP, RANDOM)), *_true_rows(figures)),
            "share",
            f"In which share of {cell['clips']} clips each concept is heard.",
        )
        for title, cell in figures["cases"].items()
    ]


def goals(figures: Cells) -> list[Goal]:
    """One for every way: both are heard, and what is brought in more often than after a random edit, by every ear."""
    return [_goal(case, figures["cases"][case.title]) for case in CASES if case.title in figures["cases"]]


def _goal(case: Case, cell: Cells) -> Goal:
    said, reached = [], True
    for ear, of_ear in cell[STOP].items():
        for concept in (GUITAR, MALE):
            told, random = of_ear[concept].mean or 0.0, cell[RANDOM][ear][concept].mean or 0.0
            said.append(f"{concept} ({ear}) {told:.0%} (random {random:.0%})")
            reached &= told >= HEARD_GOAL and (told > random or concept in case.before)
    return Goal(_GOAL.format(title=case.title), "; ".join(said), reached)


def _places(bench: Bench, sounding: frozenset[str]) -> list[int]:
    """Clips in which exactly these concepts sound."""
    concepts = bench.items.concepts
    wanted = torch.tensor([concept in sounding for concept in concepts])
    return bench.spread(torch.nonzero((bench.items.labels == wanted).all(1))[:, 0].tolist())


def _shares(bench: Bench, heard: Hearing, places: Sequence[int]) -> dict[str, dict[str, Estimate]]:
    return {
        ear: {concept: bench.share(each, concept, places) for concept in bench.items.concepts}
        for ear, each in heard.items()
    }


def _concepts(cell: Cells) -> list[str]:
    return list(next(iter(cell[REST].values())))


def _rows(cell: Cells, edits: Sequence[str]) -> list[tuple[str | Estimate, ...]]:
    return [(f"{edit} ({ear})", *shares.values()) for edit in edits for ear, shares in cell[edit].items()]


def _true_rows(figures: Cells) -> list[tuple[str | Estimate, ...]]:
    if TRUTH not in figures:
        return []
    return [(f"{TRUTH} ({ear})", *shares.values()) for ear, shares in figures[TRUTH][REST].items()]
