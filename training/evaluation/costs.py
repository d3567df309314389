"""About how long the parts of an experiment take, and which quantity each one's time is proportional to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

STOPS, PAIRS, SOUND, FIXED = "stops", "pairs of stops", "sound", "fixed"
"""The quantities that an experiment's time is proportional to."""

MEASURED_ON = {STOPS: 2.0, PAIRS: 1.0, SOUND: 177.0, FIXED: 1.0}
"""The example bank's stops, and its recordings in seconds: what the times were measured on."""


class PartCost(NamedTuple):
    """About how long one part of an experiment takes, on two cores.

    Attributes:
        name: the name by which the part reports its progress.
        quick_s: seconds in quick mode.
        whole_s: seconds in full.
        grows_with: the quantity that the time is proportional to.
    """

    name: str
    quick_s: float
    whole_s: float
    grows_with: str

    def seconds(self, quick: bool, quantities: Mapping[str, float]) -> float:
        """The expected time for these quantities."""
        measured_s = self.quick_s if quick else self.whole_s
        return measured_s * quantities[self.grows_with] / MEASURED_ON[self.grows_with]
