"""A classifier for one concept, trained on the user's recordings. The one that a stop is measured with never helped to fit it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions, Report, fit_classifier
from training.data.augmentation import Augmentation, vary
from training.data.clips import clip_samples, loud
from training.data.recordings import load
from training.models.protocols import Autoencoder

CONCEPT_OPTIONS = ClassifierOptions(steps=300, batch=16, reconstructions=200)

QUIETEST_TRY = 20
"""Crops drawn in search of one that isn't silent."""

LEVEL = 0.08
"""RMS of a drawn crop before the mix, give or take 6 dB."""

SHARES = (0.25, 0.25, 0.3, 0.2)
"""Of the concept alone, with one other sound, one other sound alone, two of them."""

CONCEPT_AND_OTHERS = ((1, 0), (1, 1), (0, 1), (0, 2))


def train_concept_classifier(
    model: Autoencoder,
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: ClassifierOptions = CONCEPT_OPTIONS,
    report: Report | None = None,
) -> ConceptClassifier:
    """A classifier that detects one concept, alone and in mixtures, as recorded and as the unsteered RAVE plays it.

    Args:
        with_paths, without_paths: recordings that the verdict isn't measured on.
    """
    rates = model.rates
    kinds = [
        [load(path, rates.sample_rate, rates.channels) for path in paths]
        for paths in (with_paths, without_paths)
    ]
    drawn = _Sounds(kinds[0], kinds[1], rates.sample_rate, clip_samples(model))
    return fit_classifier((name,), rates.sample_rate, drawn.draw, options, report, model=model)


class _Sounds:
    """Endless mixtures of varied crops; recordings are `[channels, samples]`."""

    def __init__(
        self, with_concept: list[Tensor], without: list[Tensor], sample_rate: int, length: int
    ) -> None:
        self.kinds = (with_concept, without)
        self.sample_rate, self.length = sample_rate, length
        self.how = Augmentation()

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """See training.Draw."""
        sounds, labels = [], []
        for _ in range(count):
            concept, others = CONCEPT_AND_OTHERS[rng.choice(len(SHARES), p=SHARES)]
            parts = [
                drawn_crop(self.kinds[kind], rng, self.length, self.sample_rate, self.how)
                for kind in [0] * int(concept) + [1] * int(others)
            ]
            sounds.append(torch.stack(parts).sum(0))
            labels.append([float(concept)])
        return torch.stack(sounds), torch.tensor(labels)


def drawn_crop(
    recordings: Sequence[Tensor], rng: np.random.Generator, samples: int, sample_rate: int, how: Augmentation
) -> Tensor:
    """A varied crop of a random recording, silent only where twenty tries found nothing else, at LEVEL give or take 6 dB.

    Shape: recordings `[channels, ...]` -> `[channels, samples]`.
    """
    taken = int(samples * how.longest) + 1
    for _ in range(QUIETEST_TRY):
        recording = recordings[rng.integers(len(recordings))]
        start = int(rng.integers(max(1, recording.shape[-1] - taken + 1)))
        crop = vary(recording[:, start : start + taken], sample_rate, rng, how)[:, :samples]
        if bool(loud(crop)):
            break
    crop = torch.nn.functional.pad(crop, (0, samples - crop.shape[-1]))
    level = crop.square().mean().sqrt().clamp(min=1e-6)
    return crop * (LEVEL / level * 10 ** (rng.uniform(-6, 6) / 20))
