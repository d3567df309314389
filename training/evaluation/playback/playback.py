"""Plays steered clips and classifies them: what every experiment on steering does, for every kind of model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.classifiers.classifier import Classifier, predict
from training.evaluation.context import Options
from training.metrics.audio import distance_recovered
from training.metrics.bootstrap import Estimate, mean_of
from training.metrics.pitch import Pitches, track
from training.metrics.predictions import Predictions

STOP, COUNTERPART, MEANS = "the stop", "constants fitted by their effect", "difference of means"
RANDOM, RANDOM_SAE = "random features", "a random SAE"
NOISES = 16

PredictionsByName = dict[str, Predictions]
"""Predictions by classifier's name."""
Accuracy = dict[str, dict[str, dict[str, float]]]
"""Accuracy and AUROC by material (as recorded, through the model) and concept."""


class Items(Protocol):
    """The items that are steered: recorded clips, or pieces that a model generates."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts that may sound in them."""

    @property
    def labels(self) -> Tensor:
        """Which concepts each item has: `[items, concepts]` bool."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Bootstrap group of each item."""

    @property
    def new_timbre(self) -> Tensor:
        """Which items have timbres that nothing was trained on: `[items]` bool."""

    def alone(self, concept: str) -> list[int]:
        """Items in which only this concept sounds."""

    def mixed(self, concept: str) -> list[int]:
        """Items in which the concept sounds together with others."""

    def lacking(self, concept: str) -> list[int]:
        """Items without the concept."""

    def having(self, concept: str) -> Tensor:
        """Which items have the concept: `[items]` bool."""


@dataclass(frozen=True)
class Stems:
    """The parts of mixtures, played by the model, `[items, samples]` each.

    Attributes:
        own: a concept's part.
        others: all other parts.
        best: the mixtures without the concept, as well as the model can.
    """

    own: Tensor
    others: Tensor
    best: Tensor


class Playback(ABC):
    """Some items, played with all stops at 0 and classified once; then with stops at any values.

    Attributes:
        neutral: their sound with all stops at 0, `[items, samples]`.
        neutral_predictions: the classifiers' predictions for it.
    """

    def __init__(
        self,
        items: Items,
        classifiers: Sequence[Classifier],
        sample_rate: int,
        slugs: Mapping[str, str],
        options: Options,
        progress: Progress | None,
    ) -> None:
        self.items, self.classifiers, self.rate = items, list(classifiers), sample_rate
        self.slugs, self.options, self._progress = dict(slugs), options, progress
        self._experiment, self._predicted, self._expected = "", 0, 0
        self._pitches: dict[tuple[int, ...], Pitches] = {}
        self._stems: dict[tuple[str, tuple[int, ...]], Stems | None] = {}
        self.neutral = self.play_neutral()
        self.neutral_predictions = predict(self.classifiers, self.neutral, self.rate)

    @abstractmethod
    def play_neutral(self) -> Tensor:
        """All items with every stop at 0. -> `[items, samples]`."""

    @abstractmethod
    def edits(self) -> dict[str, Any]:
        """The stops' edit, the baselines and the controls by name, as `sound` takes them."""

    @abstractmethod
    def sound(self, edit: Any, indices: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Some items with stops at some values, by the stops' names. -> `[indices, samples]`."""

    @abstractmethod
    def accuracy(self) -> dict[str, Accuracy]:
        """Accuracy of each classifier on unseen recordings, and on the unsteered model's reconstructions of them."""

    def original(self, index: int) -> Tensor | None:
        """An item as it was recorded, `[samples]`; None where nothing was."""
        return None

    def stems(self, concept: str, indices: Sequence[int]) -> Stems | None:
        """The parts of some items, played once; None where they aren't known."""
        key = (concept, tuple(indices))
        if key not in self._stems:
            self._stems[key] = self.play_stems(concept, indices)
        return self._stems[key]

    def play_stems(self, concept: str, indices: Sequence[int]) -> Stems | None:
        """Sound of the parts of some mixtures; None where an item wasn't made of parts."""
        return None

    def recovered(self, concept: str, indices: Sequence[int], sound: Tensor) -> Estimate | None:
        """How far the sound goes from a mixture (0) to the best possible without the concept (1); None where no stem is known."""
        stems = self.stems(concept, indices)
        if stems is None:
            return None
        found = distance_recovered(self.neutral[list(indices)], sound, stems.best, stems.others)
        return Estimate(found["mean"], found["low"], found["high"], found["n"])

    def order_error(self) -> float | None:
        """The largest change of the edit with the stops in another order, as a share of its size; None where it's not defined."""
        return None

    def predict(self, sound: Tensor, classifiers: int | None = None) -> PredictionsByName:
        """The predictions of every classifier for `[items, samples]`, or of the first few of them."""
        found = predict(self.classifiers[:classifiers], sound, self.rate)
        self._predicted += 1
        if self._progress and self._predicted <= self._expected:
            self._progress(self._experiment, self._predicted, self._expected)
        return found

    def expect(self, experiment: str, predictions: int) -> None:
        """Says which experiment's progress the next calls of `predict` are, and how many there will be."""
        self._experiment, self._predicted, self._expected = experiment, 0, predictions

    def neutral_of(self, indices: Sequence[int]) -> PredictionsByName:
        """Predictions for some items with all stops at 0."""
        chosen = list(indices)
        return {
            name: replace(
                predictions, detected=predictions.detected[chosen], logits=predictions.logits[chosen]
            )
            for name, predictions in self.neutral_predictions.items()
        }

    def pitches_of(self, indices: Sequence[int]) -> Pitches:
        """The pitches of some items with all stops at 0; tracked once."""
        key = tuple(indices)
        if key not in self._pitches:
            self._pitches[key] = track(self.neutral[list(indices)], self.rate)
        return self._pitches[key]

    def groups_of(self, indices: Sequence[int]) -> list[str]:
        """The groups of some items."""
        return [self.items.groups[i] for i in indices]

    def spread(self, indices: Sequence[int]) -> list[int]:
        """The items, thinned evenly where there are at least twice as many as a cell takes."""
        return list(indices[:: max(1, len(indices) // self.options.most_clips)])

    def share(
        self, predictions: Predictions, concept: str, indices: Sequence[int], among: Tensor | None = None
    ) -> Estimate:
        """Share of the items in which the concept is detected. `among`: bool `[items]`, counts only those."""
        detected, groups = predictions.of(concept)[0].double(), self.groups_of(indices)
        if among is not None:
            detected = detected[among]
            groups = [group for group, wanted in zip(groups, among.tolist(), strict=True) if wanted]
        return mean_of(detected.numpy(), groups)

    def moved(
        self, before: Predictions, after: Predictions, concept: str, indices: Sequence[int]
    ) -> Estimate:
        """Change of the share of items in which the concept is detected, -1 to 1."""
        change = after.of(concept)[0].double() - before.of(concept)[0].double()
        return mean_of(change.numpy(), self.groups_of(indices))

    def detected_in_noise(self) -> dict[str, dict[str, float]]:
        """By classifier, the share of white noises in which it detects each concept; a large one is no good sign."""
        generator = torch.Generator().manual_seed(self.options.seed)
        noise = 0.08 * torch.randn(NOISES, self.neutral.shape[1], generator=generator)
        return {
            name: {
                concept: float(predictions.of(concept)[0].double().mean()) for concept in self.items.concepts
            }
            for name, predictions in predict(self.classifiers, noise, self.rate).items()
        }
