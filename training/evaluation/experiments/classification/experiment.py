"""The classification experiment: how well probes classify concepts, beside a baseline and every control."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from training.banks.bank import StopBank
from training.evaluation.context import Options
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.classification.measure import (
    ALL_FEATURES,
    BASELINE,
    DRAWS,
    FIVE_FEATURES,
    MOMENT_SECONDS,
    PERMUTED,
    PROBES,
    QUICK,
    WHOLE,
    Classification,
    ConceptClassification,
    classify_set,
)
from training.evaluation.experiments.classification.over_time import WINDOW_SECONDS
from training.evaluation.probes.linear_probe import BINS, FOLDS, LEAST_GROUPS, PERMUTATIONS
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Cell, Goal, Line, Plot, Result, Table
from training.metrics.bootstrap import Estimate, mean_of

TITLE = "Classification in the SAE's space"
_SHOWN = 4  # recordings in the plot over time
_CURVE_BINS = 5
CHANCE = (0.45, 0.55)
"""Bounds of the mean AUROC over permutations."""
CALIBRATED = (ALL_FEATURES, FIVE_FEATURES, "raw activations", BASELINE)
Row = tuple[Cell | Estimate, ...]


def run(context: RaveContext, options: Options) -> Result:
    """Measures how well each concept is classified in the encoded recordings."""
    return classification_result(context.encoded, options.seed, options.quick, context.bank)


def classification_result(
    encoded: EncodedSet, seed: int = 0, quick: bool = False, bank: StopBank | None = None
) -> Result:
    """Measures how well each concept is classified.

    Args:
        bank: a bank whose stops' shares are measured too, where a stop has a concept's name.
        quick: fewer concepts, resamples and permuted concepts.

    Raises:
        DrawstopError: no concept has enough recordings with and without it.
    """
    effort = QUICK if quick else WHOLE
    found = classify_set(encoded, seed, effort, bank)
    permuted = [each for each in found.concepts if each.permuted]
    return Result(
        "classification",
        TITLE,
        "Do the SAE's features say what sounds, and when? Probes learn from some recordings and classify others.",
        _answer(found),
        (
            _auroc_table(found),
            _calibration_table(found),
            calibration_plot(found),
            _permuted_table(permuted),
            _leak_table(found),
            time_plot(_best(found), encoded),
        ),
        (_chance_goal(permuted), _leak_goal(found)),
        _metrics(found),
        {
            "seed": seed,
            "quick": quick,
            "folds": FOLDS,
            "permutations": PERMUTATIONS,
            "window_seconds": WINDOW_SECONDS,
            "recordings": len(encoded),
            "silent_recordings_left_out": int((~encoded.loud).sum()),
            **asdict(effort),
        },
    )


def _best(found: Classification) -> ConceptClassification:
    return max(found.concepts, key=lambda each: each.scores[ALL_FEATURES].auroc.mean or 0.0)


def _answer(found: Classification) -> str:
    mean = {
        name: np.mean([each.scores[name].auroc.mean or 0.0 for each in found.concepts])
        for name, _, _ in PROBES
    }
    best, worst = (
        _best(found),
        min(found.concepts, key=lambda each: each.scores[ALL_FEATURES].auroc.mean or 0.0),
    )
    less = [
        each.concept
        for each in found.concepts
        if (each.scores[ALL_FEATURES].auroc.mean or 0) < (each.scores[BASELINE].auroc.mean or 0)
    ]
    said = [
        f"Mean AUROC over {len(found.concepts)} concepts: {mean[ALL_FEATURES]:.2f} from all features, "
        f"{mean[FIVE_FEATURES]:.2f} from five, {mean['raw activations']:.2f} from the raw activations, "
        f"{mean[BASELINE]:.2f} from a plain log-mel spectrum, {mean['random SAE, all']:.2f} from an SAE with random "
        "weights.",
        f"Best classified is {best.concept} ({best.scores[ALL_FEATURES].auroc.mean:.2f}), "
        f"worst {worst.concept} ({worst.scores[ALL_FEATURES].auroc.mean:.2f}).",
    ]
    stops = [f"{each.concept} {each.stop.mean:.2f}" for each in found.concepts if each.stop.mean is not None]
    if stops:
        said.append(f"AUROC of the stops' own shares: {', '.join(stops)}.")
    if less:
        said.append(f"The log-mel spectrum classifies better than the SAE: {', '.join(less)}.")
    if found.too_few:
        said.append(
            f"Too few recordings ({LEAST_GROUPS} with and without are needed) of {', '.join(found.too_few)}."
        )
    return " ".join(said)


def _auroc_table(found: Classification) -> Table:
    names = [name for name, _, _ in PROBES]
    rows: list[Row] = []
    for each in found.concepts:
        scores = [each.scores[name].auroc for name in names]
        counts = f"{each.counts[0]} / {each.counts[1]}"
        rows.append((each.concept, counts, *scores, each.chance, each.seconds_auroc, each.stop))
    columns = ("concept", "with / without", *names, "5 features at random", "single seconds", "its own stop")
    return Table(
        "How well each concept is classified (AUROC; .5 is chance)",
        columns,
        tuple(rows),
        note=f"Cross-validated by recording in up to {FOLDS} folds; features are chosen inside the training folds. Loudness is "
        f"taken out. “5 features at random”: the mean over {DRAWS} draws. “single seconds”: the probe of all features, "
        "applied to each second alone, with its recording's label, though a concept may pause. “its own stop”: the share "
        "of the sound that the stop of this name carries; it learned from its bank's recordings, which may be among these.",
    )


def _calibration_table(found: Classification) -> Table:
    rows: list[Row] = []
    for each in found.concepts:
        commoner = max(each.counts) / sum(each.counts)
        for name in CALIBRATED:
            own = each.scores[name]
            rows.append(
                (
                    each.concept,
                    name,
                    own.accuracy,
                    round(commoner, 4),
                    own.calibration_error,
                    round(own.floor, 4),
                    own.brier,
                )
            )
    return Table(
        "Accuracy, and calibration of the probabilities",
        (
            "concept",
            "probe",
            "accuracy",
            "always the commoner label",
            "calibration error",
            "if exact",
            "Brier",
        ),
        tuple(rows),
        note=f"Expected calibration error in {BINS} bins; with few recordings it isn't 0 even where probabilities are "
        "exact: “if exact” is its value then. Brier: 0 is best, .25 is that of always saying .5.",
    )


def _permuted_table(concepts: list[ConceptClassification]) -> Table:
    rows: list[Row] = [
        (each.concept, *(mean_of(each.permuted[name]) for name in PERMUTED)) for each in concepts
    ]
    return Table(
        "Permuted labels: the same probes where nothing can be learned",
        ("concept", *PERMUTED),
        tuple(rows),
        note=f"Mean AUROC over {PERMUTATIONS} permutations, with its interval over them; .5 is chance.",
    )


def _leak_table(found: Classification) -> Table:
    leak = found.leak
    return Table(
        "Leakage: what a split by moments would show",
        ("labels", "split by moments", "split by recordings"),
        (
            ("true", round(leak.by_moment, 4), round(leak.by_recording, 4)),
            ("permuted", round(leak.dealt_by_moment, 4), round(leak.dealt_by_recording, 4)),
        ),
        note=f"AUROC of quarters of a second ({MOMENT_SECONDS} s) for {found.concepts[0].concept}. With permuted labels "
        "nothing can be learned: a probe above .5 in the first column recognises the recordings. Everything else here is "
        "split by recording.",
    )


def _chance_goal(concepts: list[ConceptClassification]) -> Goal:
    means = [float(each.permuted[name].mean()) for each in concepts for name in PERMUTED]
    return Goal(
        f"permuted labels at chance: the mean of {PERMUTATIONS} permutations from .45 to .55",
        f"{min(means):.3f} to {max(means):.3f} over {len(means)} means",
        all(CHANCE[0] <= mean <= CHANCE[1] for mean in means),
    )


def _leak_goal(found: Classification) -> Goal:
    leak = found.leak
    return Goal(
        "the leak of a split by moments shows: with permuted labels its AUROC is above that of the split by recordings",
        f"AUROC {leak.dealt_by_moment:.2f} against {leak.dealt_by_recording:.2f}",
        leak.dealt_by_moment > leak.dealt_by_recording,
    )


def _metrics(found: Classification) -> dict[str, Any]:
    return {
        "concepts": {
            each.concept: {
                "recordings": {"with": each.counts[0], "without": each.counts[1]},
                "readers": {name: asdict(own) for name, own in each.scores.items()},
                "five_at_random": asdict(each.chance),
                "permuted": {name: [round(float(v), 4) for v in own] for name, own in each.permuted.items()},
                "single_seconds": asdict(each.seconds_auroc),
                "own_stop": asdict(each.stop),
            }
            for each in found.concepts
        },
        "too_few": list(found.too_few),
        "leakage": asdict(found.leak),
    }


def calibration_plot(found: Classification) -> Plot:
    """Calibration: the probes' probabilities against the shares of positives, over all concepts."""
    lines = [Line("exact", (0.0, 1.0), (0.0, 1.0))]
    for name in (ALL_FEATURES, BASELINE):
        p = np.concatenate([each.predictions[name].probabilities for each in found.concepts])
        y = np.concatenate([each.predictions[name].labels for each in found.concepts])
        parts = np.array_split(np.argsort(p, kind="stable"), min(_CURVE_BINS, len(p)))
        x, seen = (
            [round(float(values[part].mean()), 4) for part in parts] for values in (p, y.astype(float))
        )
        lines.append(Line(name, tuple(x), tuple(seen)))
    return Plot(
        "Calibration",
        "probability by the probe",
        "share that has the concept",
        tuple(lines),
        note="All concepts together, in fifths of the probabilities.",
    )


def time_plot(classified: ConceptClassification, encoded: EncodedSet) -> Plot:
    """The probability of a concept over time in some recordings with it and some without."""
    names = [each.path.stem for each, loud in zip(encoded.data.recordings, encoded.loud, strict=True) if loud]
    sides = [np.flatnonzero(classified.seconds.labels == side)[: _SHOWN // 2] for side in (True, False)]
    lines = []
    for side, places in zip(("with", "without"), sides, strict=True):
        for place in places:
            p = classified.seconds.probabilities[place]
            sounding = np.flatnonzero(np.isfinite(p))
            x = tuple(float(i * WINDOW_SECONDS) for i in sounding)
            lines.append(Line(f"{side}: {names[place]}", x, tuple(round(float(p[i]), 4) for i in sounding)))
    return Plot(
        f"When does {classified.concept} sound?",
        "seconds",
        "probability",
        tuple(lines),
        note="By probes that learned from other recordings; silent seconds are left out.",
    )
