"""Reads the monotonic clock and another one at the same moment."""

from collections.abc import Callable
from typing import TypeVar

Reading = TypeVar("Reading")

_TRIES, _GAP_S = 5, 20e-6


def read_both(clock: Callable[[], float], other: Callable[[], Reading]) -> tuple[float, Reading]:
    """The time of a clock and of another one at the same moment, though the thread may be interrupted between readings.

    The other clock is read between two readings of the first; of up to five tries, the one with the shortest gap counts.

    Args:
        clock: the first clock, in seconds.
        other: the other clock.
    """
    readings = []
    for _ in range(_TRIES):
        before, reading, after = clock(), other(), clock()
        readings.append((after - before, (before + after) / 2, reading))
        if after - before < _GAP_S:
            break
    _, moment, reading = min(readings, key=lambda each: each[0])
    return moment, reading
