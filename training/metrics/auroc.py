"""AUROC: the chance that a recording with the concept scores above one without, and how sure that is.

Two are here. `auroc` counts pairs exactly in numpy, within folds where there are some, and has bootstrap intervals;
`auroc_of_columns` compares all pairs of many columns at once in torch, for ranking features. Both count ties half.

Key idea: with recordings sorted by score once, the pairs of any bootstrap resample follow from how often each recording
occurs in it, so many resamples are counted as one array.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training.metrics.bootstrap import RESAMPLES, Estimate, estimate, interval

RESAMPLES_OF_DRAWS = 500

Values = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]
Counts = NDArray[np.number[Any]]
PairCounter = Callable[[Counts], tuple[NDArray[np.float64], NDArray[np.float64]]]


def pair_counter(scores: Values, labels: Mask, folds: Indices | None = None) -> PairCounter:
    """A function that counts pairs of a recording with the concept and one without.

    It takes how often each recording occurs, `[..., n]`, and gives the pairs in which the one with the concept scores
    higher (a tie counts half) and the number of all pairs, `[...]` each.

    Args:
        scores: `[n]`.  labels: `[n]`.
        folds: `[n]`; recordings are compared only within their fold, because probes of different folds have different
            scales; pooled, uninformative probes would come out below 0.5 (Forman & Scholz 2010).
    """
    fold = np.zeros(len(scores), dtype=np.int64) if folds is None else folds
    order = np.lexsort((scores, fold))
    ranked, ranked_folds, having = scores[order], fold[order], labels[order]
    folds_begin = np.flatnonzero(np.diff(ranked_folds, prepend=-1))
    ties_begin = np.union1d(folds_begin, 1 + np.flatnonzero(ranked[1:] != ranked[:-1]))
    first_of_fold = np.searchsorted(ties_begin, folds_begin)
    fold_of_tie = np.searchsorted(first_of_fold, np.arange(len(ties_begin)), side="right") - 1

    def count(times: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        sorted_times = times[..., order].astype(np.float64)
        with_it, without = (
            np.add.reduceat(sorted_times * side, ties_begin, axis=-1) for side in (having, ~having)
        )
        below = np.cumsum(without, axis=-1) - without
        passed = below - below[..., first_of_fold][..., fold_of_tie] + without / 2
        wins, losses = (np.add.reduceat(side, first_of_fold, axis=-1) for side in (with_it, without))
        return (with_it * passed).sum(-1), (wins * losses).sum(-1)

    return count


def auroc(scores: Values, labels: Mask, folds: Indices | None = None) -> float:
    """The area under the ROC curve, ties counting half; NaN where a class is missing (Hanley and McNeil 1982).

    Shape and folds: see `pair_counter`.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    if labels.all() or not labels.any():
        return float("nan")
    won, pairs = pair_counter(scores, labels, folds)(np.ones(len(labels)))
    return float(won / pairs) if pairs else float("nan")


def auroc_estimate(
    scores: Values,
    labels: Mask,
    groups: Sequence[Hashable] = (),
    folds: Indices | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """`auroc` with its 95 % bootstrap interval; the recordings of a group are drawn together."""
    if labels.all() or not labels.any():
        return Estimate(None, n=len(labels))
    count_pairs = pair_counter(scores, labels, folds)

    def statistic(indices: Indices) -> float:
        won, pairs = count_pairs(np.bincount(indices, minlength=len(labels)))
        return float(won / pairs) if pairs else float("nan")

    return interval(statistic, len(labels), groups, seed, resamples)


def auroc_of_draws(scores: Values, labels: Mask, groups: Sequence[Hashable] = (), seed: int = 0) -> Estimate:
    """The mean AUROC of several classifiers of one kind, with its 95 % bootstrap interval over both classifiers and
    recordings.

    Args:
        scores: `[draws, n]`, those of each classifier on the same recordings.
        labels: `[n]`.
        groups: the group of each recording, drawn as a whole; without, every recording is drawn by itself.
    """
    if labels.all() or not labels.any():
        return Estimate(None, n=len(labels))
    counters = [pair_counter(each, labels) for each in scores]
    rng = np.random.default_rng(seed)
    times = _resampled(rng, len(labels), groups)
    chosen = _resampled(rng, len(scores), ())
    counted = [count_pairs(times) for count_pairs in counters]
    won = np.einsum("rd,dr->r", chosen, np.stack([each for each, _ in counted]))
    pairs = len(scores) * counted[0][1]
    whole = sum(float(count_pairs(np.ones(len(labels)))[0]) for count_pairs in counters)
    every = len(scores) * int(labels.sum()) * int((~labels).sum())
    return estimate(whole / every, won[pairs > 0] / pairs[pairs > 0], len(labels))


def _resampled(rng: np.random.Generator, count: int, groups: Sequence[Hashable]) -> NDArray[np.float64]:
    """How often each item is drawn, for each resample: `[RESAMPLES_OF_DRAWS, count]`."""
    numbers = {group: i for i, group in enumerate(dict.fromkeys(groups or range(count)))}
    draws = rng.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), RESAMPLES_OF_DRAWS)
    return draws[:, [numbers[group] for group in groups or range(count)]].astype(np.float64)


def auroc_of_columns(scores: Tensor, labels: Tensor) -> Tensor:
    """Area under the ROC curve of each column: the chance that a positive scores above a negative, ties counted half.

    Shape: scores `[clips, n]`, labels `[clips]` bool -> `[n]` in 0..1.

    >>> import torch
    >>> auroc_of_columns(torch.tensor([[0.1], [0.9]]), torch.tensor([False, True]))
    tensor([1.])
    """
    positive, negative = scores[labels], scores[~labels]
    difference = positive.unsqueeze(1) - negative.unsqueeze(0)
    return ((difference > 0).float() + 0.5 * (difference == 0).float()).mean((0, 1))
