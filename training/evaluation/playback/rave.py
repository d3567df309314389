"""The bench of a RAVE's bank: recorded clips, encoded, edited and decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from training.classifiers.listeners import accuracy, hear
from training.evaluation.playback.edits import (
    Edit,
    by_bank,
    by_random_sae,
    difference_of_means,
    random_like,
    static,
)
from training.evaluation.playback.held_out_clips import play
from training.evaluation.playback.playback import (
    MEANS,
    RANDOM,
    RANDOM_SAE,
    STOP,
    TWIN,
    Accuracy,
    Bench,
    Stems,
)
from training.evaluation.rave_context import Subject

CONTROL_SEED = 7


class RaveBench(Bench):
    """A subject's clips. See Bench."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.clips = subject, subject.clips
        slugs = {stop.name: stop.slug for stop in subject.bank.stops}
        rate = subject.model.rates.sample_rate
        super().__init__(self.clips, subject.ears, rate, slugs, subject.options, subject.progress)

    def play_at_rest(self) -> Tensor:
        """See Bench."""
        return self._play(self.clips.latents)

    def edits(self) -> dict[str, Edit]:
        """See Bench."""
        bank, seed = self.subject.bank, CONTROL_SEED + self.options.seed
        found = {STOP: by_bank(bank)}
        if any(stop.gates is not None for stop in bank.stops) and not self.options.quick:
            found[TWIN] = static(bank)
        solos = self.subject.solos
        found[MEANS] = difference_of_means(bank, solos)
        found[RANDOM] = random_like(bank, seed)
        if not self.options.quick:
            found[RANDOM_SAE] = by_random_sae(bank, solos, seed)
        return found

    def sound(self, edit: Edit, places: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """See Bench."""
        knobs = {self.slugs[name]: value for name, value in values.items()}
        return self._play(edit(self.clips.latents[list(places)], knobs))

    def accuracy(self) -> dict[str, Accuracy]:
        """See Bench."""
        originals, clips = hear(self.ears, self.clips.originals, self.rate), self.clips
        return {
            ear.name: {
                "as recorded": accuracy(originals[ear.name], clips.concepts, clips.labels),
                "through the model": accuracy(self.at_rest[ear.name], clips.concepts, clips.labels),
            }
            for ear in self.ears
        }

    def original(self, place: int) -> Tensor:
        """See Bench."""
        return self.clips.originals[place]

    def play_stems(self, concept: str, places: Sequence[int]) -> Stems | None:
        """See Bench; the best possible takes the concept's own frames away."""
        chosen = list(places)
        if not bool(self.clips.made[chosen].all()):
            return None
        mixture, own = self.clips.latents[chosen], self.clips.parts[concept][chosen]
        others = (part[chosen] for name, part in self.clips.parts.items() if name != concept)
        rest = sum(others, torch.zeros_like(own))
        return Stems(self._play(own), self._play(rest), self._play(mixture - own))

    def order_error(self) -> float:
        """See Bench."""
        bank = self.subject.bank
        turned = replace(bank, stops=tuple(reversed(bank.stops)))
        z = self.clips.latents[: self.subject.model.voices()]
        values = {stop.slug: (-1.0) ** place for place, stop in enumerate(bank.stops)}
        first, second = (by_bank(each)(z, values) for each in (bank, turned))
        return float((first - second).abs().max() / (first - z).abs().max().clamp(min=1e-9))

    def _play(self, latents: Tensor) -> Tensor:
        return play(self.subject.model, latents, self.clips.lead)
