"""When a concept sounds: a probe that learned from whole recordings, asked second by second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.banks.steering import QUIET_DB
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.probes.clip_statistics import Windows, windows_of
from training.evaluation.probes.linear_probe import LOGISTIC, Numbers, OutOfFold, answers, fit, folds_of
from training.metrics.types import Bools

WINDOW_SECONDS = 1.0


@dataclass(frozen=True)
class Seconds:
    """How likely a concept is in each second of each recording, by probes that didn't learn from it.

    Attributes:
        probabilities: of each recording, `[seconds]`; NaN where it is silent.
        folds: of each recording, `[n]`.
    """

    probabilities: tuple[Numbers, ...]
    labels: Bools
    folds: np.ndarray[Any, np.dtype[np.int64]]
    groups: tuple[str, ...]

    def as_answers(self) -> OutOfFold:
        """Each second for itself, with its recording's label; silent ones are left out."""
        counts = [len(each) for each in self.probabilities]
        p = np.concatenate(self.probabilities)
        sounding = np.isfinite(p)
        groups = [group for group, count in zip(self.groups, counts, strict=True) for _ in range(count)]
        return OutOfFold(
            p[sounding],
            np.repeat(self.labels, counts)[sounding],
            np.repeat(self.folds, counts)[sounding],
            tuple(group for group, keep in zip(groups, sounding, strict=True) if keep),
        )


def all_windows(encoded: EncodedSet) -> list[Windows]:
    """Every recording in windows of a second."""
    return [windows_of(encoded.sae, z, encoded.frame_rate, WINDOW_SECONDS) for z in encoded.frames]


def seconds_heard(
    shares: Numbers,
    windows: Sequence[Windows],
    labels: Bools,
    groups: Sequence[str],
    centred: bool,
    seed: int,
) -> Seconds:
    """Cross-validates by group: learns from whole recordings, answers for seconds of the others.

    Args:
        shares: what the probe learns from, `[n, n_features]`; see `reading`.
        centred: see `seconds_likely`.

    Raises:
        DrawstopError: too few recordings of a kind.
    """
    folds = folds_of(labels, groups, seed)
    found: list[Numbers] = [np.empty(0)] * len(windows)
    for fold in range(folds.max() + 1):
        probe = fit(LOGISTIC, shares[folds != fold], labels[folds != fold])
        for place in np.flatnonzero(folds == fold):
            found[place] = seconds_likely(probe, windows[place], centred)
    return Seconds(tuple(found), labels, folds, tuple(groups))


def seconds_likely(probe: Any, windows: Windows, centred: bool) -> Numbers:
    """A fitted probe's answer for each window, `[windows]`; NaN in silence.

    Args:
        centred: of the SAE: its frames lie about a mean, and their energy doesn't tell silence.
    """
    silent = np.zeros(len(windows.energies), dtype=bool)
    if not centred:
        silent = windows.energies < 10 ** (QUIET_DB / 10)
    return np.where(silent, np.nan, answers(probe, reading(windows.shares)))


def reading(shares: np.ndarray[Any, np.dtype[Any]]) -> Numbers:
    """What probes read of features: square roots of their shares, so that rare features count beside common ones."""
    return np.sqrt(shares, dtype=np.float64)
