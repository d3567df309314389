"""Recordings in any format and state, as people's folders hold them."""

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100
SINE = (0.3 * np.sin(np.arange(RATE) * 0.05)).astype(np.float32)


def write_sound(path: Path, sound: np.ndarray = SINE, rate: int = RATE, **options: str) -> Path:
    """`[samples]` or `[samples, channels]`, 16 bit WAV where nothing else is said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(os.fsencode(path), sound, rate, **{"format": "WAV", "subtype": "PCM_16"} | options)
    return path


def write_sine(path: Path, **options: str) -> Path:
    return write_sound(path, **options)


def by_ffmpeg(path: Path, source: Path, *options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, *options, path], check=True)
    return path


def says_no_samples(suffix: str, path: Path, sound: np.ndarray = SINE) -> Path:
    """A file as a recorder leaves it that lost its power: sound behind a header that counts none."""
    options = {"format": "FLAC"} if suffix == "flac" else {}
    content = bytearray(write_sound(path, sound, **options).read_bytes())
    if suffix == "flac":
        content[21] &= 0xF0  # STREAMINFO's total of samples: 36 bits
        content[22:26] = bytes(4)
    else:
        at = content.find(b"data") + 4
        content[at : at + 4] = struct.pack("<I", 0)
    path.write_bytes(content)
    return path
