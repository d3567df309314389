"""How many recordings each experiment takes, and why so many."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from training.recordings import TEST_SHARE, TRAIN_SHARE

FEWEST_TO_LEARN = 2
"""One recording with and one without differ in everything, not in the concept alone."""

FEWEST_TO_TEST = 3
"""Of 3 with and 3 without, chance ranks all 3 first once in 20 (1 / C(6, 3)): fewer can't be told from chance at 5 %."""

FEWEST_FOR_A_CURVE = 5
"""A curve over the number of examples takes two points: 2 and 5."""

FEWEST_TO_STEER = 10
"""The goal, still heard in at most 10 %, is one recording of ten: fewer can't show it."""

FEWEST_TIMBRES = 2
"""One to learn from, one held out."""

HASH_MARGIN = 2
"""A split by hash is a draw: with twice the mean, 19 of 20 draws have enough."""


@dataclass(frozen=True)
class Need:
    """How many recordings with a concept an experiment takes, and as many without: to learn from and to test on."""

    train: int
    test: int
    why: str

    def by_hash(self) -> int:
        """Recordings of each kind that a split by hash takes."""
        return math.ceil(HASH_MARGIN * max(self.train / TRAIN_SHARE, self.test / TEST_SHARE))


NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "classification": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "growth": Need(FEWEST_FOR_A_CURVE, FEWEST_TO_TEST, "the curve goes from 2 examples to 5 and on"),
        "separability": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "steering": Need(0, FEWEST_TO_STEER, "one of ten is the share that it is held against"),
        "held-out timbres": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "stem distance": Need(0, FEWEST_TO_TEST, "a mean of fewer is an anecdote"),
    }
)
"""Each experiment that needs labels."""
