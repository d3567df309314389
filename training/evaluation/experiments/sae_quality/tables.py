"""The tables, curves and answer of the SAE quality experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from training.evaluation.experiments.sae_quality import describe, dictionary_comparison
from training.evaluation.experiments.sae_quality.describe import Described
from training.evaluation.experiments.sae_quality.dictionary_comparison import (
    MATCHED_COSINE,
    Splitting,
    Stability,
)
from training.evaluation.experiments.sae_quality.loss_recovered import LossRecovered
from training.evaluation.probes.sparse_probe import KS, SparseProbe
from training.evaluation.results import Cell, Content, Goal, Line, Plot, Result, Table
from training.metrics.bootstrap import Estimate

TITLE = "The features"
RECOVERED_GOAL = 0.9
HARDLY_MORE = 0.1
"""Least share above that of the frames' own directions; with less, features shared with another seed say little."""
DETECTED_FROM = 0.9
"""AUROC from which a concept counts as detected."""


@dataclass(frozen=True)
class Quality:
    """The measurements of one SAE.

    Attributes:
        stability: by the name of the pair of seeds.
        probes: by concept, then by the probes' input: `features`, `frames`, `random`.
        probed: recordings that were measured and probed.
        steps: training steps of the other SAEs.
    """

    described: Described
    recovered: LossRecovered | None
    stability: Mapping[str, Stability]
    splitting: Splitting
    steps: int
    probes: Mapping[str, Mapping[str, tuple[SparseProbe, ...]]] = field(default_factory=dict)
    probed: int = 0


def result_of(measured: Quality, settings: Mapping[str, Any]) -> Result:
    """The measurements as a result."""
    blocks: list[Content] = [_summary(measured), _density(measured.described)]
    if measured.probes:
        blocks.append(_probing(measured))
    blocks += [
        _stability(measured.stability, measured.steps),
        _curves(measured.stability),
        _splitting(measured.splitting),
    ]
    return Result(
        slug="quality",
        title=TITLE,
        question="How much of the sound do the features hold, does one of them say as much as a classifier of all numbers, and "
        "would another seed have found the same ones?",
        answer=_answer(measured),
        goals=_goals(measured),
        content=tuple(blocks),
        metrics=_metrics(measured),
        settings=dict(settings),
    )


def _summary(measured: Quality) -> Table:
    said, recovered = measured.described, measured.recovered
    rows: list[tuple[Cell | Estimate, ...]] = [
        ("variance explained", said.explained),
        ("active features per frame (L0)", f"{said.l0:.1f}"),
        ("features that never fire", f"{said.dead} of {said.features}"),
        ("features that fire in more than a tenth of the frames", Estimate(round(said.denser_than(0.1), 4))),
    ]
    if recovered is not None:
        rows.append((f"of the model's own loss recovered ({recovered.measure})", recovered.share))
    note = f"On {said.frames} frames of {measured.probed} held-out recordings."
    if recovered is not None:
        note += (
            f" The model's loss: {recovered.original:g} with its own frames, {recovered.reconstruction:g} with the SAE's, "
            f"{recovered.mean:g} with their mean."
        )
    return Table("What the features hold", ("figure", "value"), tuple(rows), "share", note)


def _density(said: Described) -> Plot:
    y = tuple(round(said.denser_than(share), 4) for share in describe.DENSITIES)
    return Plot(
        "How often features fire",
        "share of the frames",
        "features that fire in more of them",
        (Line("features", describe.DENSITIES, y),),
        log_x=True,
    )


def _probing(measured: Quality) -> Table:
    rows: list[tuple[Cell | Estimate, ...]] = []
    for concept, by_name in measured.probes.items():
        for i, k in enumerate(KS):
            sides = [by_name[name][i].auroc for name in ("features", "frames", "random")]
            permuted = by_name["features"][i].permuted
            rows.append((concept, k, *sides, None if permuted is None else Estimate(permuted)))
    return Table(
        "A concept from its k best numbers (AUROC, .5 is chance)",
        ("concept", "k", "features", "raw frames", "random SAE", "permuted labels"),
        tuple(rows),
        note=f"Clip means of {measured.probed} held-out recordings, a logistic regression cross-validated by recording; "
        "the k are chosen where it is fitted. 95 % intervals over recordings.",
    )


