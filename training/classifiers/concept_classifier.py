"""A classifier for one concept, trained on the user's recordings; the one that measures a stop never fits it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from drawstop.progress import StepReport
from training.classifiers.labelled_crops import CropMixtures, Labels
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions, fit_classifier
from training.data.augmentation import Augmentation
from training.data.clips import clip_samples
from training.data.recordings import load
from training.models.protocols import Autoencoder

CONCEPT_OPTIONS = ClassifierOptions(steps=300, batch=16, reconstructions=200)

SHARES = (0.25, 0.25, 0.3, 0.2)
"""Shares of the sounds: the concept alone, with one other sound, one other sound alone, two of them."""

CONCEPT_AND_OTHERS = ((1, 0), (1, 1), (0, 1), (0, 2))


def train_concept_classifier(
    model: Autoencoder,
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: ClassifierOptions = CONCEPT_OPTIONS,
    report: StepReport | None = None,
) -> ConceptClassifier:
    """A classifier that detects one concept, alone and in mixtures, as recorded and as the unsteered RAVE plays it.

    Args:
        with_paths, without_paths: recordings that the verdict isn't measured on.
    """
    rates = model.rates
    recordings: dict[Labels, list[Tensor]] = {
        labels: [load(path, rates.sample_rate, rates.channels) for path in paths]
        for labels, paths in (((name,), with_paths), ((), without_paths))
    }

    def choose(rng: np.random.Generator) -> list[Labels]:
        concept, others = CONCEPT_AND_OTHERS[rng.choice(len(SHARES), p=SHARES)]
        return [(name,)] * concept + [()] * others

    crops = CropMixtures(recordings, (name,), choose, rates.sample_rate, clip_samples(model), Augmentation())
    return fit_classifier((name,), rates.sample_rate, crops.draw, options, report, model=model)
