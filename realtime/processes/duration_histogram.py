"""A histogram of durations in memory that processes share: counting one allocates nothing."""

import numpy as np
import numpy.typing as npt

BINS_PER_OCTAVE, SMALLEST_S, BINS = 8, 1e-6, 200
"""Bins of an eighth of an octave, from a microsecond on."""


def duration_bin(seconds: float) -> int:
    """The bin in which a duration is counted."""
    if seconds <= SMALLEST_S:
        return 0
    return min(int(BINS_PER_OCTAVE * np.log2(seconds / SMALLEST_S)) + 1, BINS - 1)


def quantile(counts: npt.NDArray[np.int64], share: float) -> float:
    """The upper edge, in seconds, of the bin below which this share of the counted durations lies; 0 if none.

    Args:
        counts: durations in each bin. `[BINS]`
        share: 0..1.
    """
    total = int(counts.sum())
    if not total:
        return 0.0
    index = int(np.searchsorted(np.cumsum(counts), share * total))
    return float(SMALLEST_S * 2 ** (index / BINS_PER_OCTAVE))
