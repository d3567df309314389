"""How well concepts are read from a model's space: probes of several kinds on several inputs, each beside its controls."""

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
    reading,
    seconds_heard,
)
from training.evaluation.experiments.classification.split_leakage import DEALS, Leakage, leakage
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
    Numbers,
    OutOfFold,
    Places,
    Probe,
    Score,
    auroc,
    auroc_estimate,
    fewest_groups,
    out_of_fold,
    permuted,
    score,
)
from training.metrics.bootstrap import RESAMPLES, Estimate, mean_of
from training.metrics.types import Bools, Floats

SAE_INPUT, RAW, LOG_MEL, RANDOM = "SAE", "raw activations", "log-mel", "random SAE"
READERS: tuple[tuple[str, Probe, str], ...] = (
    ("SAE, all features", LOGISTIC, SAE_INPUT),
    ("SAE, sparse", SPARSE, SAE_INPUT),
    ("SAE, 5 features", FIVE, SAE_INPUT),
    ("SAE, 1 feature", ONE, SAE_INPUT),
    ("raw activations", LOGISTIC, RAW),
    ("log-mel", LOGISTIC, LOG_MEL),
    ("random SAE, all", LOGISTIC, RANDOM),
    ("random SAE, 5", FIVE, RANDOM),
)
"""Each reader's name, its probe and what it reads."""
ALL_FEATURES, FIVE_FEATURES, BASELINE = "SAE, all features", "SAE, 5 features", "log-mel"
PERMUTED = ("SAE, all features", "SAE, 5 features", "SAE, 1 feature")
DRAWS = 10
MOMENT_SECONDS = 0.25
_RANDOM_SEED = 1000


@dataclass(frozen=True)
class Effort:
    """How much is spent.

    Attributes:
        concepts: so many at most, the commonest.
        resamples: of a bootstrap.
        permuted: of how many concepts labels are permuted.
        deals: how often labels are dealt anew in the check for leaks.
    """

    concepts: int
    resamples: int
    permuted: int
    deals: int


