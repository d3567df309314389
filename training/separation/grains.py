"""Recordings of a concept cut into grains: what a stop plays when it brings its concept in.

Key idea: a filtered guitar is still a guitar, so a voice has to come from recordings. At every step the moment of the
recordings whose pitch saliences are nearest to the input's is added to the output, at the input's level (concatenative
synthesis, Schwarz 2006).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.separation.listening import STEP
from training.separation.pitch_keys import WINDOW, PitchKeys

GRAIN = 2048
"""Samples of a grain: four steps, so that four sound at a time."""
SEARCH = 300
"""Samples that a grain may be shifted by so that its waveform fits what is playing."""
QUIET_RMS = 0.02
"""Moments softer than this aren't played: recordings have a root mean square of 0.08."""
LEVEL = 0.08
LONGEST_SECONDS = 60.0
FEWEST_MOMENTS = 40


@dataclass(frozen=True)
class GrainLibrary:
    """A concept's recordings, indexed by pitch.

    Attributes:
        stored: one recording after the other, int16 `[samples]`.
        keys: pitch saliences of the moments that can be played, in the order of the recordings, `[moments, pitches]`.
        places: the sample at which each moment's grain begins, `[moments]`.
        levels: root mean square of the sound before each moment, `[moments]`.
    """

    stored: Tensor
    keys: Tensor
    places: Tensor
    levels: Tensor


def library_of(recordings: Sequence[Tensor], sample_rate: int) -> GrainLibrary:
    """A library of mono recordings `[samples]`, at most LONGEST_SECONDS in all, a share of each.

    Raises:
        DrawstopError: the recordings are nearly silent.
    """
    share = round(LONGEST_SECONDS * sample_rate / len(recordings))
    parts = [_levelled(_loudest(recording, share)) for recording in recordings]
    # 16 bits, as the bank stores it, so that a library read back plays the same bits
    return library_of_sound((torch.cat(parts).clamp(-1, 1) * 32767).round().short(), sample_rate)


def library_of_sound(stored: Tensor, sample_rate: int) -> GrainLibrary:
    """The library of a stored sound, int16 `[samples]`. Raises DrawstopError where it is nearly silent."""
    sound = stored.float() / 32767
    windows = torch.nn.functional.pad(sound, (WINDOW - STEP, 0)).unfold(0, WINDOW, STEP)
    keys, levels = PitchKeys(sample_rate)(windows)
    places = (torch.arange(len(keys)) + 1) * STEP - GRAIN // 4
    playable = (levels > QUIET_RMS) & (places >= SEARCH) & (places + GRAIN + SEARCH <= len(sound))
    if int(playable.sum()) < FEWEST_MOMENTS:
        raise DrawstopError("the recordings of a concept hold hardly a sound: its stop can't bring it in")
    return GrainLibrary(stored, keys[playable], places[playable], levels[playable])


def _loudest(recording: Tensor, samples: int) -> Tensor:
    """The loudest part of a recording, at most `samples` long."""
    if len(recording) <= samples:
        return recording
    energy = recording.double().square().cumsum(0)
    begins = torch.arange(0, len(recording) - samples + 1, STEP)
    return recording[
        (begin := int(begins[(energy[begins + samples - 1] - energy[begins]).argmax()])) : begin + samples
    ]


def _levelled(sound: Tensor) -> Tensor:
    return sound * (LEVEL / sound.square().mean().sqrt().clamp(min=1e-5))
