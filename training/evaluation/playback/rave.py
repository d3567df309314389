"""The playback of a RAVE's bank: recorded clips, encoded, edited and decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.classifiers.classifier import accuracy, predict
from training.evaluation.playback.edits import (
    LatentEdit,
    by_bank,
    by_random_sae,
    difference_of_means,
    random_like,
    static,
)
from training.evaluation.playback.playback import (
    COUNTERPART,
    MEANS,
    RANDOM,
    RANDOM_SAE,
    STOP,
    Accuracy,
    Playback,
    Stems,
)
from training.models.rave.batches import play_clips

if TYPE_CHECKING:
    from training.evaluation.rave_context import RaveContext

CONTROL_SEED = 7


class RavePlayback(Playback):
    """Plays a RAVE context's clips with edits of their latents."""

    def __init__(self, context: RaveContext) -> None:
        self.context, self.clips = context, context.clips
        slugs = {stop.name: stop.slug for stop in context.bank.stops}
        rate = context.model.rates.sample_rate
        super().__init__(self.clips, context.classifiers, rate, slugs, context.options, context.progress)

    def play_neutral(self) -> Tensor:
        """Sound of every clip with all stops at 0, `[clips, samples]`."""
        return self._play(self.clips.latents)

    def edits(self) -> dict[str, LatentEdit]:
        """The bank's own edit, and the baselines and controls beside it, by name."""
        bank, seed = self.context.bank, CONTROL_SEED + self.options.seed
        found = {STOP: by_bank(bank)}
        if any(stop.gates is not None for stop in bank.stops) and not self.options.quick:
            found[COUNTERPART] = static(bank)
        solos = self.context.solos
        found[MEANS] = difference_of_means(bank, solos)
        found[RANDOM] = random_like(bank, seed)
        if not self.options.quick:
            found[RANDOM_SAE] = by_random_sae(bank, solos, seed)
        return found

    def sound(self, edit: LatentEdit, indices: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Sound of some clips with stops held at values, `[clips, samples]`."""
        knobs = {self.slugs[name]: value for name, value in values.items()}
        return self._play(edit(self.clips.latents[list(indices)], knobs))

    def accuracy(self) -> dict[str, Accuracy]:
        """Accuracy of each classifier on the clips, as recorded and through the RAVE."""
        originals, clips = predict(self.classifiers, self.clips.originals, self.rate), self.clips
        return {
            classifier.name: {
                "as recorded": accuracy(originals[classifier.name], clips.concepts, clips.labels),
                "through the model": accuracy(
                    self.neutral_predictions[classifier.name], clips.concepts, clips.labels
                ),
            }
            for classifier in self.classifiers
        }

    def original(self, index: int) -> Tensor:
        """A clip as it was recorded, `[samples]`."""
        return self.clips.originals[index]

    def play_stems(self, concept: str, indices: Sequence[int]) -> Stems | None:
        """Sound of the parts of mixtures made here, and the best possible: the mixture less the concept's own frames."""
        chosen = list(indices)
        if not bool(self.clips.made[chosen].all()):
            return None
        mixture, own = self.clips.latents[chosen], self.clips.parts[concept][chosen]
        others = (part[chosen] for name, part in self.clips.parts.items() if name != concept)
        rest = sum(others, torch.zeros_like(own))
        return Stems(self._play(own), self._play(rest), self._play(mixture - own))

    def order_error(self) -> float:
        """The largest change of the edit with the bank's stops in reverse order, as a share of the edit's size."""
        bank = self.context.bank
        turned = replace(bank, stops=tuple(reversed(bank.stops)))
        z = self.clips.latents[: self.context.model.voices()]
        values = {stop.slug: (-1.0) ** index for index, stop in enumerate(bank.stops)}
        first, second = (by_bank(each)(z, values) for each in (bank, turned))
        return float((first - second).abs().max() / (first - z).abs().max().clamp(min=1e-9))

    def _play(self, latents: Tensor) -> Tensor:
        return play_clips(self.context.model, latents, self.clips.lead)
