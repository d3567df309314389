"""Rings in shared memory: the slices of samples and ring."""

import numpy as np
import pytest

from realtime.processes.shared_arrays import ring_parts


@pytest.mark.parametrize(("start", "length"), [(0, 8), (6, 4), (7, 1), (23, 8), (0, 0)])
def test_ring_parts_cover_each_sample_once(start: int, length: int) -> None:
    ring, sound = np.full(8, -1), np.arange(start, start + length)
    for here, there in ring_parts(start, length, 8):
        ring[there] = sound[here]
    assert all(ring[i % 8] == i for i in range(start, start + length))
