"""Whether anything sounds in a file, with as little decoding as it takes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import soundfile
import torch

from drawstop.base.audio_files import read_audio
from training.evidence.labelled import LabelledRecording
from training.silence import loud_enough

PIECE_SECONDS = 1.0
"""What is heard at a time: a phrase, so that a minute of pauses around it doesn't make it silence."""


def sounds(path: Path) -> bool:
    """Whether any second of a file is loud enough (`training.silence`); decodes no further than the first that is.

    Raises:
        DrawstopError: as `read_audio`.
    """
    for start in count(0.0, PIECE_SECONDS):
        audio, _ = read_audio(path, part=(start, PIECE_SECONDS))
        if bool(loud_enough(torch.from_numpy(audio)).any()):
            return True
        if start + PIECE_SECONDS >= soundfile.info(path).duration:
            return False
    raise AssertionError


def heard_groups(recordings: Iterable[LabelledRecording], enough: int) -> int:
    """Of how many groups something sounds; decodes no further than to `enough`. Raises as `sounds`."""
    heard: set[str] = set()
    for recording in recordings:
        if len(heard) >= enough:
            break
        if recording.group not in heard and sounds(recording.path):
            heard.add(recording.group)
    return len(heard)
