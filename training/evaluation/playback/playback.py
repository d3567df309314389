"""Plays steered clips and asks the ears: what every experiment on steering does, whichever the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.classifiers.listeners import Ear, hear
from training.evaluation.rave_context import Options
from training.metrics.audio import Pitches, track, way
from training.metrics.bootstrap import Estimate, mean_of
from training.metrics.predictions import Predictions

STOP, TWIN, MEANS = "the stop", "constants fitted by their effect", "difference of means"
RANDOM, RANDOM_SAE = "random features", "a random SAE"
NOISES = 16

Hearing = dict[str, Predictions]
"""By ear."""
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


class Bench(ABC):
    """Some items, played and heard at rest once; then with stops at any values.

    Attributes:
        rest: their sound at rest, `[items, samples]`.
        at_rest: what the ears hear in it.
    """

    def __init__(
        self,
        items: Items,
        ears: Sequence[Ear],
        sample_rate: int,
        slugs: Mapping[str, str],
        options: Options,
        progress: Progress | None,
    ) -> None:
        self.items, self.ears, self.rate = items, list(ears), sample_rate
        self.slugs, self.options, self._progress, self._heard = dict(slugs), options, progress, 0
        self._pitches: dict[tuple[int, ...], Pitches] = {}
        self._stems: dict[tuple[str, tuple[int, ...]], Stems | None] = {}
        self.rest = self.play_at_rest()
        self.at_rest = hear(self.ears, self.rest, self.rate)

    @abstractmethod
    def play_at_rest(self) -> Tensor:
        """All items with every stop at rest. -> `[items, samples]`."""

    @abstractmethod
    def edits(self) -> dict[str, Any]:
        """The stops, what they are compared with, and the controls; what `sound` takes."""

    @abstractmethod
    def sound(self, edit: Any, places: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Some items with stops, named, at some values. -> `[places, samples]`."""

    @abstractmethod
    def accuracy(self) -> dict[str, Accuracy]:
        """By ear: how right it is about unseen recordings, and about what the unsteered model makes of them."""

    def original(self, place: int) -> Tensor | None:
        """An item as it was recorded, `[samples]`; None where nothing was."""
        return None

    def stems(self, concept: str, places: Sequence[int]) -> Stems | None:
        """What some items were made of, played once; None where that isn't known."""
        key = (concept, tuple(places))
        if key not in self._stems:
            self._stems[key] = self.play_stems(concept, places)
        return self._stems[key]

    def play_stems(self, concept: str, places: Sequence[int]) -> Stems | None:
        """See `stems`; None where one of them wasn't made of parts."""
        return None

    def way(self, concept: str, places: Sequence[int], sound: Tensor) -> Estimate | None:
        """How far the sound goes from a mixture (0) to the best possible without the concept (1); None where no stem is known."""
        stems = self.stems(concept, places)
        if stems is None:
            return None
        found = way(self.rest[list(places)], sound, stems.best, stems.others)
        return Estimate(found["mean"], found["low"], found["high"], found["n"])

    def order_error(self) -> float | None:
        """The largest change of the edit with the stops in another order, as a share of its size; None where it's not defined."""
        return None

    def hear(self, sound: Tensor, ears: int | None = None) -> Hearing:
        """What every ear hears in `[items, samples]`, or only so many of them, the first ones."""
        self._heard += 1
        if self._progress:
            self._progress("playing and listening", self._heard, self._heard + 1)
        return hear(self.ears[:ears], sound, self.rate)

    def rest_of(self, places: Sequence[int]) -> Hearing:
        """What was heard in some items at rest."""
        chosen = list(places)
        return {
            name: replace(heard, heard=heard.heard[chosen], logits=heard.logits[chosen])
            for name, heard in self.at_rest.items()
        }

    def pitches_of(self, places: Sequence[int]) -> Pitches:
        """The pitches of some items at rest; tracked once."""
        key = tuple(places)
        if key not in self._pitches:
            self._pitches[key] = track(self.rest[list(places)], self.rate)
        return self._pitches[key]

    def groups_of(self, places: Sequence[int]) -> list[str]:
        """The groups of some items."""
        return [self.items.groups[i] for i in places]

    def spread(self, places: Sequence[int]) -> list[int]:
        """The items, evenly thinned where there are twice as many as a cell takes, or more."""
        return list(places[:: max(1, len(places) // self.options.most_clips)])

    def share(
        self, heard: Predictions, concept: str, places: Sequence[int], among: Tensor | None = None
    ) -> Estimate:
        """In which share of these items it's heard; `among`: only of those, `[places]` bool."""
        answers, groups = heard.of(concept)[0].double(), self.groups_of(places)
        if among is not None:
            answers = answers[among]
            groups = [group for group, wanted in zip(groups, among.tolist(), strict=True) if wanted]
        return mean_of(answers.numpy(), groups)

    def moved(self, before: Predictions, after: Predictions, concept: str, places: Sequence[int]) -> Estimate:
        """By how much more of these items it's heard after than before: a share, from -1 to 1."""
        change = after.of(concept)[0].double() - before.of(concept)[0].double()
        return mean_of(change.numpy(), self.groups_of(places))

    def heard_in_noise(self) -> dict[str, dict[str, float]]:
        """By ear: in which share of white noises it hears each concept; an ear that hears much in noise proves little."""
        generator = torch.Generator().manual_seed(self.options.seed)
        noise = 0.08 * torch.randn(NOISES, self.rest.shape[1], generator=generator)
        return {
            name: {concept: float(heard.of(concept)[0].double().mean()) for concept in self.items.concepts}
            for name, heard in hear(self.ears, noise, self.rate).items()
        }
