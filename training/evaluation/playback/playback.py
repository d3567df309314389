"""Plays steered clips and asks the classifiers: what every experiment on steering does, whichever the model."""

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
"""By classifier."""
Accuracy = dict[str, dict[str, dict[str, float]]]
"""By material and concept: the share of right answers, and the AUROC."""


class Items(Protocol):
    """What is steered: recorded clips, or pieces that a model makes."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """What may sound in them."""

    @property
    def labels(self) -> Tensor:
        """`[items, concepts]` bool."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Of each item, what a bootstrap draws as a whole."""

    @property
    def new_timbre(self) -> Tensor:
        """`[items]` bool."""

    def alone(self, concept: str) -> list[int]:
        """Items in which nothing else sounds."""

    def mixed(self, concept: str) -> list[int]:
        """Items in which it sounds together with others."""

    def lacking(self, concept: str) -> list[int]:
        """Items without it."""

    def having(self, concept: str) -> Tensor:
        """`[items]` bool."""


@dataclass(frozen=True)
class Stems:
    """What mixtures were made of, each `[items, samples]`, played by the model.

    Attributes:
        own: a concept's part.
        others: everything else.
        best: the mixtures without it, as well as the model can.
    """

    own: Tensor
    others: Tensor
    best: Tensor


class Playback(ABC):
    """Some items, played with all stops at 0 and classified once; then with stops at any values.

    Attributes:
        neutral: their sound with all stops at 0, `[items, samples]`.
        neutral_predictions: what the classifiers detect in it.
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
        """The stops, what they are compared with, and the controls; what `sound` takes."""

    @abstractmethod
    def sound(self, edit: Any, indices: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Some items with stops, named, at some values. -> `[places, samples]`."""

    @abstractmethod
    def accuracy(self) -> dict[str, Accuracy]:
        """By classifier: how right it is about unseen recordings, and about what the unsteered model makes of them."""

    def original(self, index: int) -> Tensor | None:
        """An item as it was recorded, `[samples]`; None where nothing was."""
        return None

    def stems(self, concept: str, indices: Sequence[int]) -> Stems | None:
        """What some items were made of, played once; None where that isn't known."""
        key = (concept, tuple(indices))
        if key not in self._stems:
            self._stems[key] = self.play_stems(concept, indices)
        return self._stems[key]

    def play_stems(self, concept: str, indices: Sequence[int]) -> Stems | None:
        """Sound of the parts that mixtures were made of; None where one of them wasn't made of parts."""
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
        """What every classifier detects in `[items, samples]`, or only so many of them, the first ones."""
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
        """The items, evenly thinned where there are twice as many as a cell takes, or more."""
        return list(indices[:: max(1, len(indices) // self.options.most_clips)])

    def share(
        self, predictions: Predictions, concept: str, indices: Sequence[int], among: Tensor | None = None
    ) -> Estimate:
        """In which share of these items it's detected; `among`: only of those, `[places]` bool."""
        answers, groups = predictions.of(concept)[0].double(), self.groups_of(indices)
        if among is not None:
            answers = answers[among]
            groups = [group for group, wanted in zip(groups, among.tolist(), strict=True) if wanted]
        return mean_of(answers.numpy(), groups)

    def moved(
        self, before: Predictions, after: Predictions, concept: str, indices: Sequence[int]
    ) -> Estimate:
        """By how much more of these items have it detected after than before: a share, from -1 to 1."""
        change = after.of(concept)[0].double() - before.of(concept)[0].double()
        return mean_of(change.numpy(), self.groups_of(indices))

    def detected_in_noise(self) -> dict[str, dict[str, float]]:
        """By classifier: in which share of white noises it detects each concept. One that detects much in noise proves little."""
        generator = torch.Generator().manual_seed(self.options.seed)
        noise = 0.08 * torch.randn(NOISES, self.neutral.shape[1], generator=generator)
        return {
            name: {
                concept: float(predictions.of(concept)[0].double().mean()) for concept in self.items.concepts
            }
            for name, predictions in predict(self.classifiers, noise, self.rate).items()
        }
