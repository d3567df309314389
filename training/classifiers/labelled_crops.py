"""Labelled recordings as endless varied crops, alone and two at once: what a classifier of several concepts learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.classifiers.concept_classifier import drawn_crop
from training.data.augmentation import Augmentation
from training.data.clips import CLIP_SECONDS
from training.data.labelled_set import LabelledRecording
from training.data.recordings import load

TWO_AT_ONCE = 0.5
UNVARIED = Augmentation(pitch_share=0.0, semitones=0.0, equaliser_share=0.0, reverb_share=0.0)


class LabelledSounds:
    """Draws from recordings, each set of labels as often as any other.

    Args:
        concepts: in the order of the labels that are given.

    Raises:
        DrawstopError: a concept that all recordings have, or none.
    """

    def __init__(
        self,
        recordings: Sequence[LabelledRecording],
        concepts: tuple[str, ...],
        sample_rate: int,
        channels: int,
        *,
        varied: bool = True,
    ) -> None:
        self.concepts, self.sample_rate = concepts, sample_rate
        self.samples = round(CLIP_SECONDS * sample_rate)
        self.how = Augmentation() if varied else UNVARIED
        self.recordings: dict[tuple[str, ...], list[Tensor]] = {}
        for recording in recordings:
            labels = tuple(sorted(recording.labels & set(concepts)))
            self.recordings.setdefault(labels, []).append(load(recording.path, sample_rate, channels))
        self._kinds = list(self.recordings)
        for concept in concepts:
            if sum(concept in labels for labels in self._kinds) in (0, len(self._kinds)):
                raise DrawstopError(
                    f"a classifier for {concept} needs recordings with and without it, got one kind"
                )

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """See training.Draw."""
        sounds, labels = [], []
        for _ in range(count):
            kinds = [
                self._kinds[rng.integers(len(self._kinds))] for _ in range(1 + (rng.random() < TWO_AT_ONCE))
            ]
            parts = [
                drawn_crop(self.recordings[kind], rng, self.samples, self.sample_rate, self.how)
                for kind in kinds
            ]
            sounds.append(torch.stack(parts).sum(0))
            labels.append([float(any(concept in kind for kind in kinds)) for concept in self.concepts])
        return torch.stack(sounds), torch.tensor(labels)
