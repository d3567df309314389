"""Trains a classifier on drawn sounds, or half on them and half on an unsteered model's reconstructions of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from drawstop.progress import StepReport
from training.classifiers.network import ConceptClassifier
from training.metrics.auroc import auroc_of_columns
from training.models.protocols import Autoencoder

Draw = Callable[[np.random.Generator, int], tuple[Tensor, Tensor]]
"""Draws so many sounds `[clips, channels, samples]` and their labels `[clips, concepts]`, 0 or 1."""


@dataclass(frozen=True)
class ClassifierOptions:
    """Settings of a classifier's training."""

    steps: int = 500
    batch: int = 24
    """Sounds per step; half of them are reconstructions, where there are any."""
    reconstructions: int = 480
    """Sounds that the model reconstructs before the training."""
    learning_rate: float = 2e-3
    damage_share: float = 0.25
    """Share of the sounds with noise or a lowpass, so that steering's own traces aren't taken for a concept."""
    seed: int = 0


def fit_classifier(
    concepts: tuple[str, ...],
    sample_rate: int,
    draw: Draw,
    options: ClassifierOptions,
    report: StepReport | None = None,
    *,
    model: Autoencoder | None = None,
) -> ConceptClassifier:
    """A classifier of these concepts. The same seed gives the same bits, on one number of threads.

    Args:
        sample_rate: the drawn sounds' sample rate in hertz.
        model: half of the sounds are its reconstructions; None: every sound is as drawn.
    """
    rng = np.random.default_rng(options.seed)
    pool: Tensor | None = None
    if model is not None:
        sounds, pool_labels = draw(rng, options.reconstructions)
        pool = reconstruct(model, sounds)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        classifier = ConceptClassifier(concepts, sample_rate).train()
        optimizer = torch.optim.AdamW(classifier.parameters(), lr=options.learning_rate, weight_decay=1e-2)
        rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, max(2, options.steps))
        for step in range(options.steps):
            fresh, labels = draw(rng, options.batch if pool is None else options.batch // 2)
            audio = fresh.mean(1)
            if pool is not None:
                chosen = torch.from_numpy(rng.choice(len(pool), options.batch // 2, replace=False))
                audio = torch.cat([audio, pool[chosen]])
                labels = torch.cat([labels, pool_labels[chosen]])
            audio = damage(audio, sample_rate, rng, options.damage_share)
            loss = nn.functional.binary_cross_entropy_with_logits(classifier.clip_logits(audio), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()
            if report:
                report(step + 1, options.steps)
    classifier.requires_grad_(False)
    return classifier.eval()


@torch.no_grad()
def reconstruct(model: Autoencoder, audio: Tensor) -> Tensor:
    """The unsteered model's reconstructions of `[clips, channels, samples]`, mono `[clips, samples]`."""
    parts = [model.decode(model.encode(part)).mean(1) for part in audio.split(model.voices())]
    return torch.cat(parts)[:, : audio.shape[-1]].clone()


def damage(audio: Tensor, sample_rate: int, rng: np.random.Generator, share: float) -> Tensor:
    """Noise or a lowpass on a share of the clips; their labels stay. `[clips, samples]` -> the same."""
    result = audio.clone()
    for i in range(len(audio)):
        kind = rng.random() / share
        if kind < 0.5:
            noise = torch.from_numpy(rng.standard_normal(audio.shape[-1]).astype(np.float32))
            result[i] += noise * audio[i].square().mean().sqrt() * 10 ** (rng.uniform(-40, -10) / 20)
        elif kind < 1:
            spectrum = torch.fft.rfft(audio[i])
            ramp = torch.linspace(0, sample_rate // 2, len(spectrum)) / 10 ** rng.uniform(3.1, 4.0)
            result[i] = torch.fft.irfft(spectrum / (1 + ramp**4), n=audio.shape[-1])
    return result


@torch.no_grad()
def accuracy_of(classifier: ConceptClassifier, audio: Tensor, labels: Tensor) -> dict[str, dict[str, float]]:
    """Accuracy and AUROC per concept. Shape: `[clips, samples]`, `[clips, concepts]`."""
    logits = torch.cat([classifier.clip_logits(part) for part in audio.split(16)])
    right = ((logits > 0) == (labels > 0.5)).double().mean(0)
    return {
        name: {
            "accuracy": round(float(right[i]), 4),
            "auroc": round(float(auroc_of_columns(logits[:, i : i + 1], labels[:, i] > 0.5)), 4),
        }
        for i, name in enumerate(classifier.concepts)
    }
