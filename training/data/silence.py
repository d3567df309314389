"""The one rule of what counts as silence: a clip too quiet to be heard, whatever a judge makes of it."""

from torch import Tensor

from training.models.protocols import Autoencoder

CLIP_SECONDS = 3.0
SECONDS = 3.0
"""What is measured of a clip."""
SILENCE_DBFS = -50.0
"""A clip with a lower RMS counts as not heard: judges call near-silence something."""


def loud_enough(audio: Tensor) -> Tensor:
    """Whether a clip's RMS is at least SILENCE_DBFS.

    Shape: `[..., samples]` -> bool `[...]`.
    """
    loud: Tensor = audio.square().mean(-1) >= 10 ** (SILENCE_DBFS / 10)
    return loud


def clip_samples(model: Autoencoder) -> int:
    """Samples of a clip: whole frames."""
    return round(CLIP_SECONDS * model.rates.sample_rate / model.rates.ratio) * model.rates.ratio


def loud(audio: Tensor) -> Tensor:
    """Which clips `[..., channels, samples]` aren't silent."""
    return loud_enough(audio.flatten(-2))
