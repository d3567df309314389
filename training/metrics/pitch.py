"""Pitch by PESTO, and the share of frames in which an edit keeps it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from training.metrics.audio import SAMPLE_RATE, Figure, mean_with_interval

PITCH_STEP_MS = 20.0
PITCH_CONFIDENCE = 0.5
PITCH_TOLERANCE = 0.5
"""Semitones."""
MOST_LAG = 4
"""Most tracker steps that a model's output may be late."""


@dataclass(frozen=True)
class Pitches:
    """Pitch as MIDI note numbers, and the tracker's confidence: `[items, steps]` each."""

    notes: Tensor
    sure: Tensor


@torch.no_grad()
def track(audio: Tensor, sample_rate: int = SAMPLE_RATE) -> Pitches:
    """The pitches of `[items, samples]`, by PESTO (Riou et al. 2023): half a second of work an item."""
    found = [_tracker(sample_rate)(part, sr=sample_rate)[:2] for part in audio.split(8)]
    return Pitches(torch.cat([part[0] for part in found]), torch.cat([part[1] for part in found]))


def pitch_kept(original: Pitches, played: Pitches) -> Figure:
    """Share of the original's pitched frames whose pitch class the played sound has too, its delay taken out."""
    later = max(range(MOST_LAG + 1), key=lambda lag: float(_same_class(original, played, lag).float().mean()))
    pitched = original.sure > PITCH_CONFIDENCE
    return mean_with_interval(_same_class(original, played, later).sum(1) / pitched.sum(1))


def _same_class(original: Pitches, played: Pitches, lag: int) -> Tensor:
    """Which of the original's pitched steps have their pitch class `lag` steps later, `[items, steps]`."""
    difference = (torch.roll(played.notes, -lag, 1) - original.notes + 6) % 12 - 6
    return (difference.abs() < PITCH_TOLERANCE) & (original.sure > PITCH_CONFIDENCE)


@cache
def _tracker(sample_rate: int) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        import pesto

        return pesto.load_model("mir-1k_g7", step_size=PITCH_STEP_MS, sampling_rate=sample_rate)
