"""Means and shares with 95 % bootstrap intervals over recordings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
DIGITS = 4
_TAILS = (0.025, 0.975)

Values = NDArray[np.float64]
Number: TypeAlias = float | int | None


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval and the number of items behind it; None where there was nothing to measure."""

    mean: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


def mean_of(values: Sequence[float] | Values, groups: Sequence[Hashable] = (), seed: int = 0) -> Estimate:
    """The mean of some items' values, with the percentile bootstrap's interval (Efron 1979).

    Args:
        values: one for each item; those that are not finite are left out.
        groups: the group of each item, drawn as a whole: the recording that clips were cut from. Without groups, every
            item is drawn by itself.
    """
    array = np.asarray(values, dtype=np.float64)
    kept = np.isfinite(array)
    names = [group for group, keep in zip(groups, kept, strict=True) if keep] if len(groups) else ()
    array = array[kept]
    if not len(array):
        return Estimate(None)
    members = _members(len(array), names)
    sums, sizes = np.array([array[each].sum() for each in members]), np.array([len(each) for each in members])
    drawn = np.random.default_rng(seed).integers(len(members), size=(RESAMPLES, len(members)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    return estimate(float(array.mean()), means, len(array))


def interval(
    statistic: Callable[[NDArray[np.int64]], float],
    count: int,
    groups: Sequence[Hashable] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Any statistic of `count` items with its bootstrap interval; resamples whose statistic is NaN are left out.

    Args:
        statistic: computed from the indices of some items, which may be repeated.
    """
    rng = np.random.default_rng(seed)
    whole = statistic(np.arange(count))
    if not np.isfinite(whole):
        return Estimate(None, n=count)
    members = _members(count, groups)
    drawn = []
    for _ in range(resamples):
        chosen = rng.integers(len(members), size=len(members))
        drawn.append(statistic(np.concatenate([members[i] for i in chosen])))
    return estimate(whole, np.asarray(drawn), count)


def estimate(whole: float, drawn: Values, count: int) -> Estimate:
    """A statistic of all items with the percentile interval of its resamples; those that are NaN are left out."""
    finite = drawn[np.isfinite(drawn)]
    low, high = np.quantile(finite, _TAILS) if len(finite) else (whole, whole)
    return Estimate(round(whole, DIGITS), round(float(low), DIGITS), round(float(high), DIGITS), count)


def _members(count: int, groups: Sequence[Hashable]) -> list[NDArray[np.int64]]:
    if not len(groups):
        return [np.array([i]) for i in range(count)]
    indices: dict[Hashable, list[int]] = {}
    for i, group in enumerate(groups):
        indices.setdefault(group, []).append(i)
    return [np.array(members) for members in indices.values()]
