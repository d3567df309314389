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

from training.classifiers.classifier import LogMelClassifier
from training.recipes.musicgen.measure.classifier_training import RenderedCrops
from training.recipes.musicgen.network.codes import reconstruct
from training.recipes.musicgen.sounds.corpus import CONCEPTS, Recordings

VARIED, CODED = 1600, 800
"""Number of training sounds of each kind."""
PENALTY = 3.0
AT_ONCE = 32


class SpectrumClassifier(LogMelClassifier):
    """Support vector machines in the place of logistic regression."""

    name = "svm"
    kind = (
        "support vector machines on mean and deviation of 64 log-mel bands and of their slopes, trained on varied recordings "
        "and on EnCodec's sound of others"
    )

    @staticmethod
    def new_decision() -> Any:
        from sklearn.svm import SVC

        return SVC(C=PENALTY)


def second_classifier(model: MusicGen, run: Path, seed: int) -> SpectrumClassifier:
    """A classifier trained on a run's training phrases."""
    recordings = Recordings(run / "corpus", "train")
    varied, of_varied = RenderedCrops(recordings, varied=True).draw(np.random.default_rng((seed, 1)), VARIED)
    plain, of_plain = RenderedCrops(recordings, varied=False).draw(np.random.default_rng((seed, 2)), CODED)
    coded = [reconstruct(model, part) for part in plain[:, 0].split(AT_ONCE)]
    audio = torch.cat([varied[:, 0], *coded])
    return SpectrumClassifier(CONCEPTS, audio, model.sample_rate, torch.cat([of_varied, of_plain]) > 0)
