"""The learning curve: how well a concept is classified after a few examples of it, and after more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from drawstop.errors import DrawstopError
from training.data.recordings import Split
from training.evaluation.context import Options
from training.evaluation.experiments.learning_curves.samples import (
    PERMUTATIONS,
    SAE_FEATURES,
    LabelledFeatures,
    Values,
    examples_of,
    permuted_aurocs,
    scores_of,
)
from training.evaluation.probes.few_shot import FEATURES
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Cell, Goal, Line, Plot, Result, Table
from training.metrics.auroc import auroc, auroc_of_draws
from training.metrics.bootstrap import Estimate, mean_of

TITLE = "From a few examples"
SIZES = (2, 5, 10, 20, 50)
"""Recordings with the concept, and as many without."""
GOAL_SIZE, GOAL_AUROC = 10, 0.95
DRAWS, QUICK_DRAWS = 10, 3
CHANCE = (0.45, 0.55)
PERMUTED = "permuted labels"

ByMethod: TypeAlias = dict[str, Estimate]


@lru_cache(maxsize=1)
def examples_in(context: RaveContext) -> LabelledFeatures:
    """A context's recordings as few-shot examples; cached for the two experiments that draw from them."""
    return examples_of(context.encoded, context.options.seed)


def run(context: RaveContext, options: Options) -> Result:
    """Measures every method after 2, 5, 10, 20 and 50 examples of each concept."""
    return few_examples(examples_in(context), seed=options.seed, quick=options.quick)


def few_examples(
    examples: LabelledFeatures,
    sizes: Sequence[int] = SIZES,
    seed: int = 0,
    quick: bool = False,
    split: Split = "test",
) -> Result:
    """Draws training recordings with and without each concept, several times, and measures every method on a split.

    A concept with too few training recordings for a size is left out of that size.

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
    growth = {size: over_concepts(examples, found, seed, split) for size, found in scores.items()}
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
    return Result(
        slug="growth",
        title=TITLE,
        question=f"How many recordings with and without a concept does it take until {FEATURES} features detect it?",
        answer=_answer(table, shown, chance),
        content=(_table(table, parts, shown, chance), _plot(growth)),
        goals=_goals(table, shown, chance),
        metrics=_metrics(table, growth, parts, chance, shown),
        settings=settings,
    )


BAND = "Mean over concepts; the band is its 95 % interval over concepts."


def _one(
    examples: LabelledFeatures, concept: str, scores: Values, seed: int, split: Split, part: str | None = None
) -> Estimate:
    """The AUROC of one method for a concept, over all recordings of a split or over those of a part."""
    rows = examples.rows(split)
    kept = np.ones(len(rows), dtype=bool) if part is None else examples.parts[part][rows]
    groups = [examples.groups[i] for i in rows[kept]] if examples.groups else ()
    return auroc_of_draws(scores[:, kept], examples.labels_of(concept)[rows[kept]], groups, seed)


def _estimates(
    examples: LabelledFeatures, concept: str, found: dict[str, Values], seed: int, split: Split
) -> ByMethod:
    return {method: _one(examples, concept, scores, seed, split) for method, scores in found.items()}


def over_concepts(
    examples: LabelledFeatures, found: dict[str, dict[str, Values]], seed: int, split: Split
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
        + f" Permuted labels: {text_of(chance)}."
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
        Goal(f"permuted labels at {CHANCE[0]}-{CHANCE[1]}", text_of(chance), inside),
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
        f"Classifiers of permuted labels: {text_of(chance)}. A dash: none with or none without.",
    )


def _plot(growth: dict[int, ByMethod]) -> Plot:
    names = next(iter(growth.values()))
    lines = [curve_line(name, {size: by[name] for size, by in growth.items()}) for name in names]
    return Plot(
        "AUROC and the number of examples",
        "recordings with, and as many without",
        "AUROC",
        tuple(lines),
        log_x=True,
        note=BAND,
    )


def curve_line(name: str, curve: Mapping[int, Estimate] | Mapping[float, Estimate]) -> Line:
    """A line of estimates with its band; those that weren't measured are left out."""
    known = [
        (float(x), e.mean, e.low or e.mean, e.high or e.mean) for x, e in curve.items() if e.mean is not None
    ]
    x, y, low, high = (tuple(column) for column in zip(*known, strict=True))
    return Line(name, x, y, low, high)


def _metrics(
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


def text_of(estimate: Estimate) -> str:
    """The mean with three decimals."""
    return "nothing" if estimate.mean is None else f"{estimate.mean:.3f}"
