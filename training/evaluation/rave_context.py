"""The evaluation context of a RAVE's bank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.bank import StopBank
from training.classifiers.classifier import Classifier, MusicnnClassifier
from training.classifiers.musicnn import load_musicnn
from training.classifiers.training import ClassifierOptions
from training.data.labelled_set import LabelledSet
from training.evaluation.context import EvaluationContext, Options
from training.evaluation.encoded_set import EncodedSet, encode_set
from training.evaluation.example_set import EXAMPLE
from training.evaluation.playback.edits import Solos, solo_statistics
from training.evaluation.playback.held_out_clips import Clips, cut_clips
from training.evaluation.playback.rave import RavePlayback
from training.models.protocols import Autoencoder
from training.models.rave.model import RaveModel

SOLO_CLIPS = 96
"""Most clips of a concept that baselines are made from."""
OTHERS = ""
"""Key of the recordings without any of the concepts; no stop has this slug."""


@dataclass(frozen=True, eq=False)
class RaveContext(EvaluationContext):
    """A RAVE's bank; see EvaluationContext for the other attributes."""

    model: RaveModel
    bank: StopBank
    data: LabelledSet
    folder: Path
    options: Options
    classifier: Path | None = None
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

    @property
    def sound_fingerprint(self) -> str:
        """The RAVE's fingerprint."""
        return self.model.fingerprint

    @property
    def autoencoder(self) -> Autoencoder:
        """The RAVE."""
        return self.model

    @cached_property
    def playback(self) -> RavePlayback:
        """Clips, played with all stops at 0 and classified."""
        return RavePlayback(self)

    @cached_property
    def encoded(self) -> EncodedSet:
        """All recordings, as frames and statistics."""
        return encode_set(
            self.model, self.bank.sae, self.data, cache=self.folder / "heard", progress=self.progress
        )

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
        """Training recordings in which one concept plays alone, by slug; baselines are made from them.

        For a bank with one stop also those without its concept, under OTHERS."""
        wanted = {stop.slug: {stop.name} for stop in self.bank.stops}
        if len(wanted) == 1:
            wanted[OTHERS] = set()
        latents = {}
        for slug, labels in wanted.items():
            paths = [r for r in self.data.of("train") if r.labels & set(self.concepts) == labels]
            if not paths:
                lacks = f"has {min(labels)} alone" if labels else f"lacks {self.concepts[0]}"
                raise DrawstopError(f"no training recording {lacks}: a baseline needs one")
            latents[slug] = cut_clips(
                self.model, paths[:SOLO_CLIPS], self.concepts, SOLO_CLIPS, self.options.seed
            ).latents
        return solo_statistics(self.bank.sae, latents)

    def second_classifier(self, sounds: Tensor, labels: Tensor) -> Classifier:
        """The published musicnn where it knows the concepts, else logistic regression; see EvaluationContext."""
        if not EXAMPLE.musicnn.is_file() or not MusicnnClassifier.knows(self.concepts):
            return super().second_classifier(sounds, labels)
        musicnn = MusicnnClassifier(load_musicnn(EXAMPLE.musicnn), self.concepts)
        musicnn.calibrate(sounds, self.model.rates.sample_rate, labels)
        return musicnn

    def classifier_options(self) -> ClassifierOptions:
        """How the network is trained: less in quick mode."""
        if self.options.quick:
            return ClassifierOptions(steps=150, batch=16, reconstructions=80, seed=self.options.seed)
        return super().classifier_options()
