"""Whether a sound file is audible, with as little decoding as that takes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch

from drawstop.audio.decoding import open_sound
from drawstop.audio.files import read_audio
from drawstop.types import Audio
from training.data.clips import loud_enough
from training.data.labelled_set import LabelledRecording

PIECE_SECONDS = 1.0
"""Length of the parts whose level is measured: short, so that a phrase between a minute of pauses counts as audible."""


def sounds(path: Path) -> bool:
    """Whether any second of a file is loud enough (`training.data.clips`); stops decoding at the first that is.

    Raises:
        DrawstopError: as `read_audio`.
    """
    first, rate = read_audio(path, part=(0.0, PIECE_SECONDS))
    if _loud(first):
        return True
    with open_sound(path) as file:
        pieces = file.blocks(round(PIECE_SECONDS * rate), dtype="float32", always_2d=True)
        return any(_loud(piece.T) for piece in pieces)


def audible_groups(recordings: Iterable[LabelledRecording], enough: int) -> int:
    """The number of audible groups; stops decoding at `enough`. Raises as `sounds`."""
    audible: set[str] = set()
    for recording in recordings:
        if len(audible) >= enough:
            break
        if recording.group not in audible and sounds(recording.path):
            audible.add(recording.group)
    return len(audible)


def _loud(audio: Audio) -> bool:
    return bool(loud_enough(torch.from_numpy(audio)).any())
