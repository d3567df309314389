"""What an edit does to sound, in numbers, as the recipes report it, each with a 95 % bootstrap interval over the items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.signal import lfilter
from scipy.stats import spearmanr
from torch import Tensor

from training.metrics.audio import SAMPLE_RATE, Figure, distances, mean_with_interval
from training.metrics.auroc import auroc_of_columns
from training.metrics.predictions import Predictions

NOISE_SMOOTHING_BINS = 33
NOISE_ENVELOPE_SAMPLES = 2048


def share_detected(answer: Predictions, concept: str) -> Figure:
    """The share of the items in which the concept is detected."""
    return mean_with_interval(answer.of(concept)[0].float())


def still_detected(
    before: Mapping[str, Predictions], after: Mapping[str, Predictions], concept: str
) -> Figure:
    """By classifier, shares of items in which the concept is detected.

    With the stops at 0, steered, and steered among those detected at 0.
    """
    figures = {}
    for classifier, at_rest in before.items():
        first, second = at_rest.of(concept)[0], after[classifier].of(concept)[0]
        figures[classifier] = {
            "at_rest": mean_with_interval(first.float()),
            "steered": mean_with_interval(second.float()),
            "where_heard_at_rest": mean_with_interval(second[first].float()),
        }
    return figures


def classifier_auroc(
    answers: Mapping[str, Mapping[str, Predictions]], classifier: str, concept: str, other: str
) -> float:
    """A classifier's AUROC between solos and mixtures with the concept and solos of the other."""
    having = [answers[key][classifier].of(concept)[1] for key in (concept, "mixture")]
    lacking = answers[other][classifier].of(concept)[1]
    scores = torch.cat([*having, lacking])[:, None]
    labels = torch.arange(len(scores)) < sum(len(part) for part in having)
    return round(float(auroc_of_columns(scores, labels)), 4)


def share_of_energy(part: Tensor, whole: Tensor) -> Figure:
    """Energy of one as a share of the other's, per item. `[items, ...]` twice."""
    return mean_with_interval(part.square().flatten(1).sum(1) / whole.square().flatten(1).sum(1))


def distance_lower(unsteered: Tensor, steered: Tensor, target: Tensor) -> Figure:
    """How much of the distance to the target the edit removes, as a share of the unsteered distance."""
    start, here = distances(unsteered, target), distances(steered, target)
    return mean_with_interval((start - here) / start.mean())


def level_difference(first: Tensor, second: Tensor) -> Figure:
    """Level of one over the other in dB. `[items, samples]` twice."""
    power = [sound.square().mean(1).clamp(min=1e-10) for sound in (first, second)]
    return mean_with_interval(10 * torch.log10(power[0] / power[1]))


def monotone(answers: Sequence[Mapping[str, Predictions]], values: Sequence[float], concept: str) -> Figure:
    """Per classifier: Spearman's correlation of its logits with the knob, per recording; a constant answer counts 0."""
    figures = {}
    for classifier in answers[0]:
        logits = torch.stack([answer[classifier].of(concept)[1] for answer in answers]).numpy()
        found = [float(spearmanr(values, each).statistic) if np.ptp(each) else 0.0 for each in logits.T]
        figures[classifier] = mean_with_interval(torch.tensor([f if np.isfinite(f) else 0.0 for f in found]))
    return figures


def beside_noise(original: Tensor, rendered: Tensor) -> Figure:
    """Distance of the rendered sound and of shaped noise to the original, delays taken out. `[items, samples]` twice."""
    aligned = align(rendered, original)
    own, noise = distances(aligned, original), distances(shaped_noise(original), original)
    return {"rendered": mean_with_interval(own), "shaped_noise": mean_with_interval(noise)}


def align(sound: Tensor, reference: Tensor) -> Tensor:
    """Moves sound back by the one lag that fits the reference best over all items."""
    size = 2 * reference.shape[1]
    spectrum = torch.fft.rfft(sound, size) * torch.fft.rfft(reference, size).conj()
    lag = int(torch.fft.irfft(spectrum, size).sum(0)[: SAMPLE_RATE // 4].argmax())
    return torch.nn.functional.pad(sound[:, lag:], (0, lag))


def shaped_noise(original: Tensor, seed: int = 0) -> Tensor:
    """Noise with each item's smoothed spectrum and envelope, at its level. `[items, samples]` -> the same."""
    rng = np.random.default_rng(seed)
    items = []
    for sound in original.double().numpy():
        noise = rng.standard_normal(len(sound))
        magnitude = np.abs(np.fft.rfft(sound))
        width = NOISE_SMOOTHING_BINS
        smooth = np.sqrt(np.convolve(magnitude**2, np.ones(width) / width, mode="same"))
        shaped = np.fft.irfft(np.fft.rfft(noise) * smooth, len(sound))
        pole = np.exp(-1 / NOISE_ENVELOPE_SAMPLES)
        envelope = [np.sqrt(lfilter([1 - pole], [1, -pole], x**2) + 1e-12) for x in (sound, shaped)]
        shaped = shaped * envelope[0] / envelope[1]
        items.append(shaped * np.sqrt(np.mean(sound**2) / np.mean(shaped**2)))
    return torch.from_numpy(np.stack(items)).float()
