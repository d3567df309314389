"""The histogram of durations: a quantile lies just above the durations that were counted."""

import numpy as np
import pytest

from realtime.processes.duration_histogram import duration_bin, quantile


@pytest.mark.parametrize("seconds", [1e-7, 1e-6, 3.3e-5, 1e-3, 0.5, 100.0])
def test_a_duration_lies_below_the_edge_that_is_reported(seconds: float) -> None:
    counts = np.zeros(200, dtype=np.int64)
    counts[duration_bin(seconds)] += 1
    edge = quantile(counts, 0.99)
    assert seconds <= edge * 1.0001 or edge > 30
    assert edge <= max(1e-6, seconds * 1.1)
