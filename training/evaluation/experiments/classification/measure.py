"""How well probes classify concepts: several kinds of probe on several inputs, each beside its controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.classification.over_time import (
    Seconds,
    all_windows,
    classify_seconds,
    probe_input,
)
from training.evaluation.experiments.classification.split_leakage import LEAK_PERMUTATIONS, Leakage, leakage
from training.evaluation.experiments.classification.stop_shares import share_of_sound, stop_levels
from training.evaluation.playback.edits import random_sae
from training.evaluation.probes.clip_statistics import mean_features, shares_of, windows_of
from training.evaluation.probes.linear_probe import (
    FIVE,
    LEAST_GROUPS,
    LOGISTIC,
    ONE,
    PERMUTATIONS,
    SPARSE,
    Indices,
    Numbers,
    OutOfFold,
    Probe,
    Score,
    fewest_groups,
    out_of_fold,
    permuted,
    score,
)
from training.metrics.bootstrap import RESAMPLES, Estimate, mean_of
from training.metrics.types import Bools, Floats

SAE_INPUT, RAW, LOG_MEL, RANDOM = "SAE", "raw activations", "log-mel", "random SAE"
PROBES: tuple[tuple[str, Probe, str], ...] = (
    ("SAE, all features", LOGISTIC, SAE_INPUT),
    ("SAE, sparse", SPARSE, SAE_INPUT),
    ("SAE, 5 features", FIVE, SAE_INPUT),
    ("SAE, 1 feature", ONE, SAE_INPUT),
    ("raw activations", LOGISTIC, RAW),
    ("log-mel", LOGISTIC, LOG_MEL),
    ("random SAE, all", LOGISTIC, RANDOM),
    ("random SAE, 5", FIVE, RANDOM),
)
"""Each probe's name, its kind and its input."""
ALL_FEATURES, FIVE_FEATURES, BASELINE = "SAE, all features", "SAE, 5 features", "log-mel"
PERMUTED = ("SAE, all features", "SAE, 5 features", "SAE, 1 feature")
DRAWS = 10
MOMENT_SECONDS = 0.25
_RANDOM_SEED = 1000


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        concepts: most concepts that are classified, the commonest first.
        resamples: resamples of a bootstrap.
        permuted: concepts that are also classified with permuted labels.
        deals: how often labels are permuted in the check for leaks.
    """

    concepts: int
    resamples: int
    permuted: int
    deals: int


WHOLE, QUICK = Effort(24, RESAMPLES // 2, 24, LEAK_PERMUTATIONS), Effort(8, 200, 1, 3)


@dataclass(frozen=True)
class ConceptClassification:
    """How well one concept is classified.

    Attributes:
        counts: recordings with and without it.
        predictions, scores: by probe, its out-of-fold probabilities and how good they are.
        chance: AUROC of five features drawn at random.
        permuted: by probe, AUROC with permuted labels; empty where it wasn't measured.
        seconds: probabilities of single seconds, by probes of whole recordings.  seconds_auroc: their AUROC.
        stop: AUROC of the share of the concept's own stop; no mean where there is no such stop.
    """

    concept: str
    counts: tuple[int, int]
    predictions: dict[str, OutOfFold]
    scores: dict[str, Score]
    chance: Estimate
    permuted: dict[str, Numbers]
    seconds: Seconds
    seconds_auroc: Estimate
    stop: Estimate


@dataclass(frozen=True)
class Classification:
    """All classified concepts, those with too few recordings, and the check for leaks on the first concept."""

    concepts: tuple[ConceptClassification, ...]
    too_few: tuple[str, ...]
    leak: Leakage


def classify_set(
    encoded: EncodedSet, seed: int = 0, effort: Effort = WHOLE, bank: StopBank | None = None
) -> Classification:
    """Classifies every concept that has enough recordings.

    Args:
        bank: a bank whose stops' shares are measured too, where a stop has a concept's name.

    Raises:
        DrawstopError: no concept has enough recordings with and without it.
    """
    rows = np.flatnonzero(encoded.loud)
    groups = tuple(encoded.groups[i] for i in rows)
    enough = [
        c
        for c in range(len(encoded.concepts))
        if fewest_groups(encoded.labels[rows, c], groups) >= LEAST_GROUPS
    ]
    if not enough:
        raise DrawstopError(_too_little(encoded))
    material = _Material(encoded, rows, groups, seed, bank)
    concepts = tuple(
        _classify(encoded.concepts[c], material, encoded.labels[rows, c], effort, place < effort.permuted)
        for place, c in enumerate(enough[: effort.concepts])
    )
    moments = [
        probe_input(windows_of(encoded.sae, encoded.frames[i], encoded.frame_rate, MOMENT_SECONDS).shares)
        for i in rows
    ]
    leak = leakage(moments, encoded.labels[rows, enough[0]], groups, seed, effort.deals)
    left = tuple(name for c, name in enumerate(encoded.concepts) if c not in enough)
    return Classification(concepts, left, leak)


class _Material:
    """What all concepts are classified from: inputs and windows of the recordings that sound."""

    def __init__(
        self, encoded: EncodedSet, rows: Indices, groups: tuple[str, ...], seed: int, bank: StopBank | None
    ) -> None:
        self.groups, self.seed, self.centred = groups, seed, encoded.sae.config.centre
        self.inputs = {name: x[rows] for name, x in _inputs(encoded, seed).items()}
        windows = all_windows(encoded)
        self.windows = [windows[i] for i in rows]
        self.stops = _stop_shares(bank, [encoded.frames[i] for i in rows]) if bank and bank.stops else {}


def _classify(
    concept: str, material: _Material, labels: Bools, effort: Effort, permute: bool
) -> ConceptClassification:
    inputs, groups, seed = material.inputs, material.groups, material.seed
    predictions = {name: out_of_fold(probe, inputs[key], labels, groups, seed) for name, probe, key in PROBES}
    permuted_aurocs = {
        name: permuted(probe, inputs[key], labels, groups, seed, PERMUTATIONS)
        for name, probe, key in PROBES
        if permute and name in PERMUTED
    }
    seconds = classify_seconds(inputs[SAE_INPUT], material.windows, labels, groups, material.centred, seed)
    return ConceptClassification(
        concept,
        (int(labels.sum()), int((~labels).sum())),
        predictions,
        {name: score(each, seed, effort.resamples) for name, each in predictions.items()},
        _five_at_random(inputs[SAE_INPUT], labels, groups, seed),
        permuted_aurocs,
        seconds,
        seconds.as_out_of_fold().auroc_estimate(seed, effort.resamples),
        _of_stop(material, concept, labels, effort.resamples),
    )


def _of_stop(material: _Material, concept: str, labels: Bools, resamples: int) -> Estimate:
    """AUROC of the share of the concept's own stop; no mean where there is no such stop."""
    if concept not in material.stops:
        return Estimate(None)
    own, one_fold = material.stops[concept], np.zeros(len(labels), dtype=np.int64)
    return OutOfFold(own, labels, one_fold, material.groups).auroc_estimate(material.seed, resamples)


