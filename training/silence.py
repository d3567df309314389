"""The one rule of what counts as silence: a clip too quiet to be heard, whatever a judge makes of it."""

from torch import Tensor

SILENCE_DBFS = -50.0
"""A clip with a lower RMS counts as not heard: judges call near-silence something."""


def loud_enough(audio: Tensor) -> Tensor:
    """Whether a clip's RMS is at least SILENCE_DBFS.

    Shape: `[..., samples]` -> bool `[...]`.
    """
    loud: Tensor = audio.square().mean(-1) >= 10 ** (SILENCE_DBFS / 10)
    return loud
