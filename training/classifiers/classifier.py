"""Classifiers of different kinds behind one protocol. None was ever trained on steered sound or on an SAE's features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.audio.files import resample
from drawstop.errors import DrawstopError
from training.classifiers.musicnn import CONCEPT_TAGS, TAGS, Musicnn, load_musicnn
from training.classifiers.network import ConceptClassifier, load_classifier
from training.data.clips import loud_enough
from training.metrics.auroc import auroc_of_columns
from training.metrics.mel import mel_filters, window_samples
from training.metrics.predictions import Predictions

AT_ONCE = 16
EPSILON = 1e-6
MEL_BANDS = 64
_LOG_EPSILON = 1e-6


class Classifier(Protocol):
    """Detects concepts in clips."""

    name: str
    """Its name in tables."""
    kind: str
    """Its kind and its training data, in words."""
    concepts: tuple[str, ...]

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions for mono sound: `[clips, samples]` -> `[clips, concepts]`."""


class NetworkClassifier:
    """The small convolutional network of this project."""

    name = "judge"
    kind = "a small convolutional network, trained on original recordings and the unsteered model's sound of others"

    def __init__(self, classifier: ConceptClassifier) -> None:
        self.classifier, self.concepts = classifier, classifier.concepts

    @torch.no_grad()
    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions by the network: a concept is detected where its logit is above 0; never in silence."""
        audio = _at(audio, sample_rate, self.classifier.sample_rate)
        logits = torch.cat([self.classifier.clip_logits(part) for part in audio.split(AT_ONCE)])
        return Predictions(self.concepts, (logits > 0) & loud_enough(audio)[:, None], logits)


class MusicnnClassifier:
    """A published classifier, for concepts that are its tags (`guitar`, `voice`, `male voice`, `drums`, …)."""

    name = "tagger"
    kind = "musicnn (Pons and Serra 2019), trained by its authors on MagnaTagATune"

    def __init__(self, musicnn: Musicnn, concepts: Sequence[str]) -> None:
        self.musicnn, self.concepts = musicnn, tuple(concepts)
        self._columns = [_tags_of(concept) for concept in concepts]
        known = dict(zip(musicnn.concepts, musicnn.thresholds, strict=True))
        self.thresholds = [known.get(concept, 0.5) for concept in concepts]

    @staticmethod
    def knows(concepts: Sequence[str]) -> bool:
        """Whether every concept is one of its tags."""
        return all(_tags_of(concept) for concept in concepts)

    def calibrate(self, audio: Tensor, sample_rate: int, labels: Tensor) -> None:
        """Sets the thresholds of tags that come without one, for the best balanced accuracy on original recordings.

        Shape: `[clips, samples]`, labels `[clips, concepts]` bool.
        """
        unknown = [concept for concept in self.concepts if concept not in self.musicnn.concepts]
        if not unknown:
            return
        scores = self._scores(audio, sample_rate)
        for index, concept in enumerate(self.concepts):
            if concept in unknown:
                self.thresholds[index] = best_threshold(scores[:, index], labels[:, index])

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions by the published tagger's scores, each against its own threshold."""
        scores = self._scores(audio, sample_rate)
        above = (scores > torch.tensor(self.thresholds)) & loud_enough(audio)[:, None]
        return Predictions(self.concepts, above, scores.logit(EPSILON))

    def _scores(self, audio: Tensor, sample_rate: int) -> Tensor:
        tags = torch.cat([self.musicnn.tags(part, sample_rate) for part in audio.split(AT_ONCE)])
        return torch.stack([tags[:, columns].amax(1) for columns in self._columns], 1)