def _stop_shares(bank: StopBank, frames: Sequence[Floats]) -> dict[str, Numbers]:
    """By stop's name, its share of each recording's sound, `[n]`."""
    found: dict[str, list[float]] = {stop.name: [] for stop in bank.stops}
    for z in frames:
        levels, energies = stop_levels(bank, bank.sae.denormalise(torch.tensor(z)))
        for stop, own in zip(bank.stops, levels, strict=True):
            found[stop.name].append(share_of_sound(own, energies) or 0.0)
    return {name: np.array(shares) for name, shares in found.items()}


def control_shares(encoded: EncodedSet, seed: int = 0) -> Floats:
    """The features' shares (as `EncodedSet.shares`) of an SAE with random weights, `[n, n_features]`."""
    random = random_sae(encoded.sae, _RANDOM_SEED + seed)
    return shares_of(np.stack([mean_features(random, z) for z in encoded.frames]))


def _inputs(encoded: EncodedSet, seed: int) -> dict[str, Numbers]:
    return {
        SAE_INPUT: probe_input(encoded.shares),
        RAW: encoded.raw.astype(np.float64),
        LOG_MEL: encoded.log_mel.astype(np.float64),
        RANDOM: probe_input(control_shares(encoded, seed)),
    }


def _five_at_random(x: Numbers, labels: Bools, groups: tuple[str, ...], seed: int) -> Estimate:
    """The mean AUROC over random draws of five of the active features, and its interval over draws."""
    rng = np.random.default_rng(seed)
    alive = np.flatnonzero(x.any(0))
    drawn = [rng.choice(alive, min(5, len(alive)), replace=False) for _ in range(DRAWS)]
    return mean_of(
        [out_of_fold(LOGISTIC, x[:, each], labels, groups, seed).auroc() for each in drawn], seed=seed
    )


def _too_little(encoded: EncodedSet) -> str:
    counts = encoded.data.counts()
    said = ", ".join(f"{counts[name]} with {name}" for name in encoded.concepts) or "no label"
    return (
        f"expected a concept with at least {LEAST_GROUPS} different recordings with it and {LEAST_GROUPS} without, got "
        f"{said} among {len(set(encoded.groups))} different recordings that sound: add some; 10 of each give a first answer"
    )
