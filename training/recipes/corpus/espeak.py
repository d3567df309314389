"""espeak-ng: speech, and the languages and speakers that it has."""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def say(text: str, voice: str, words_a_minute: int, pitch: int | None = None) -> tuple[Samples, int]:
    """Speech `[samples]` and its sample rate.

    Args:
        text: the text to speak; parts in `[[ ]]` are phonemes.
        voice: a language, with a speaker behind a plus: `en-us+f2`.
        pitch: 0 to 99; None for the speaker's own.

    Raises:
        FileNotFoundError: espeak-ng is missing.
    """
    options = ["-v", voice, "-s", str(words_a_minute)]
    if pitch is not None:
        options += ["-p", str(pitch)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["espeak-ng", *options, "-w", str(path), text], check=True, capture_output=True)
        spoken, rate = soundfile.read(path, dtype="float64")
    return spoken, rate


@cache
def languages() -> tuple[str, ...]:
    """The languages that espeak-ng speaks itself, sorted: without those that need MBROLA."""
    return tuple(sorted({line.split()[1] for line in _listed("--voices") if "mb/" not in line}))


@cache
def speakers() -> tuple[str, ...]:
    """The speaker variants, sorted: what follows the plus in a voice's name. One whose name has a space is left out."""
    found = (re.search(r"!v/(\S+)(?:\s{2,}|\s*$|\s+\()", line) for line in _listed("--voices=variant"))
    return tuple(sorted(match[1] for match in found if match))


def _listed(option: str) -> list[str]:
    """The rows of a table of voices, without its head."""
    listed = subprocess.run(["espeak-ng", option], check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()[1:]
