"""The protocol of a layout, and what the readers of several layouts share."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from drawstop.errors import DrawstopError
from training.data.labelled_set import LabelledRecording
from training.data.recordings import Split, split_of

SPLIT_FOLDERS: Mapping[str, Split] = MappingProxyType(
    {
        "train": "train",
        "training": "train",
        "validation": "validation",
        "valid": "validation",
        "val": "validation",
        "test": "test",
        "held_out": "test",
        "held-out": "test",
    }
)
"""A folder's name in lower case -> the part of the data that it holds."""


@dataclass
class Reading:
    """The content of a folder: the recordings that are there, the files that are named but aren't, and notes for the user."""

    recordings: list[LabelledRecording] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, recording: LabelledRecording) -> None:
        """Takes a recording, as missing where its file isn't there."""
        if recording.path.is_file():
            self.recordings.append(recording)
        else:
            self.missing.append(recording.path)


@dataclass(frozen=True)
class Layout:
    """One way to lay out a data set.

    Attributes:
        name: as `read_labelled` takes it.
        marker: what it is recognised by, in words.
        recognises: says whether a folder has that; opens no sound file.
        read: the folder's recordings; the seed draws splits where the data set has none of its own.
    """

    name: str
    marker: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, int], Reading]


def split_of_group(group: str, seed: int) -> Split:
    """The split of everything that belongs together, by the hash of its name, in the proportions of `split_of`."""
    return split_of(hashlib.sha256(group.encode()).hexdigest(), seed)


def sub_folders(folder: Path) -> list[Path]:
    """The folders in a folder, by name, without hidden ones; none where it isn't a folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def rows_of(path: Path, delimiter: str) -> Iterator[list[str]]:
    """The rows of a table on disk, its heading first.

    Raises:
        DrawstopError: it can't be read as such a table.
    """
    with readable(path), path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, delimiter=delimiter)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Makes the errors of reading what a data set says about itself one DrawstopError that names the file."""
    try:
        yield
    except (csv.Error, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DrawstopError):
            raise
        raise DrawstopError(
            f"{path} isn't as its data set has it ({type(error).__name__}: {error}); fetch it again"
        ) from error
