"""Clips of recordings: their length, and which of them count as silence, whatever a classifier detects."""

from torch import Tensor

from training.models.protocols import Autoencoder

CLIP_SECONDS = 3.0
"""Length of a clip in measurements."""
SILENCE_DBFS = -50.0
"""A clip with a lower RMS counts as silence: classifiers detect concepts even in near-silence."""


def loud_enough(audio: Tensor) -> Tensor:
    """Says whether a clip's RMS is at least SILENCE_DBFS.

    Shape: `[..., samples]` -> bool `[...]`.
    """
    loud: Tensor = audio.square().mean(-1) >= 10 ** (SILENCE_DBFS / 10)
    return loud


def clip_samples(model: Autoencoder) -> int:
    """Length of a clip in samples: whole frames of the model."""
    return round(CLIP_SECONDS * model.rates.sample_rate / model.rates.ratio) * model.rates.ratio


def loud(audio: Tensor) -> Tensor:
    """Which clips `[..., channels, samples]` aren't silent."""
    return loud_enough(audio.flatten(-2))


def as_loud(clips: Tensor, reference: Tensor) -> Tensor:
    """Each clip at the level of its reference. `[clips, channels, samples]` twice, or latents that add up."""
    powers = [each.square().mean((1, 2), keepdim=True) for each in (reference, clips)]
    return clips * (powers[0] / powers[1].clamp(min=1e-12)).sqrt()
