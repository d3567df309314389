"""Loss recovered: how much of a model's own loss is recovered with an SAE's reconstruction in the place of its frames.

Key idea: variance explained counts every number alike; the model doesn't. Its own loss is computed three times: with
its frames, with the reconstruction, and with the frames' mean. The recovered share is 1 where the reconstruction is as
good as the frames, 0 where it is as good as the mean alone, and less than 0 where it is worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drawstop.errors import DrawstopError
from training.data.clips import loud_enough
from training.evaluation.experiments.sae_quality.describe import require_frames
from training.metrics.bootstrap import Estimate, Values, interval
from training.metrics.distances import SCALES, spectral_distance
from training.models.musicgen.hooks import Edit
from training.models.musicgen.likelihood import log_likelihood
from training.models.musicgen.model import MusicGenModel
from training.models.rave.model import RaveModel
from training.sae.model import SAE

LEVEL_RMS = 0.08
"""Level at which spectral distances are computed: their floor is made for it."""
SECONDS = 6.0
"""Seconds from the middle of each recording that are measured."""


@dataclass(frozen=True)
class LossRecovered:
    """A model's own loss with and without an SAE's reconstruction of its frames.

    Attributes:
        share: the recovered share of all recordings together, with a 95 % interval over recordings.
        measure: the kind of loss: `spectral distance` or `cross-entropy, nats per token`.
        original, reconstruction, mean: the loss with the frames, the SAE's reconstruction, and the frames' mean.
    """

    share: Estimate
    measure: str
    original: float
    reconstruction: float
    mean: float


@torch.no_grad()
def sound_recovered(model: RaveModel, sae: SAE, frames: Sequence[Tensor], seed: int = 0) -> LossRecovered:
    """Loss recovered of a RAVE: spectral distance of the sound with an SAE's reconstruction to that with the frames.

    Args:
        model: opened at the SAE's site.
        frames: each recording's, `[frames, width]`; silent and very short ones are left out.

    Raises:
        DrawstopError: nothing to measure.
    """
    require_frames(sae, frames)
    mean = torch.cat(list(frames)).mean(0)
    losses = []
    for x in (_middle(each, round(SECONDS * model.sample_rate / model.rates.ratio)) for each in frames):
        target = _played(model, x)
        if target.shape[-1] < SCALES[0] or not bool(loud_enough(target)[0]):
            continue
        gain = LEVEL_RMS / target.square().mean().sqrt()
        played = (_played(model, each) for each in (_through(sae, x), mean.expand_as(x)))
        losses.append([0.0, *(float(spectral_distance(each * gain, target * gain)) for each in played)])
    return _recovered(losses, "spectral distance", seed)


@torch.no_grad()
def predictions_recovered(
    musicgen: MusicGenModel, sae: SAE, site: str, audio: Sequence[Tensor], seed: int = 0
) -> LossRecovered:
    """Loss recovered of a MusicGen: how well it predicts recordings with a layer's frames reconstructed by an SAE.

    Args:
        site: `layers.N`.
        audio: each recording's sound, `[channels, samples]` at the model's rate; SECONDS from its middle, at most one
            window, are measured.

    Raises:
        DrawstopError: nothing to measure.
    """
    longest = int(min(SECONDS, musicgen.max_seconds) * musicgen.sample_rate)
    sounds = [_middle(sound.T, longest).T[None] for sound in audio if sound.shape[-1] >= musicgen.ratio]
    layer = [musicgen.frames(sound, site)[site][0].T.cpu() for sound in sounds]
    require_frames(sae, layer)
    mean = torch.cat(layer).mean(0)
    edits = [{}, {site: _edit(lambda x: _through(sae, x))}, {site: _edit(lambda x: mean.expand_as(x))}]
    losses = [[-float(log_likelihood(musicgen, sound, edit)) for edit in edits] for sound in sounds]
    return _recovered(losses, "cross-entropy, nats per token", seed)


def _edit(replaced: Callable[[Tensor], Tensor]) -> Edit:
    """A replacement of frames `[frames, width]` as an edit of a MusicGen's layer."""

    def edit(x: Tensor, seconds: Tensor) -> Tensor:
        return torch.stack([replaced(each.T.cpu()).T for each in x]).to(x)

    return edit


def _through(sae: SAE, x: Tensor) -> Tensor:
    """The SAE's reconstruction of a model's frames `[frames, width]`."""
    return sae.denormalise(sae(sae.normalise(x)))


def _played(model: RaveModel, x: Tensor) -> Tensor:
    """The sound of frames: `[frames, width]` -> mono `[1, samples]`."""
    return model.decode(x.T[None]).mean(1).clone()


def _middle(x: Tensor, frames: int) -> Tensor:
    first = max(0, (len(x) - frames) // 2)
    return x[first : first + frames]


def _recovered(losses: Sequence[Sequence[float]], measure: str, seed: int) -> LossRecovered:
    """The recovered share from each recording's three losses: with its frames, the reconstruction and the mean."""
    if not losses:
        raise DrawstopError(
            "expected recordings that sound for at least a tenth of a second to measure a model's loss on, got none"
        )
    each: Values = np.array(losses, dtype=np.float64)

    def statistic(indices: NDArray[np.int64]) -> float:
        original, here, worst = each[indices].mean(0)
        return float((worst - here) / (worst - original)) if worst > original else float("nan")

    original, here, worst = (round(float(value), 4) for value in each.mean(0))
    return LossRecovered(interval(statistic, len(each), seed=seed), measure, original, here, worst)
