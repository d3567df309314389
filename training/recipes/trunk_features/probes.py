"""How well a handful of clips tells a concept by a dictionary's activities: AUROC on held-out timbres."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.evaluation.probes.few_shot import logistic
from training.metrics.auroc import auroc

COUNTS = (2, 5, 10, 20)
DRAWS = 12

Pooled = NDArray[np.float64]


@torch.no_grad()
def pooled(encode: Callable[[Tensor], Tensor], trunk: Tensor) -> Pooled:
    """Mean and deviation over time of each activity. `[clips, steps, channels]` -> `[clips, 2 * n]`."""
    rows = []
    for clip in trunk:
        activities = encode(clip)
        rows.append(torch.cat([activities.mean(0), activities.std(0)]))
    found: Pooled = torch.stack(rows).double().numpy()
    return found


def curve(
    known: tuple[Pooled, Pooled], tests: Sequence[tuple[Pooled, Pooled]], seed: int
) -> list[list[float]]:
    """Mean AUROC over draws of so many clips with and without a concept, for each set of tests: `[tests][counts]`.

    Args:
        known: clips to draw from, with the concept and without it.
        tests: clips to tell apart, with the concept and without it.
    """
    scores = np.zeros((len(tests), len(COUNTS)))
    for column, count in enumerate(COUNTS):
        for draw in range(DRAWS):
            rng = np.random.default_rng((seed, count, draw))
            rows = [side[rng.permutation(len(side))[:count]] for side in known]
            labels = np.arange(2 * count) < count
            score = logistic(np.concatenate(rows), labels)
            for row, (with_, without) in enumerate(tests):
                answers = np.arange(len(with_) + len(without)) < len(with_)
                scores[row, column] += auroc(score(np.concatenate([with_, without])), answers) / DRAWS
    return [[round(float(value), 4) for value in row] for row in scores]
