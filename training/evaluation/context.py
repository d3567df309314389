"""What all experiments share, for every kind of model: options, labelled recordings, classifiers and the playback."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from drawstop.progress import Progress, step_report
from training.classifiers.cache import cached_classifier, training_identity
from training.classifiers.clap import ClapClassifier
from training.classifiers.classifier import Classifier, LogMelClassifier, NetworkClassifier
from training.classifiers.concept_classifier import CONCEPT_OPTIONS
from training.classifiers.labelled_crops import CropMixtures, labelled_crops
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions, fit_classifier
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.recordings import Split
from training.models.protocols import Autoencoder

if TYPE_CHECKING:
    from training.evaluation.playback.playback import Playback

ORIGINALS = 128
"""Original clips that the second classifier is trained on."""


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        quick: fewer clips, no pitch tracking: two minutes instead of fifteen.
        clap: folder of a published classifier that is used too.
    """

    seed: int = 0
    quick: bool = False
    clap: Path | None = None

    @property
    def most_clips(self) -> int:
        """Clips of each kind."""
        return 8 if self.quick else 24


class EvaluationContext(ABC):
    """A model, its banks and labelled recordings: what every experiment is run on.

    Attributes:
        data: labelled recordings; those of its test split are unseen.
        folder: where results, classifiers and sounds are stored.
        classifier: a trained network's file; None trains one.
    """

    data: LabelledSet
    folder: Path
    options: Options
    classifier: Path | None
    progress: Progress | None

    @property
    @abstractmethod
    def concepts(self) -> tuple[str, ...]:
        """The concepts that are measured. Raises DrawstopError for one that labels no recording."""

    @property
    @abstractmethod
    def sound_fingerprint(self) -> str:
        """A hash of all that decides the unsteered model's sound."""

    @property
    @abstractmethod
    def autoencoder(self) -> Autoencoder:
        """The unsteered model. The network is also trained on its reconstructions; recordings are read at its rates."""

    @property
    @abstractmethod
    def playback(self) -> Playback:
        """Clips or pieces, played with all stops at 0 and classified; made once."""

    def second_classifier(self, sounds: Tensor, labels: Tensor) -> Classifier:
        """A classifier of another kind, from original clips `[clips, samples]` and their labels `[clips, concepts]`."""
        return LogMelClassifier(self.concepts, sounds, self.autoencoder.rates.sample_rate, labels)

    def recordings(self, *splits: Split) -> Sequence[LabelledRecording]:
        """The recordings of some splits."""
        return self.data.of(*splits)

    @cached_property
    def classifiers(self) -> list[Classifier]:
        """Two classifiers of different kinds, and the published one that was given."""
        found: list[Classifier] = [NetworkClassifier(self.network())]
        found.append(self.second_classifier(*self.original_clips("train", "validation")))
        if self.options.clap is not None:
            found.append(ClapClassifier(self.options.clap, self.concepts))
        return found

    def network(self) -> ConceptClassifier:
        """The network that was given, that was trained before on the same things, or that is trained now."""
        learned = training_identity(
            self.sound_fingerprint,
            self.recordings("train", "validation"),
            self.concepts,
            self.classifier_options(),
        )
        return cached_classifier(self.classifier, self.folder, learned, self._fit_network)

    def classifier_options(self) -> ClassifierOptions:
        """How the network is trained."""
        return replace(CONCEPT_OPTIONS, seed=self.options.seed)

    def original_clips(self, *splits: Split) -> tuple[Tensor, Tensor]:
        """Clips of recordings of some splits, `[clips, samples]`, and their labels `[clips, concepts]` bool."""
        rng = np.random.default_rng(self.options.seed + 1)
        sounds, labels = self._crops(*splits, varied=False).draw(rng, ORIGINALS)
        return sounds.mean(1), labels > 0.5

    def _fit_network(self) -> ConceptClassifier:
        return fit_classifier(
            self.concepts,
            self.autoencoder.rates.sample_rate,
            self._crops("train", "validation", varied=True).draw,
            self.classifier_options(),
            step_report(self.progress, "a classifier learns the concepts"),
            model=self.autoencoder,
        )

    def _crops(self, *splits: Split, varied: bool) -> CropMixtures:
        rates = self.autoencoder.rates
        return labelled_crops(
            self.recordings(*splits), self.concepts, rates.sample_rate, rates.channels, varied=varied
        )
