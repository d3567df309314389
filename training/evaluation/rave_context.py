"""What evidence is gathered of: a model, a bank, labelled recordings; and what all experiments on it share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress, step_report
from training.banks.bank import StopBank
from training.classifiers.cache import learned_from, own_judge
from training.classifiers.clap import ClapEar
from training.classifiers.concept_classifier import EAR_OPTIONS
from training.classifiers.labelled_crops import LabelledSounds
from training.classifiers.listeners import Ear, JudgeEar, MelEar, TaggerEar
from training.classifiers.musicnn import load_tagger
from training.classifiers.network import Judge
from training.classifiers.training import JudgeOptions, fit_judge
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.demo_set import SHIPPED
from training.evaluation.playback.edits import Solos, listen_to_solos
from training.evaluation.playback.held_out_clips import Clips, cut_clips
from training.models.rave.model import RaveModel

SOLO_CLIPS = 96
"""Of a concept, to make baselines from."""
LEARNED = 128
"""Original clips that the second ear learns from."""


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        quick: fewer clips, no pitch tracking: two minutes instead of fifteen.
        clap: a published judge's folder, asked too.
    """

    seed: int = 0
    quick: bool = False
    clap: Path | None = None

    @property
    def most_clips(self) -> int:
        """Clips of each kind."""
        return 8 if self.quick else 24


@dataclass(frozen=True)
class Subject:
    """A RAVE's bank under examination.

    Attributes:
        data: labelled recordings; those of its test split are unseen.
        folder: where results, judges and sounds are kept.
        judge: a trained judge's file; None trains one.
    """

    model: RaveModel
    bank: StopBank
    data: LabelledSet
    folder: Path
    options: Options
    judge: Path | None = None
    progress: Progress | None = None

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """The stops' names. Raises DrawstopError where one of them is no label of the recordings."""
        names = tuple(stop.name for stop in self.bank.stops)
        missing = [name for name in names if name not in self.data.concepts]
        if missing:
            known = ", ".join(self.data.concepts) or "none"
            raise DrawstopError(
                f"no recording is labelled {missing[0]}, as a stop is: expected a folder of that name, found {known}"
            )
        return names

    @cached_property
    def clips(self) -> Clips:
        """Unseen clips."""
        unseen = self.data.of("test")
        if not unseen:
            raise DrawstopError(
                "no recording is unseen: expected a test split, or ten recordings of each label"
            )
        return cut_clips(self.model, unseen, self.concepts, self.options.most_clips, self.options.seed)

    @cached_property
    def solos(self) -> Solos:
        """Training recordings in which one concept plays alone, to make baselines from; by slug."""
        latents = {}
        for stop in self.bank.stops:
            paths = [r for r in self.data.of("train") if r.labels & set(self.concepts) == {stop.name}]
            if not paths:
                raise DrawstopError(f"no training recording has {stop.name} alone: a baseline needs one")
            sounds = cut_clips(
                self.model, paths[:SOLO_CLIPS], self.concepts, SOLO_CLIPS, self.options.seed
            ).latents
            latents[stop.slug] = sounds
        return listen_to_solos(self.bank.sae, latents)

    @cached_property
    def ears(self) -> list[Ear]:
        """Two ears of different kinds, and the published one that was given."""
        ears: list[Ear] = [JudgeEar(self._judge())]
        sounds, labels = self._originals()
        if SHIPPED.tagger.is_file() and TaggerEar.knows(self.concepts):
            tagger = TaggerEar(load_tagger(SHIPPED.tagger), self.concepts)
            tagger.calibrate(sounds, self.model.rates.sample_rate, labels)
            ears.append(tagger)
        else:
            ears.append(MelEar(self.concepts, sounds, self.model.rates.sample_rate, labels))
        if self.options.clap is not None:
            ears.append(ClapEar(self.options.clap, self.concepts))
        return ears

    def _judge(self) -> Judge:
        learned = learned_from(self.model.fingerprint, self._learned(), self.concepts, self._judge_options())
        return own_judge(self.judge, self.folder, learned, self._fit_judge)

    def _judge_options(self) -> JudgeOptions:
        how = JudgeOptions(steps=150, batch=16, reconstructions=80) if self.options.quick else EAR_OPTIONS
        return replace(how, seed=self.options.seed)

    def _fit_judge(self) -> Judge:
        rates = self.model.rates
        drawn = LabelledSounds(self._learned(), self.concepts, rates.sample_rate, rates.channels)
        report = step_report(self.progress, "an ear learns the concepts")
        return fit_judge(
            self.concepts, rates.sample_rate, drawn.draw, self._judge_options(), report, model=self.model
        )

    def _learned(self) -> list[LabelledRecording]:
        return list(self.data.of("train", "validation"))

    def _originals(self) -> tuple[Tensor, Tensor]:
        """Original clips of training recordings, `[clips, samples]`, and their labels."""
        rates = self.model.rates
        drawn = LabelledSounds(
            self._learned(), self.concepts, rates.sample_rate, rates.channels, varied=False
        )
        sounds, labels = drawn.draw(np.random.default_rng(self.options.seed + 1), LEARNED)
        return sounds.mean(1), labels > 0.5
