"""Plays edited clips and asks the ears: what every experiment on steering does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from training.evidence.ears import hear
from training.evidence.edits import Edit, by_bank, difference_of_means, random_like, random_sae, static
from training.evidence.intervals import mean_of
from training.evidence.measures import Heard
from training.evidence.section import Estimate
from training.evidence.stage import Clips, play
from training.evidence.subject import Subject

STOP, TWIN, MEANS = "the stop", "constants fitted by their effect", "difference of means"
RANDOM, RANDOM_SAE = "random features", "a random SAE"
CONTROL_SEED = 7

Hearing = dict[str, Heard]
"""By ear."""


class Bench:
    """A subject's clips, played and heard at rest once; then any edit of any of them."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.clips = subject, subject.clips
        self.rate = subject.model.rates.sample_rate
        self.slugs = {stop.name: stop.slug for stop in subject.bank.stops}
        self.rest = self._play(self.clips.latents)
        self.at_rest = hear(subject.ears, self.rest, self.rate)
        self.played = 0

    def edits(self) -> dict[str, Edit]:
        """The stop, what it is compared with, and the controls."""
        bank, seed = self.subject.bank, CONTROL_SEED + self.subject.options.seed
        found = {STOP: by_bank(bank)}
        if any(stop.gates is not None for stop in bank.stops):
            found[TWIN] = static(bank)
        solos = self.subject.solos
        found[MEANS] = difference_of_means(bank, solos)
        found[RANDOM] = random_like(bank, seed)
        found[RANDOM_SAE] = random_sae(bank, solos, seed)
        return found

    def sound(self, edit: Edit, places: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Some clips with stops, named, at some values. -> `[places, samples]`."""
        knobs = {self.slugs[name]: value for name, value in values.items()}
        return self._play(edit(self.clips.latents[list(places)], knobs))

    def hear(self, sound: Tensor) -> Hearing:
        """What every ear hears in `[clips, samples]`."""
        self.played += 1
        if self.subject.progress:
            self.subject.progress("playing and listening", self.played, 0)
        return hear(self.subject.ears, sound, self.rate)

    def rest_of(self, places: Sequence[int]) -> Hearing:
        """What was heard in some clips at rest."""
        chosen = list(places)
        return {
            name: replace(heard, heard=heard.heard[chosen], logits=heard.logits[chosen])
            for name, heard in self.at_rest.items()
        }

    def share(
        self, heard: Heard, concept: str, places: Sequence[int], among: Tensor | None = None
    ) -> Estimate:
        """In which share of these clips it's heard; `among`: only of those, `[places]` bool."""
        answers = heard.of(concept)[0].double()
        groups = self.clips.of(places)
        if among is not None:
            answers = answers[among]
            groups = [group for group, wanted in zip(groups, among.tolist(), strict=True) if wanted]
        return mean_of(answers.numpy(), groups)

    def moved(self, before: Heard, after: Heard, concept: str, places: Sequence[int]) -> Estimate:
        """By how much more of these clips it's heard after than before: a share, from -1 to 1."""
        change = after.of(concept)[0].double() - before.of(concept)[0].double()
        return mean_of(change.numpy(), self.clips.of(places))

    def _play(self, latents: Tensor) -> Tensor:
        return play(self.subject.model, latents, self.clips.lead)


def accuracy_of_ears(bench: Bench) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """By ear: how right it is about the unseen clips as recorded and as the unsteered model plays them."""
    from training.evidence.ears import accuracy

    clips: Clips = bench.clips
    originals = hear(bench.subject.ears, clips.originals, bench.rate)
    return {
        ear.name: {
            "as recorded": accuracy(originals[ear.name], clips.concepts, clips.labels),
            "through the model": accuracy(bench.at_rest[ear.name], clips.concepts, clips.labels),
        }
        for ear in bench.subject.ears
    }


def random_noise_heard(bench: Bench, seed: int = 0) -> dict[str, dict[str, float]]:
    """By ear: in which share of white noises it hears each concept; an ear that hears much in noise proves little."""
    generator = torch.Generator().manual_seed(seed)
    noise = 0.08 * torch.randn(16, bench.rest.shape[1], generator=generator)
    return {
        name: {concept: float(heard.of(concept)[0].double().mean()) for concept in bench.clips.concepts}
        for name, heard in hear(bench.subject.ears, noise, bench.rate).items()
    }