class LogMelClassifier:
    """Logistic regression on a clip's log-mel statistics: another kind of classifier where no published one knows the concept."""

    name = "log-mel"
    kind = "logistic regression on mean and deviation of 64 log-mel bands and of their slopes, trained on originals"

    def __init__(self, concepts: Sequence[str], audio: Tensor, sample_rate: int, labels: Tensor) -> None:
        """Fits it on original recordings: `[clips, samples]`, labels `[clips, concepts]` bool.

        Raises:
            DrawstopError: a concept that all of them have, or none.
        """
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.concepts, self.sample_rate = tuple(concepts), sample_rate
        statistics = mel_statistics(audio, sample_rate)
        self._models: list[Any] = []
        for index, concept in enumerate(concepts):
            truth = labels[:, index].numpy()
            if truth.all() or not truth.any():
                raise DrawstopError(
                    f"a classifier for {concept} needs recordings with and without it, got one kind"
                )
            self._models.append(make_pipeline(StandardScaler(), self.new_decision()).fit(statistics, truth))

    @staticmethod
    def new_decision() -> Any:
        """An untrained scikit-learn classifier of scaled statistics; its `decision_function` is the logit."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions by the sign of each concept's decision."""
        statistics = mel_statistics(_at(audio, sample_rate, self.sample_rate), self.sample_rate)
        logits = torch.tensor(
            np.stack([model.decision_function(statistics) for model in self._models], 1), dtype=torch.float32
        )
        return Predictions(self.concepts, (logits > 0) & loud_enough(audio)[:, None], logits)


def two_classifiers(network: ConceptClassifier, musicnn: Musicnn) -> list[Classifier]:
    """A trained network, and the published classifier for the same concepts."""
    return [NetworkClassifier(network), MusicnnClassifier(musicnn, network.concepts)]


def example_classifiers(folder: Path) -> list[Classifier]:
    """The two classifiers in the example RAVE's folder; no stop was fitted with them."""
    return two_classifiers(
        load_classifier(folder / "judge.safetensors"), load_musicnn(folder / "tagger.safetensors")
    )


def predict(classifiers: Sequence[Classifier], audio: Tensor, sample_rate: int) -> dict[str, Predictions]:
    """Every classifier's predictions for `[clips, samples]`, by the classifier's name."""
    return {classifier.name: classifier.predict(audio, sample_rate) for classifier in classifiers}


def accuracy(
    predictions: Predictions, concepts: Sequence[str], labels: Tensor
) -> dict[str, dict[str, float]]:
    """By concept: the share of right answers, and the AUROC. Shape: labels `[clips, concepts]` bool."""
    found = {}
    for index, concept in enumerate(concepts):
        answer, logits = predictions.of(concept)
        truth = labels[:, index]
        found[concept] = {
            "accuracy": round(float((answer == truth).double().mean()), 4),
            "auroc": round(float(auroc_of_columns(logits[:, None], truth)), 4),
        }
    return found


def mel_statistics(audio: Tensor, sample_rate: int) -> NDArray[np.float64]:
    """Mean and deviation over time of log-mel bands and of their slopes, at unit level.

    Shape: `[clips, samples]` -> `[clips, 4 * MEL_BANDS]`.
    """
    n_fft = window_samples(sample_rate)
    filters, window = mel_filters(sample_rate, n_fft, MEL_BANDS), torch.hann_window(n_fft)
    level = audio.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-6)
    found = []
    for clip in audio / level:
        spectrum = torch.stft(
            clip, n_fft, n_fft // 2, window=window, return_complex=True, pad_mode="constant"
        )
        mel = (filters @ (spectrum.abs().square() / n_fft) + _LOG_EPSILON).log()
        slopes = mel.diff(dim=1)
        found.append(torch.cat([mel.mean(1), mel.std(1), slopes.abs().mean(1), slopes.std(1)]))
    return torch.stack(found).double().numpy()


def best_threshold(scores: Tensor, truth: Tensor) -> float:
    """The score threshold with the best balanced accuracy, midway between neighbouring scores.

    Shape: scores `[clips]`, truth bool `[clips]`.
    """
    values = scores.unique().sort().values
    between = torch.cat([values[:1] - EPSILON, (values[1:] + values[:-1]) / 2])
    right = [
        float(((scores > at)[truth].double().mean() + (scores <= at)[~truth].double().mean()) / 2)
        for at in between
    ]
    return float(between[int(np.argmax(right))])


def _tags_of(concept: str) -> list[int]:
    names = CONCEPT_TAGS.get(concept, (concept,))
    return [TAGS.index(name) for name in names if name in TAGS]


def _at(audio: Tensor, sample_rate: int, wanted: int) -> Tensor:
    if sample_rate == wanted:
        return audio
    return torch.from_numpy(resample(audio.numpy(), sample_rate, wanted))
