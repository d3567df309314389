"""Held-out clips by concept, the same at every call."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.recipes.separator.corpus.concepts import FAMILIES, Concept, Label
from training.recipes.separator.corpus.mixtures import Corpus
from training.separation.mdct import HOP

FRAMES = 1032
"""Frames of a clip, about 3 s."""


def concept_of(name: str) -> Concept:
    """A family by its name."""
    (found,) = [family for family in FAMILIES if family.name == name]
    return found


def clips_of(corpus: Corpus, concept: Concept, count: int, seed: int) -> Tensor:
    """Crops of what belongs to a concept, at a root mean square of 0.08: `[count, samples]`."""
    return _drawn(corpus, [label for label in corpus.clips if label in concept.labels], count, seed)


def clips_without(corpus: Corpus, concept: Concept, count: int, seed: int) -> Tensor:
    """Crops of what surely doesn't belong to a concept: `[count, samples]`."""
    labels = [label for label in corpus.clips if label not in concept.labels | concept.unsure]
    return _drawn(corpus, labels, count, seed)


def _drawn(corpus: Corpus, labels: list[Label], count: int, seed: int) -> Tensor:
    """Each clip of the corpus is drawn at most once before any is drawn again."""
    rng = np.random.default_rng((seed, 3))
    clips = [clip for label in sorted(labels, key=str) for clip in corpus.clips[label]]
    order = [int(i) for _ in range(-(-count // len(clips))) for i in rng.permutation(len(clips))][:count]
    sounds = []
    for index in order:
        clip = clips[index]
        begins = [int(rng.integers(max(1, clip.samples - FRAMES * HOP))) for _ in range(8)]
        crops = [corpus.read(clip, begin, FRAMES * HOP) for begin in begins]
        levels = [float(np.sqrt(np.mean(crop**2))) for crop in crops]
        loudest = int(np.argmax(levels))
        sounds.append(crops[loudest] * (0.08 / max(1e-6, levels[loudest])))
    return torch.from_numpy(np.stack(sounds))
