"""Labelled recordings from a folder: the name of a sub-folder says what is heard in its files."""

from __future__ import annotations

from pathlib import Path

from training.evidence.labelled import LabelledRecording, LabelledSet
from training.recordings import Recording, scan

NONE = frozenset({"", "neither", "other", "without"})
"""Sub-folders of recordings that hold none of the concepts."""


def read_labelled(folder: Path) -> LabelledSet:
    """A sub-folder a label, `a+b` both of two, `neither`, `other` or `without` none.

    Raises:
        DrawstopError: no such folder, or no sound file in it.
    """
    return LabelledSet(folder.name, "folders", tuple(_labelled(each) for each in scan(folder)))


def _labelled(recording: Recording) -> LabelledRecording:
    name = recording.label.split("/")[0]
    labels = frozenset() if name in NONE else frozenset(name.split("+"))
    return LabelledRecording(recording.path, labels, recording.hash, recording.split)
