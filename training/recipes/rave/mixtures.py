"""Training batches: two random crops of different timbres, to be detected alone and together."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augmentation import Augmentation, augment

CROP = 32768
GUITAR_AND_VOICE_SHARE = 0.6
LOWEST_GAIN, HIGHEST_GAIN = 0.3, 1.5
QUIET_RMS = 0.01
"""Crops below this RMS are drawn again."""


class PairSource(Protocol):
    """Anything that gives pairs of training crops for a seeded generator."""

    def pair(self, rng: np.random.Generator, samples: int) -> tuple[Tensor, Tensor]:
        """Two sounds a and b, each [1, samples], of different timbres, with random gains."""
        ...


@dataclass(frozen=True)
class CorpusPairs:
    """Pairs from the training phrases of the rendered corpus: clips int16 [phrases, samples] by concept."""

    clips: dict[str, list[NDArray[np.int16]]]
    train_phrases: int
    sample_rate: int
    variation: Augmentation = field(default_factory=Augmentation)

    @classmethod
    def open(cls, folder: Path) -> CorpusPairs:
        """Map the corpus in `folder` without its held-out timbres; OSError where it was not rendered."""
        index = json.loads((folder / "index.json").read_text())
        clips: dict[str, list[NDArray[np.int16]]] = {}
        for timbre in index["timbres"]:
            if not timbre["held_out"]:
                clips.setdefault(timbre["concept"], []).append(
                    np.load(folder / timbre["file"], mmap_mode="r")
                )
        phrases = sum(phrase["split"] == "train" for phrase in index["phrases"])
        return cls(clips, phrases, index["sample_rate"])

    def pair(self, rng: np.random.Generator, samples: int) -> tuple[Tensor, Tensor]:
        """Two sounds to be mixed: a guitar and a voice in a share of the draws, any two clips otherwise."""
        if rng.random() < GUITAR_AND_VOICE_SHARE:
            chosen = [self.clips[c][rng.integers(len(self.clips[c]))] for c in ("guitar", "voice")]
        else:
            everything = [clip for concept in sorted(self.clips) for clip in self.clips[concept]]
            chosen = [everything[i] for i in rng.choice(len(everything), 2, replace=False)]
        first, second = (self._crop(clips, rng, samples) for clips in chosen)
        return first, second

    def _crop(self, clips: NDArray[np.int16], rng: np.random.Generator, samples: int) -> Tensor:
        gain = rng.uniform(LOWEST_GAIN, HIGHEST_GAIN)
        taken = math.ceil(samples * self.variation.longest) + 1
        while True:
            phrase = rng.integers(self.train_phrases)
            start = rng.integers(clips.shape[1] - taken + 1)
            crop = clips[phrase, start : start + taken].astype(np.float32) / 32767
            crop = augment(crop, self.sample_rate, rng, self.variation)[:samples]
            if float(np.sqrt(np.mean(crop**2))) >= QUIET_RMS:
                return torch.from_numpy(crop * np.float32(gain))[None]
