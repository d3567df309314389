"""What evidence is gathered of, where the model is a MusicGen: banks of its layers, descriptions, labelled recordings."""

from __future__ import annotations

from collections.abc import Sequence
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
from training.classifiers.listeners import Ear, JudgeEar, MelEar
from training.classifiers.network import Judge
from training.classifiers.training import JudgeOptions, fit_judge
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.playback.musicgen import PieceBench, Prompt
from training.evaluation.rave_context import LEARNED, Options
from training.find.musicgen.generated_pieces import Codec
from training.models.musicgen.model import MusicGenModel


@dataclass(frozen=True)
class MusicGenSubject:
    """A MusicGen's banks under examination; see subject.Subject."""

    model: MusicGenModel
    banks: tuple[StopBank, ...]
    data: LabelledSet
    prompts: tuple[Prompt, ...]
    folder: Path
    options: Options
    judge: Path | None = None
    progress: Progress | None = None

    @cached_property
    def bench(self) -> PieceBench:
        """Pieces made and heard at rest."""
        ears = self.ears
        return PieceBench(
            self.model, self.banks, self.prompts, ears, self._sounds("test"), self.options, self.progress
        )

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """What the descriptions name. Raises DrawstopError where no recording is labelled so."""
        named = tuple(sorted({label for prompt in self.prompts for label in prompt.labels}))
        missing = [name for name in named if name not in self.data.concepts]
        if missing or not named:
            known = ", ".join(self.data.concepts) or "none"
            raise DrawstopError(
                f"a description names {missing[:1] or 'no concept'}; the recordings are labelled {known}"
            )
        return named

    @cached_property
    def ears(self) -> list[Ear]:
        """A judge, logistic regression on log-mel statistics, and the published one that was given."""
        sounds, labels = self._sounds("train", "validation")
        ears: list[Ear] = [
            JudgeEar(self._judge()),
            MelEar(self.concepts, sounds, self.model.sample_rate, labels),
        ]
        if self.options.clap is not None:
            ears.append(ClapEar(self.options.clap, self.concepts))
        return ears

    def _judge(self) -> Judge:
        recordings = self._of("train", "validation")
        learned = learned_from(self.model.sound_fingerprint, recordings, self.concepts, self._judge_options())
        return own_judge(self.judge, self.folder, learned, self._fit_judge)

    def _judge_options(self) -> JudgeOptions:
        return replace(EAR_OPTIONS, seed=self.options.seed)

    def _fit_judge(self) -> Judge:
        drawn = self._drawn(self._of("train", "validation"), varied=True)
        report = step_report(self.progress, "an ear learns the concepts")
        return fit_judge(
            self.concepts,
            self.model.sample_rate,
            drawn.draw,
            self._judge_options(),
            report,
            model=Codec(self.model),
        )

    def _sounds(self, *splits: str) -> tuple[Tensor, Tensor]:
        """Clips of recordings of some splits, `[clips, samples]`, and their labels `[clips, concepts]`."""
        drawn = self._drawn(self._of(*splits), varied=False)
        sounds, labels = drawn.draw(np.random.default_rng(self.options.seed + 1), LEARNED)
        return sounds.mean(1), labels > 0.5

    def _drawn(self, recordings: Sequence[LabelledRecording], *, varied: bool) -> LabelledSounds:
        return LabelledSounds(
            recordings, self.concepts, self.model.sample_rate, self.model.channels, varied=varied
        )

    def _of(self, *splits: str) -> tuple[LabelledRecording, ...]:
        found = tuple(recording for recording in self.data.recordings if recording.split in splits)
        if not found:
            raise DrawstopError(f"no recording of the {' or '.join(splits)} split: give ten of each label")
        return found
