from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from training.metrics.bootstrap import Estimate, interval, mean_of

REPEATS = 200
LEAST_COVERED = 0.88
"""Least coverage of nominal 95 % percentile intervals of 30 items, which are a little short, over 200 draws."""


@pytest.mark.slow
def test_intervals_cover_the_true_mean_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(REPEATS):
        values = rng.normal(1.0, 2.0, 30)
        found = interval(partial(_mean, values), len(values), seed=seed, resamples=200)
        assert found.low is not None and found.high is not None
        covered += found.low <= 1.0 <= found.high
    assert LEAST_COVERED <= covered / REPEATS <= 1.0


def test_clips_of_one_recording_are_drawn_as_a_whole() -> None:
    rng = np.random.default_rng(0)
    recordings = rng.normal(0, 1, 10)
    values = np.repeat(recordings, 20)
    alone = mean_of(values)
    grouped = mean_of(values, [str(i // 20) for i in range(200)])
    assert (
        alone.low is not None
        and alone.high is not None
        and grouped.low is not None
        and grouped.high is not None
    )
    assert grouped.mean == alone.mean
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    values = np.random.default_rng(1).normal(0, 1, 50)
    assert mean_of(values, seed=3) == mean_of(values, seed=3)
    assert mean_of(values, seed=3) != mean_of(values, seed=4)


def test_what_is_not_finite_is_left_out_and_nothing_gives_no_figure() -> None:
    assert mean_of([1.0, float("nan"), 3.0]).n == 2
    assert mean_of([]) == Estimate(None)
    assert mean_of([float("nan")]).mean is None


def _mean(values: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    return float(values[places].mean())
