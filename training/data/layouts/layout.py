"""The protocol of a layout, and helpers that the readers of several layouts share."""

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
class LayoutContent:
    """A folder's content by its layout: recordings, files that are named but missing, and notes for the user."""

    recordings: list[LabelledRecording] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, recording: LabelledRecording) -> None:
        """Adds a recording, or its path to `missing` if its file isn't there."""
        if recording.path.is_file():
            self.recordings.append(recording)
        else:
            self.missing.append(recording.path)


@dataclass(frozen=True)
class Layout:
    """One way to lay out a data set.

    Attributes:
        name: as `read_labelled` takes it.
        marker: the files that it is recognised by, in words.
        recognises: whether a folder has these; opens no sound file.
        read: reads a folder's content; the seed draws splits if the data set has none of its own.
    """

    name: str
    marker: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, int], LayoutContent]


def split_of_group(group: str, seed: int) -> Split:
    """The split of a group, by the hash of its name, in the proportions of `split_of`."""
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
    """Turns errors of reading a data set's table into a DrawstopError that names the file."""
    try:
        yield
    except (csv.Error, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DrawstopError):
            raise
        raise DrawstopError(
            f"{path} isn't as its data set has it ({type(error).__name__}: {error}); fetch it again"
        ) from error
