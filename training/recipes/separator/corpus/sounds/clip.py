"""A clip of the corpus while it is made: its length, its type, and adding a sound to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.recipes.corpus.corpus import SAMPLE_RATE

CLIP_SECONDS = 12.0
CLIP_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE)
FIRST_ONSET = 0.05
"""Seconds into a clip at which its first note begins."""

Samples = NDArray[np.float64]
Generator = np.random.Generator


def silent_clip() -> Samples:
    """A whole clip of zeros `[CLIP_SAMPLES]`."""
    return np.zeros(CLIP_SAMPLES)


def add_at(clip: Samples, sound: Samples, seconds: float) -> None:
    """Add a sound to a clip from that second on; what reaches over the clip's end is left out."""
    begin = int(seconds * SAMPLE_RATE)
    part = sound[: max(0, len(clip) - begin)]
    clip[begin : begin + len(part)] += part