WHOLE, QUICK = Effort(24, RESAMPLES // 2, 24, DEALS), Effort(8, 200, 1, 3)


@dataclass(frozen=True)
class Reading:
    """How well one concept is read.

    Attributes:
        counts: recordings with and without it.
        found, scores: by reader, its answers and how good they are.
        chance: AUROC of five features drawn at random.
        permuted: AUROC with permuted labels, by reader; empty where it wasn't measured.
        seconds: single seconds, by probes of whole recordings.  seconds_auroc: of them.
        stop: AUROC of the share that the concept's own stop tells; nothing where there is no such stop.
    """

    concept: str
    counts: tuple[int, int]
    found: dict[str, OutOfFold]
    scores: dict[str, Score]
    chance: Estimate
    permuted: dict[str, Numbers]
    seconds: Seconds
    seconds_auroc: Estimate
    stop: Estimate


@dataclass(frozen=True)
class Classification:
    """All readings, what was left out, and the check for leaks on the first concept."""

    readings: tuple[Reading, ...]
    too_few: tuple[str, ...]
    leak: Leakage


def classify_set(
    encoded: EncodedSet, seed: int = 0, effort: Effort = WHOLE, bank: StopBank | None = None
) -> Classification:
    """Reads every concept that has enough recordings.

    Args:
        bank: whose stops are asked too, where they are named like a concept.

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
    readings = tuple(
        _read(encoded.concepts[c], material, encoded.labels[rows, c], effort, place < effort.permuted)
        for place, c in enumerate(enough[: effort.concepts])
    )
    moments = [
        reading(windows_of(encoded.sae, encoded.frames[i], encoded.frame_rate, MOMENT_SECONDS).shares)
        for i in rows
    ]
    leak = leakage(moments, encoded.labels[rows, enough[0]], groups, seed, effort.deals)
    left = tuple(name for c, name in enumerate(encoded.concepts) if c not in enough)
    return Classification(readings, left, leak)


class _Material:
    """What all concepts are read from: the recordings that sound."""

    def __init__(
        self, encoded: EncodedSet, rows: Places, groups: tuple[str, ...], seed: int, bank: StopBank | None
    ) -> None:
        self.groups, self.seed, self.centred = groups, seed, encoded.sae.config.centre
        self.inputs = {name: x[rows] for name, x in _inputs(encoded, seed).items()}
        windows = all_windows(encoded)
        self.windows = [windows[i] for i in rows]
        self.stops = _stop_shares(bank, [encoded.frames[i] for i in rows]) if bank and bank.stops else {}


def _read(concept: str, material: _Material, labels: Bools, effort: Effort, permute: bool) -> Reading:
    inputs, groups, seed = material.inputs, material.groups, material.seed
    found = {name: out_of_fold(probe, inputs[key], labels, groups, seed) for name, probe, key in READERS}
    dealt = {
        name: permuted(probe, inputs[key], labels, groups, seed, PERMUTATIONS)
        for name, probe, key in READERS
        if permute and name in PERMUTED
    }
    seconds = seconds_heard(inputs[SAE_INPUT], material.windows, labels, groups, material.centred, seed)
    return Reading(
        concept,
        (int(labels.sum()), int((~labels).sum())),
        found,
        {name: score(each, seed, effort.resamples) for name, each in found.items()},
        _five_at_random(inputs[SAE_INPUT], labels, groups, seed),
        dealt,
        seconds,
        auroc_estimate(seconds.as_answers(), seed, effort.resamples),
        _of_stop(material, concept, labels, effort.resamples),
    )


def _of_stop(material: _Material, concept: str, labels: Bools, resamples: int) -> Estimate:
    if concept not in material.stops:
        return Estimate(None)
    own, one_fold = material.stops[concept], np.zeros(len(labels), dtype=np.int64)
    return auroc_estimate(OutOfFold(own, labels, one_fold, material.groups), material.seed, resamples)


def _stop_shares(bank: StopBank, frames: Sequence[Floats]) -> dict[str, Numbers]:
    """Of each stop, by name, its share of each recording's sound, `[n]`."""
    found: dict[str, list[float]] = {stop.name: [] for stop in bank.stops}
    for z in frames:
        levels, energies = stop_levels(bank, bank.sae.denormalise(torch.tensor(z)))
        for stop, own in zip(bank.stops, levels, strict=True):
            found[stop.name].append(share_of_sound(own, energies) or 0.0)
    return {name: np.array(shares) for name, shares in found.items()}


def control_shares(encoded: EncodedSet, seed: int = 0) -> Floats:
    """`HeardSet.shares` of an SAE of random weights, `[n, n_features]`."""
    random = random_sae(encoded.sae, _RANDOM_SEED + seed)
    return shares_of(np.stack([mean_features(random, z) for z in encoded.frames]))


def _inputs(encoded: EncodedSet, seed: int) -> dict[str, Numbers]:
    return {
        SAE_INPUT: reading(encoded.shares),
        RAW: encoded.raw.astype(np.float64),
        LOG_MEL: encoded.log_mel.astype(np.float64),
        RANDOM: reading(control_shares(encoded, seed)),
    }


def _five_at_random(x: Numbers, labels: Bools, groups: tuple[str, ...], seed: int) -> Estimate:
    """The mean AUROC over draws of five of the features that sound at all, and its interval over draws."""
    rng = np.random.default_rng(seed)
    alive = np.flatnonzero(x.any(0))
    drawn = [rng.choice(alive, min(5, len(alive)), replace=False) for _ in range(DRAWS)]
    return mean_of(
        [auroc(out_of_fold(LOGISTIC, x[:, each], labels, groups, seed)) for each in drawn], seed=seed
    )


def _too_little(encoded: EncodedSet) -> str:
    counts = encoded.data.counts()
    said = ", ".join(f"{counts[name]} with {name}" for name in encoded.concepts) or "no label"
    return (
        f"expected a concept with at least {LEAST_GROUPS} different recordings with it and {LEAST_GROUPS} without, got "
        f"{said} among {len(set(encoded.groups))} different recordings that sound: add some; 10 of each give a first answer"
    )
