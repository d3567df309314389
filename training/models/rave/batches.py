"""Encoding and decoding of any number of clips: as many at once as a RAVE has voices."""

from __future__ import annotations

import torch
from torch import Tensor

from training.models.rave.model import RaveModel


@torch.no_grad()
def encode_clips(model: RaveModel, audio: Tensor) -> Tensor:
    """The frames of `[clips, channels, samples]`, `[clips, width, frames]`."""
    if not len(audio):
        return audio.new_zeros(0, model.rates.width, audio.shape[-1] // model.rates.ratio)
    return torch.cat([model.encode(part).clone() for part in audio.split(model.voices())])


@torch.no_grad()
def play_clips(model: RaveModel, frames: Tensor, lead: int = 0) -> Tensor:
    """The mono sound of frames `[clips, width, frames]` without the first `lead` frames, `[clips, samples]`."""
    skipped = lead * model.rates.ratio
    if not len(frames):
        return frames.new_zeros(0, frames.shape[-1] * model.rates.ratio - skipped)
    played = [model.decode(part).mean(1).clone() for part in frames.split(model.voices())]
    return torch.cat(played)[:, skipped:]
