"""When a concept sounds: a probe of whole recordings, applied to each second."""

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
    """The probability of a concept in each second of each recording, by probes that didn't learn from the recording.

    Attributes:
        probabilities: a recording's, `[seconds]` each; NaN in silence.
        folds: the fold of each recording, `[n]`.
    """

    probabilities: tuple[Numbers, ...]
    labels: Bools
    folds: np.ndarray[Any, np.dtype[np.int64]]
    groups: tuple[str, ...]

    def as_out_of_fold(self) -> OutOfFold:
        """Every second as an item with its recording's label; silent seconds are left out."""
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


def classify_seconds(
    shares: Numbers,
    windows: Sequence[Windows],
    labels: Bools,
    groups: Sequence[str],
    centred: bool,
    seed: int,
) -> Seconds:
    """Cross-validated by group: probes learn from whole recordings and classify each second of the held-out ones.

    Args:
        shares: the probes' input, `[n, n_features]`; see `probe_input`.
        centred: see `seconds_likely`.

    Raises:
        DrawstopError: too few recordings with or without the concept.
    """
    folds = folds_of(labels, groups, seed)
    found: list[Numbers] = [np.empty(0)] * len(windows)
    for fold in range(folds.max() + 1):
        probe = fit(LOGISTIC, shares[folds != fold], labels[folds != fold])
        for i in np.flatnonzero(folds == fold):
            found[i] = seconds_likely(probe, windows[i], centred)
    return Seconds(tuple(found), labels, folds, tuple(groups))


def seconds_likely(probe: Any, windows: Windows, centred: bool) -> Numbers:
    """A fitted probe's probability for each window, `[windows]`; NaN in silence.

    Args:
        centred: whether the SAE centres frames: then low energy doesn't mean silence.
    """
    silent = np.zeros(len(windows.energies), dtype=bool)
    if not centred:
        silent = windows.energies < 10 ** (QUIET_DB / 10)
    return np.where(silent, np.nan, answers(probe, probe_input(windows.shares)))


def probe_input(shares: np.ndarray[Any, np.dtype[Any]]) -> Numbers:
    """Square roots of features' shares, as the probes' input: rare features then weigh more."""
    return np.sqrt(shares, dtype=np.float64)
