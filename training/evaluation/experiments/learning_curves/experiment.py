"""How figures grow: with the number of examples that a concept is learned from, and with the SAE's training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeAlias

import numpy as np

from drawstop.errors import DrawstopError
from training.data.recordings import Split
from training.evaluation.experiments.learning_curves.draws import (
    PERMUTATIONS,
    SAE_FEATURES,
    Examples,
    Values,
    permuted_aurocs,
    scores_of,
)
from training.evaluation.probes.few_shot import FEATURES
from training.evaluation.results import Cell, Goal, Line, Plot, Section, Table
from training.metrics.auroc import auroc, auroc_of_draws
from training.metrics.bootstrap import Estimate, mean_of

SIZES = (2, 5, 10, 20, 50)
"""Recordings with the concept, and as many without."""
GOAL_SIZE, GOAL_AUROC = 10, 0.95
DRAWS, QUICK_DRAWS = 10, 3
CHANCE = (0.45, 0.55)
PERMUTED = "permuted labels"

ByMethod: TypeAlias = dict[str, Estimate]


def few_examples(
    examples: Examples,
    sizes: Sequence[int] = SIZES,
    seed: int = 0,
    quick: bool = False,
    split: Split = "test",
) -> Section:
    """Draws so many training recordings with and without each concept, several times, and measures every method on a split.

    A concept with too few training recordings for a size is left out there.

    Args:
        quick: fewer draws.

    Raises:
        DrawstopError: no concept has enough recordings for any of the sizes.
    """
    draws = QUICK_DRAWS if quick else DRAWS
    scores: dict[int, dict[str, dict[str, Values]]] = {}
    for size in sizes:
        of_size = {each: scores_of(examples, each, size, draws, seed, split) for each in examples.concepts}
        scores[size] = {concept: found for concept, found in of_size.items() if found}
    scores = {size: found for size, found in scores.items() if found}
    if not scores:
        raise DrawstopError(
            f"too few recordings to learn from examples: expected a concept with at least {min(sizes)} training recordings "
            f"with it, as many without, and one of each in the {split} split; add recordings"
        )
    shown = GOAL_SIZE if GOAL_SIZE in scores else max(scores)
    table = {each: _estimates(examples, each, found, seed, split) for each, found in scores[shown].items()}
    chance = mean_of(permuted_aurocs(examples, shown, seed, split), seed=seed)
    growth = {size: _over_concepts(examples, found, seed, split) for size, found in scores.items()}
    parts = {
        name: {
            each: _one(examples, each, found[SAE_FEATURES], seed, split, name)
            for each, found in scores[shown].items()
        }
        for name in examples.parts
    }
    settings = {
        "seed": seed,
        "draws": draws,
        "permutations": PERMUTATIONS,
        "features": FEATURES,
        "split": split,
    }
    return Section(
        slug="growth",
        title="From a few examples",
        question=f"How many recordings with and without a concept does it take until {FEATURES} features tell it?",
        answer=_answer(table, shown, chance),
        blocks=(_table(table, parts, shown, chance), _plot(growth)),
        goals=_goals(table, shown, chance),
        figures=_figures(table, growth, parts, chance, shown),
        settings=settings,
    )


def training_growth(
    features: Mapping[float, Values],
    examples: Examples,
    seed: int = 0,
    quick: bool = False,
    split: Split = "test",
) -> Section:
    """AUROC from ten examples with and ten without, against the minutes of sound that the SAE was trained on.

    Args:
        features: `[n, n_features]` of each SAE, by its minutes.
        examples: of the same recordings; its own features aren't used.

    Raises:
        DrawstopError: nothing to compare, or as `few_examples`.
    """
    if not features:
        raise DrawstopError("expected features of at least one SAE, got none: train one")
    draws, curve = QUICK_DRAWS if quick else DRAWS, dict[float, Estimate]()
    for minutes, of_sae in sorted(features.items()):
        heard = replace(examples, features=of_sae, random_features=None)
        found = {
            each: scores_of(heard, each, GOAL_SIZE, draws, seed, split, [SAE_FEATURES])
            for each in examples.concepts
        }
        enough = {concept: scores for concept, scores in found.items() if scores}
        if not enough:
            raise DrawstopError(
                f"expected a concept with {GOAL_SIZE} training recordings, got none: add recordings"
            )
        curve[minutes] = _over_concepts(heard, enough, seed, split)[SAE_FEATURES]
    first, last = curve[min(curve)], curve[max(curve)]
    line = _line(SAE_FEATURES, curve)
    return Section(
        slug="training-growth",
        title="From more sound",
        question="Does an SAE that was trained on more sound tell concepts better?",
        answer=f"Mean AUROC over concepts: {_said(first)} with {min(curve):g} minutes, {_said(last)} with {max(curve):g}.",
        blocks=(
            Plot(
                "AUROC and the SAE's training", "minutes of sound", "AUROC", (line,), log_x=True, note=_BAND
            ),
        ),
        figures={"auroc": {f"{minutes:g}": asdict(estimate) for minutes, estimate in curve.items()}},
        settings={"seed": seed, "draws": draws, "examples": GOAL_SIZE, "features": FEATURES, "split": split},
    )


_BAND = "Mean over concepts; the band is its 95 % interval over concepts."


def _one(
    examples: Examples, concept: str, scores: Values, seed: int, split: Split, part: str | None = None
) -> Estimate:
    """The AUROC of one method for a concept; among the recordings of a part alone where one is named."""
    rows = examples.rows(split)
    kept = np.ones(len(rows), dtype=bool) if part is None else examples.parts[part][rows]
    groups = [examples.groups[i] for i in rows[kept]] if examples.groups else ()
    return auroc_of_draws(scores[:, kept], examples.labels_of(concept)[rows[kept]], groups, seed)


def _estimates(
    examples: Examples, concept: str, found: dict[str, Values], seed: int, split: Split
) -> ByMethod:
    return {method: _one(examples, concept, scores, seed, split) for method, scores in found.items()}


def _over_concepts(
    examples: Examples, found: dict[str, dict[str, Values]], seed: int, split: Split
) -> ByMethod:
    """The mean over concepts of each method, with the interval over concepts."""
    rows, means = examples.rows(split), dict[str, list[float]]()
    for concept, scores in found.items():
        labels = examples.labels_of(concept)[rows]
        for method, of_draws in scores.items():
            means.setdefault(method, []).append(float(np.mean([auroc(each, labels) for each in of_draws])))
    return {method: mean_of(values, seed=seed) for method, values in means.items()}


def _mean(estimates: Sequence[Estimate], seed: int = 0) -> Estimate:
    return mean_of([each.mean for each in estimates if each.mean is not None], seed=seed)


def _answer(table: dict[str, ByMethod], shown: int, chance: Estimate) -> str:
    missed = [c for c, by in table.items() if (by[SAE_FEATURES].mean or 0) < GOAL_AUROC]
    names = next(iter(table.values()))
    means = {name: _mean([by[name] for by in table.values()]).mean or 0.0 for name in names}
    said = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    as_good = [
        n for n, v in means.items() if n != SAE_FEATURES and round(v, 2) >= round(means[SAE_FEATURES], 2)
    ]
    return (
        f"With {shown} recordings with and {shown} without, {len(table) - len(missed)} of {len(table)} concepts reach an AUROC "
        f"of {GOAL_AUROC} on held-out recordings with {FEATURES} features"
        + (f"; missed by {', '.join(missed)}" if missed else "")
        + f". Means over concepts: {said}."
        + (f" As good as the SAE's features or better: {', '.join(as_good)}." if as_good else "")
        + f" Permuted labels: {_said(chance)}."
    )


def _goals(table: dict[str, ByMethod], shown: int, chance: Estimate) -> tuple[Goal, ...]:
    reached = sum((by[SAE_FEATURES].mean or 0) >= GOAL_AUROC for by in table.values())
    inside = chance.mean is not None and CHANCE[0] <= chance.mean <= CHANCE[1]
    return (
        Goal(
            f"AUROC of at least {GOAL_AUROC} for every concept, {FEATURES} features, {shown} with and {shown} without",
            f"{reached} of {len(table)} concepts",
            reached == len(table),
        ),
        Goal(f"permuted labels at {CHANCE[0]}-{CHANCE[1]}", _said(chance), inside),
    )


def _table(
    table: dict[str, ByMethod], parts: dict[str, dict[str, Estimate]], shown: int, chance: Estimate
) -> Table:
    names = tuple(next(iter(table.values())))
    rows: list[tuple[Cell | Estimate, ...]] = [
        (concept, *by.values(), *(of_part[concept] for of_part in parts.values()))
        for concept, by in table.items()
    ]
    return Table(
        f"AUROC with {shown} recordings with and {shown} without",
        ("concept", *names, *(f"{SAE_FEATURES}: {name} only" for name in parts)),
        tuple(rows),
        note="Held-out recordings; mean over draws with 95 % interval over draws and recordings. "
        f"Classifiers of permuted labels: {_said(chance)}. A dash: none with or none without.",
    )


def _plot(growth: dict[int, ByMethod]) -> Plot:
    names = next(iter(growth.values()))
    lines = [_line(name, {size: by[name] for size, by in growth.items()}) for name in names]
    return Plot(
        "AUROC and the number of examples",
        "recordings with, and as many without",
        "AUROC",
        tuple(lines),
        log_x=True,
        note=_BAND,
    )


def _line(name: str, curve: Mapping[int, Estimate] | Mapping[float, Estimate]) -> Line:
    known = [
        (float(x), e.mean, e.low or e.mean, e.high or e.mean) for x, e in curve.items() if e.mean is not None
    ]
    x, y, low, high = (tuple(column) for column in zip(*known, strict=True))
    return Line(name, x, y, low, high)


def _figures(
    table: dict[str, ByMethod],
    growth: dict[int, ByMethod],
    parts: dict[str, dict[str, Estimate]],
    chance: Estimate,
    shown: int,
) -> dict[str, Any]:
    return {
        "size": shown,
        "auroc": {concept: {m: asdict(e) for m, e in by.items()} for concept, by in table.items()},
        "parts": {name: {concept: asdict(e) for concept, e in of.items()} for name, of in parts.items()},
        "growth": {str(size): {m: asdict(e) for m, e in by.items()} for size, by in growth.items()},
        PERMUTED: asdict(chance),
    }


def _said(estimate: Estimate) -> str:
    return "nothing" if estimate.mean is None else f"{estimate.mean:.3f}"
