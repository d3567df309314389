"""Recordings of noise."""

from pathlib import Path

import numpy as np

from drawstop.audio.files import write_audio


def noise_clips(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    random = np.random.default_rng(count)
    for i in range(count):
        write_audio(folder / f"{i}.wav", 0.1 * random.standard_normal((1, 20000)), 44100)
    return folder
