"""Endless mixtures of varied crops of recordings, to train classifiers on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.data.augmentation import Augmentation, vary
from training.data.clips import CLIP_SECONDS, loud
from training.data.labelled_set import LabelledRecording
from training.data.recordings import load

QUIETEST_TRY = 20
"""Crops drawn in search of one that isn't silent."""
LEVEL = 0.08
"""RMS of a drawn crop before the mix, give or take 6 dB."""
TWO_AT_ONCE = 0.5
"""Share of mixtures among the sounds of labelled recordings."""
UNVARIED = Augmentation(pitch_share=0.0, semitones=0.0, equaliser_share=0.0, reverb_share=0.0)

Labels = tuple[str, ...]
"""The concepts that sound in some recordings."""


class CropMixtures:
    """Draws mixtures of varied crops.

    Args:
        recordings: recordings by their labels, `[channels, samples]` each.
        concepts: the concepts, in the order of the labels' columns.
        choose: draws the labels of a mixture's parts.
        samples: the length of a crop.
        how: how crops are varied.
    """

    def __init__(
        self,
        recordings: Mapping[Labels, Sequence[Tensor]],
        concepts: tuple[str, ...],
        choose: Callable[[np.random.Generator], Sequence[Labels]],
        sample_rate: int,
        samples: int,
        how: Augmentation,
    ) -> None:
        self.recordings, self.concepts, self.choose = recordings, concepts, choose
        self.sample_rate, self.samples, self.how = sample_rate, samples, how

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Sounds `[count, channels, samples]` and their labels `[count, concepts]`; a `training.Draw`."""
        sounds, labels = [], []
        for _ in range(count):
            kinds = self.choose(rng)
            parts = [
                drawn_crop(self.recordings[kind], rng, self.samples, self.sample_rate, self.how)
                for kind in kinds
            ]
            sounds.append(torch.stack(parts).sum(0))
            labels.append([float(any(concept in kind for kind in kinds)) for concept in self.concepts])
        return torch.stack(sounds), torch.tensor(labels)


def labelled_crops(
    recordings: Sequence[LabelledRecording],
    concepts: tuple[str, ...],
    sample_rate: int,
    channels: int,
    *,
    varied: bool = True,
) -> CropMixtures:
    """Crops of labelled recordings, alone and two at once, each set of labels as often as any other.

    Raises:
        DrawstopError: a concept that all recordings have, or none.
    """
    by_labels: dict[Labels, list[Tensor]] = {}
    for recording in recordings:
        labels = tuple(sorted(recording.labels & set(concepts)))
        by_labels.setdefault(labels, []).append(load(recording.path, sample_rate, channels))
    kinds = list(by_labels)
    for concept in concepts:
        if sum(concept in labels for labels in kinds) in (0, len(kinds)):
            raise DrawstopError(
                f"a classifier for {concept} needs recordings with and without it, got one kind"
            )

    def choose(rng: np.random.Generator) -> list[Labels]:
        return [kinds[rng.integers(len(kinds))] for _ in range(1 + (rng.random() < TWO_AT_ONCE))]

    how = Augmentation() if varied else UNVARIED
    return CropMixtures(by_labels, concepts, choose, sample_rate, round(CLIP_SECONDS * sample_rate), how)


def drawn_crop(
    recordings: Sequence[Tensor], rng: np.random.Generator, samples: int, sample_rate: int, how: Augmentation
) -> Tensor:
    """A varied crop of a random recording at LEVEL give or take 6 dB; silent only if twenty draws were silent.

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
