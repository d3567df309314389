"""Do names of features hold? Each is named after the class of clips that it tells best, and asked on unheard sound banks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.types import JsonObject
from training.metrics.auroc import auroc, auroc_of_columns

NAMED = 30
LEAST_AUROC = 0.8
"""Smallest AUROC, on clips that didn't choose the name, with which a feature keeps it."""

Activities = NDArray[np.float64]


@dataclass(frozen=True)
class Clips:
    """Clips of several classes: the trunk's output on each class `[clips, steps, channels]`."""

    classes: tuple[str, ...]
    trunks: Sequence[Tensor]

    @torch.no_grad()
    def activities(self, encode: Callable[[Tensor], Tensor]) -> tuple[Activities, NDArray[np.int64]]:
        """Mean activity of each feature in each clip `[clips, n]`, and the number of each clip's class."""
        rows = [encode(clip).mean(0).double().numpy() for trunk in self.trunks for clip in trunk]
        return np.stack(rows), np.repeat(np.arange(len(self.trunks)), [len(trunk) for trunk in self.trunks])


def names_hold(
    encode: Callable[[Tensor], Tensor], known: Clips, checked: Clips, unheard: Clips
) -> JsonObject:
    """How precise the best features' names are on banks that nothing was trained on.

    Args:
        known: clips that name the features: the class with the best AUROC, and the activity above which F1 is best.
        checked: clips on which a name must hold; other features are left out.
        unheard: clips to measure on.

    Gives the number of features whose name holds on `checked` of all that are ever active, and of the best `NAMED` of them the
    precision and the recall on `unheard`, beside the share of clips that a class has.
    """
    activities, classes = known.activities(encode)
    alive = np.flatnonzero(np.ptp(activities, axis=0) > 0)
    names = _told(activities, classes).argmax(0)
    others, other_classes = checked.activities(encode)
    scores = _told(others, other_classes)[names, np.arange(len(names))]
    holding = sorted((f for f in alive if scores[f] >= LEAST_AUROC), key=lambda f: -scores[f])
    sounds, sound_classes = unheard.activities(encode)
    rows: list[JsonObject] = []
    for feature in holding[:NAMED]:
        name = int(names[feature])
        threshold = _threshold(activities[:, feature], classes == name)
        says, true = sounds[:, feature] > threshold, sound_classes == name
        rows.append(
            {
                "feature": int(feature),
                "name": known.classes[name],
                "precision": round(float((says & true).sum() / max(1, says.sum())), 3),
                "recall": round(float((says & true).sum() / true.sum()), 3),
                "auroc": round(auroc(sounds[:, feature], true), 3),
            }
        )
    means = {key: _mean([row[key] for row in rows]) for key in ("precision", "recall", "auroc")}
    return {
        "active": len(alive),
        "holding": len(holding),
        "of_classes": len({row["name"] for row in rows}),
        "share_of_a_class": round(1 / len(known.classes), 3),
        "mean": means,
        "named": rows,
    }


def _told(activities: Activities, classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """How well each feature tells each class from the others: AUROC `[classes, n]`."""
    rows = [
        auroc_of_columns(torch.from_numpy(activities), torch.from_numpy(classes == each)).numpy()
        for each in range(classes.max() + 1)
    ]
    return np.stack(rows)


def _threshold(activity: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    """The threshold of an activity with the best F1."""
    order = np.argsort(-activity, kind="stable")
    hits = np.cumsum(true[order])
    last = int(np.argmax(2 * hits / (np.arange(1, len(hits) + 1) + hits[-1])))
    below = activity[order[last + 1]] if last + 1 < len(order) else activity[order[last]] - 1
    return float((activity[order[last]] + below) / 2)


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None
