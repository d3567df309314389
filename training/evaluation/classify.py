"""Which stops or concepts sound in a recording, and when.

Without examples: the share of the sound that each stop's features carry, as an instrument's `listen` gives it live.
With labelled examples: the probability of each label, by probes on the SAE's features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.progress import Progress
from training.banks.bank import StopBank
from training.data.labelled_set import LabelledSet
from training.data.recordings import load
from training.evaluation.encoded_set import encode_set, site_frames
from training.evaluation.experiments.classification.over_time import (
    WINDOW_SECONDS,
    probe_input,
    seconds_likely,
)
from training.evaluation.experiments.classification.stop_shares import share_of_sound, stop_levels
from training.evaluation.probes.clip_statistics import mean_features, shares_of, spans_of, windows_of
from training.evaluation.probes.linear_probe import LOGISTIC, Score, answers, fit, out_of_fold, score
from training.metrics.types import Floats
from training.models.protocols import LayeredModel

SHARE, PROBABILITY = "share", "probability"
MEANINGS = {
    SHARE: "the share of the sound's energy, 0..1, that the stop's features carry; no judgement of what is heard",
    PROBABILITY: "how likely the label is, 0..1, to a probe that learned from the examples",
}
_DIGITS = 4


@dataclass(frozen=True)
class ConceptAnswer:
    """One concept's share or probability in the whole recording and in each second; None in silence."""

    whole: float | None
    seconds: tuple[float | None, ...]


@dataclass(frozen=True)
class Classified:
    """One recording and the answer for each stop or label.

    Attributes:
        seconds: its length.
        learned_from: whether the probes learned from this recording.
    """

    path: Path
    seconds: float
    answers: dict[str, ConceptAnswer]
    learned_from: bool = False

    def to_json(self) -> dict[str, Any]:
        """The recording and its answers as a dictionary for JSON."""
        found = {
            name: {"whole": each.whole, "per_second": list(each.seconds)}
            for name, each in self.answers.items()
        }
        return {
            "path": self.path.as_posix(),
            "seconds": round(self.seconds, 3),
            "answers": found,
            "learned_from": self.learned_from,
        }


def shares_in(model: LayeredModel, banks: Sequence[StopBank], path: Path) -> Classified:
    """The share of a recording's sound that each stop's features carry; at several layers, the mean over them.

    Raises:
        DrawstopError: the banks have no stop, or the file is no sound.
    """
    used = [bank for bank in banks if bank.stops]
    if not used:
        raise DrawstopError(
            "this bank has no stops to ask: find one (drawstop find), or give labelled recordings (--examples)"
        )
    audio = load(path, model.sample_rate, model.channels)
    found: dict[str, list[ConceptAnswer]] = {}
    for bank in used:
        ratio = model.sites()[bank.site].ratio
        x = site_frames(model, audio, bank.site, ratio)
        for slug, answer in _shares(bank, x, model.sample_rate / ratio).items():
            found.setdefault(slug, []).append(answer)
    means = {slug: _mean(each) for slug, each in found.items()}
    return Classified(path, audio.shape[-1] / model.sample_rate, means)


def _shares(bank: StopBank, x: Tensor, frame_rate: float) -> dict[str, ConceptAnswer]:
    """Each stop's share over all frames `[frames, width]`, and in each second."""
    levels, energies = stop_levels(bank, x)
    windows = spans_of(len(x), frame_rate, WINDOW_SECONDS)
    found = {}
    for stop, own in zip(bank.stops, levels, strict=True):
        whole, *seconds = (
            _rounded(share_of_sound(own[part], energies[part])) for part in (slice(None), *windows)
        )
        found[stop.slug] = ConceptAnswer(whole, tuple(seconds))
    return found


def _mean(found: Sequence[ConceptAnswer]) -> ConceptAnswer:
    columns = zip(*([each.whole, *each.seconds] for each in found), strict=True)
    means = [None if None in column else round(float(np.mean(column)), _DIGITS) for column in columns]
    return ConceptAnswer(means[0], tuple(means[1:]))


class Examples:
    """A probe for each label of some labelled recordings, on the features of one bank's SAE.

    Attributes:
        scores: by label, how well its probe classifies examples that it didn't learn from.

    Raises:
        DrawstopError: a label with too few recordings with or without it.
    """

    def __init__(
        self,
        model: LayeredModel,
        bank: StopBank,
        data: LabelledSet,
        seed: int = 0,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.bank, self.data, self.seed = model, bank, data, seed
        if not data.concepts:
            raise DrawstopError(
                f"no label in {data.name}: give a folder with a sub-folder for each label, and one named neither or other"
            )
        self.encoded = encode_set(model, bank.sae, data, bank.site, cache=cache, progress=progress)
        self.ratio = model.sites()[bank.site].ratio
        self._x = probe_input(self.encoded.shares)
        self._hashes = {sha256_file(each.path) for each in data.recordings}
        self.scores: Mapping[str, Score] = {
            name: self._score(c) for c, name in enumerate(self.encoded.concepts)
        }

    def likely_in(self, path: Path) -> Classified:
        """How likely each label is in a recording and in each of its seconds. Raises DrawstopError for what is no sound."""
        audio = load(path, self.model.sample_rate, self.model.channels)
        sae, rate = self.bank.sae, self.model.sample_rate / self.ratio
        z: Floats = sae.normalise(site_frames(self.model, audio, self.bank.site, self.ratio)).numpy()
        whole, windows = (
            probe_input(shares_of(mean_features(sae, z))[None]),
            windows_of(sae, z, rate, WINDOW_SECONDS),
        )
        found = {}
        for name, probe in self._probes.items():
            seconds = tuple(_rounded(p) for p in seconds_likely(probe, windows, sae.config.centre))
            sounds = any(each is not None for each in seconds)
            found[name] = ConceptAnswer(_rounded(answers(probe, whole)[0]) if sounds else None, seconds)
        learned = sha256_file(path) in self._hashes
        return Classified(path, audio.shape[-1] / self.model.sample_rate, found, learned)

    @cached_property
    def _probes(self) -> dict[str, Any]:
        loud = self.encoded.loud
        return {
            name: fit(LOGISTIC, self._x[loud], self.encoded.labels[loud, c])
            for c, name in enumerate(self.encoded.concepts)
        }

    def _score(self, concept: int) -> Score:
        loud = self.encoded.loud
        groups = [group for group, keep in zip(self.encoded.groups, loud, strict=True) if keep]
        labels = self.encoded.labels[loud, concept]
        try:
            return score(out_of_fold(LOGISTIC, self._x[loud], labels, groups, self.seed), self.seed)
        except DrawstopError as error:
            raise DrawstopError(f"the label {self.encoded.concepts[concept]}: {error}") from error


def _rounded(value: float | None) -> float | None:
    return round(float(value), _DIGITS) if value is not None and np.isfinite(value) else None