def _stability(pairs: Mapping[str, Stability], steps: int) -> Table:
    rows: tuple[tuple[Cell | Estimate, ...], ...] = tuple(
        (
            name,
            each.features,
            *(Estimate(round(s, 4)) for s in (each.shared, each.chance, each.chance_frames)),
        )
        for name, each in pairs.items()
    )
    return Table(
        "The same features from another seed?",
        ("pair", "features", "shared", "random directions", "frames' directions"),
        rows,
        "share",
        f"Shared: |cosine| of at least {MATCHED_COSINE} with a partner of its own in the best matching. Only features that fire. "
        f"The other SAEs were trained for {steps} steps.",
    )


def _curves(pairs: Mapping[str, Stability]) -> Plot:
    lines = tuple(
        Line(
            name,
            dictionary_comparison.THRESHOLDS,
            tuple(round(each.shared_at(cosine), 4) for cosine in dictionary_comparison.THRESHOLDS),
        )
        for name, each in pairs.items()
    )
    return Plot("Shared at every |cosine|", "|cosine| of at least", "share of the features", lines)


def _splitting(said: Splitting) -> Table:
    rows = (
        ("narrow features that are there as one", Estimate(round(said.kept, 4))),
        ("narrow features that are split into several", Estimate(round(said.split, 4))),
        ("narrow features that aren't there", Estimate(round(said.lost, 4))),
        ("wide features that are no child of one", Estimate(round(said.new, 4))),
        ("children that mostly fire with their parent", Estimate(round(said.together, 4))),
        ("frames of a split feature in which a child fires", Estimate(round(said.covered, 4))),
    )
    note = f"From {said.narrow} features to {said.wide}; a split one has {said.children:.1f} children in the mean."
    return Table("A narrower dictionary's features in this one", ("", "share"), rows, "share", note)


def _answer(measured: Quality) -> str:
    said = measured.described
    parts = [
        f"{said.l0:.0f} features at a time explain {_percent(said.explained.mean)} of the variance of recordings that the SAE "
        f"wasn't trained on; {said.dead} of {said.features} never fire."
    ]
    if measured.recovered is not None:
        parts.append(
            f"Played through them, {_percent(measured.recovered.share.mean)} of the model's own loss is recovered."
        )
    if measured.probes:
        ones = [by_name["features"][0].auroc.mean for by_name in measured.probes.values()]
        known = [value for value in ones if value is not None]
        best = sum(value >= DETECTED_FROM for value in known)
        parts.append(f"One feature detects {best} of {len(known)} concepts with an AUROC of .9 or more.")
    first = next(iter(measured.stability.values()))
    parts.append(
        f"Another seed finds {_percent(first.shared)} of the features again; random directions match "
        f"{_percent(first.chance)}, the frames' own {_percent(first.chance_frames)}."
    )
    if first.shared - first.chance_frames < HARDLY_MORE:
        parts.append(
            "That is hardly more than directions drawn from the frames: most features are the seed's, not the sound's."
        )
    return " ".join(parts)


def _goals(measured: Quality) -> tuple[Goal, ...]:
    if measured.recovered is None or measured.recovered.share.mean is None:
        return ()
    share = measured.recovered.share.mean
    return (
        Goal(
            f"at least {_percent(RECOVERED_GOAL)} of the model's loss recovered",
            _percent(share),
            share >= RECOVERED_GOAL,
        ),
    )


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.0f} %"


def _metrics(measured: Quality) -> dict[str, Any]:
    said = measured.described
    metrics: dict[str, Any] = {
        "fve": asdict(said.explained),
        "l0": said.l0,
        "dead": said.dead,
        "features": said.features,
        "density": {f"{share:g}": said.denser_than(share) for share in describe.DENSITIES},
        "splitting": asdict(measured.splitting),
        "recovered": None if measured.recovered is None else asdict(measured.recovered),
    }
    metrics["stability"] = {
        name: {
            "features": each.features,
            "shared": each.shared,
            "chance": each.chance,
            "chance_frames": each.chance_frames,
            "curve": {f"{cosine:g}": each.shared_at(cosine) for cosine in dictionary_comparison.THRESHOLDS},
        }
        for name, each in measured.stability.items()
    }
    metrics["probes"] = {
        concept: {name: [asdict(one) for one in each] for name, each in by_name.items()}
        for concept, by_name in measured.probes.items()
    }
    return metrics
