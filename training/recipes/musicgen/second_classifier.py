"""A second classifier of the small MusicGen's sounds, of another kind: a support vector machine on statistics of a spectrum.

It learns from the recordings, varied as the network's are, and from EnCodec's sound of others; never from what a language model
made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from audiocraft.models.musicgen import MusicGen
from torch import Tensor

from training.classifiers.classifier import mel_statistics
from training.data.clips import loud_enough
from training.metrics.predictions import Predictions
from training.recipes.musicgen.classifier_training import RenderedCrops
from training.recipes.musicgen.corpus import CONCEPTS, Recordings

VARIED, CODED = 1600, 800
"""Sounds of each kind that it learns from."""
PENALTY = 3.0
AT_ONCE = 32


class SpectrumClassifier:
    """`classifiers.classifier.Classifier`: two support vector machines, one for each concept."""

    name = "svm"
    kind = (
        "support vector machines on mean and deviation of 64 log-mel bands and of their slopes, trained on varied recordings "
        "and on EnCodec's sound of others"
    )
    concepts: tuple[str, ...] = CONCEPTS

    def __init__(self, audio: Tensor, sample_rate: int, labels: Tensor) -> None:
        """Learns from `[clips, samples]`, labels `[clips, concepts]` bool."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        self.sample_rate = sample_rate
        statistics = mel_statistics(audio, sample_rate)
        self._models: list[Any] = [
            make_pipeline(StandardScaler(), SVC(C=PENALTY)).fit(statistics, labels[:, index].numpy())
            for index in range(len(CONCEPTS))
        ]

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions by the sign of each machine's decision. Mono sound `[clips, samples]` at its own rate."""
        assert sample_rate == self.sample_rate
        statistics = mel_statistics(audio, sample_rate)
        decisions = [model.decision_function(statistics) for model in self._models]
        logits = torch.tensor(np.stack(decisions, 1), dtype=torch.float32)
        return Predictions(self.concepts, (logits > 0) & loud_enough(audio)[:, None], logits)


def second_classifier(model: MusicGen, run: Path, seed: int) -> SpectrumClassifier:
    """One that has learned from a run's training phrases."""
    recordings = Recordings(run / "corpus", "train")
    varied, of_varied = RenderedCrops(recordings, varied=True).draw(np.random.default_rng((seed, 1)), VARIED)
    plain, of_plain = RenderedCrops(recordings, varied=False).draw(np.random.default_rng((seed, 2)), CODED)
    with torch.no_grad():
        coded = [
            model.compression_model.decode(model.compression_model.encode(part)[0])[..., : part.shape[-1]]
            for part in plain.split(AT_ONCE)
        ]
    audio = torch.cat([varied, *coded])[:, 0]
    return SpectrumClassifier(audio, model.sample_rate, torch.cat([of_varied, of_plain]) > 0)
