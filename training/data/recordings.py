"""A folder of labelled recordings, split into train, validation and test by the files' contents, not by their names."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from drawstop.audio.files import list_audio, read_audio
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.names import same_name

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

TRAIN_SHARE = 0.70
VALIDATION_SHARE = 0.15
TEST_SHARE = 1 - TRAIN_SHARE - VALIDATION_SHARE
_HASH_DIGITS = 8


@dataclass(frozen=True)
class Recording:
    """One sound file, its concept and its side of the split."""

    path: Path
    """The file."""
    label: str
    """The sub-folder that holds it, relative to the scanned folder, with `/`; empty for files at the top."""
    hash: str
    """SHA-256 of the file's bytes."""
    split: Split
    """Its split; depends on `hash` alone."""


def split_of(hash: str, seed: int = 0) -> Split:
    """The split of a recording: its hash read as a number in 0..1, cut at 70 % and 85 %.

    A recording keeps its split when it's renamed, moved, or joined by others; equal files share a split, so
    that a copy never leaks from train into test. Seed 0 reads the hash's first eight digits; any other seed
    reads those of SHA-256 of `"seed:hash"`, which splits the recordings anew.

    Raises:
        DrawstopError: `hash` doesn't start with eight hexadecimal digits.

    >>> split_of("00000000"), split_of("c0000000"), split_of("ffffffff")
    ('train', 'validation', 'test')
    """
    fraction = fraction_of(hash, seed)
    if fraction < TRAIN_SHARE:
        return "train"
    return "validation" if fraction < TRAIN_SHARE + VALIDATION_SHARE else "test"


def fraction_of(hash: str, seed: int = 0) -> float:
    """The number in 0..1 that `split_of` cuts. Raises as `split_of`."""
    digits = hash[:_HASH_DIGITS]
    if len(digits) < _HASH_DIGITS or not set(digits.lower()) <= set("0123456789abcdef"):
        raise DrawstopError(f"expected a hash of at least {_HASH_DIGITS} hexadecimal digits, got {hash!r}")
    if seed != 0:
        digits = hashlib.sha256(f"{seed}:{hash}".encode()).hexdigest()[:_HASH_DIGITS]
    return int(digits, 16) / 16**_HASH_DIGITS


def scan(folder: Path, seed: int = 0) -> list[Recording]:
    """All recordings in a folder and its sub-folders, sorted by path; the sub-folder's name is the label.

    Raises:
        DrawstopError: no such folder, or no sound file in it.
    """
    folder = Path(folder)
    recordings = []
    for path in list_audio(folder):
        label = same_name(path.parent.relative_to(folder).as_posix())
        hash = sha256_file(path)
        recordings.append(Recording(path, "" if label == "." else label, hash, split_of(hash, seed)))
    return recordings


def load(recording: Recording | Path, sample_rate: int, channels: int) -> torch.Tensor:
    """Read a recording at a sample rate (Hz) and channel count.

    Shape: `[channels, samples]`, float32.

    Raises:
        DrawstopError: as `drawstop.audio.files.read_audio`.
    """
    path = recording.path if isinstance(recording, Recording) else recording
    audio, _ = read_audio(path, sample_rate, channels)
    return torch.from_numpy(audio)


TEST_AT_LEAST = 2
"""Test recordings of a kind, at least, if it has four or more: the verdict needs them."""

LEARNED_AT_LEAST = 2
"""Training recordings of a kind, at least."""


def least_tested(count: int) -> int:
    """The minimum number of test recordings among `count` of a kind."""
    return max(0, min(TEST_AT_LEAST, count - LEARNED_AT_LEAST))


def deal(hashes: list[str], seed: int = 0, beside: Sequence[Split] = ()) -> list[Split]:
    """The splits of one kind's recordings: those of `split_of`, with minimum numbers where recordings are few.

    Recordings keep the order of the numbers that `split_of` cuts; only the cuts move, so that of four recordings or
    more two are for the test, of five or more one for validation, two or more always for training, and no more than a
    third and a quarter are held out. Equal hashes stay together.

    Args:
        beside: splits of this kind's recordings that are already fixed; the minimum numbers count them too.

    >>> deal(["00000000", "10000000", "20000000", "30000000", "40000000"])
    ['train', 'train', 'validation', 'test', 'test']
    """
    fractions = {hash: fraction_of(hash, seed) for hash in hashes}
    ranked = sorted(fractions, key=lambda hash: (fractions[hash], hash), reverse=True)
    natural = [split_of(hash, seed) for hash in ranked]
    count = len(ranked) + len(beside)
    least = least_tested(count)
    tested = min(max(natural.count("test") + beside.count("test"), least), max(least, count // 3))
    spare = max(0, count - LEARNED_AT_LEAST - tested)
    least = min(1, spare)
    validating = min(
        max(natural.count("validation") + beside.count("validation"), least),
        max(least, min(spare, count // 4)),
    )
    tested = max(0, tested - beside.count("test"))
    validating = max(0, validating - beside.count("validation"))
    dealt: dict[str, Split] = dict.fromkeys(ranked[tested:], "validation")
    dealt |= dict.fromkeys(ranked[:tested], "test")
    dealt |= dict.fromkeys(ranked[tested + validating :], "train")
    return [dealt[hash] for hash in hashes]
