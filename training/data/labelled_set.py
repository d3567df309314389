"""Labelled recordings of a data set, whatever its layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from training.data.recordings import SPLITS, Split


@dataclass(frozen=True)
class LabelledRecording:
    """One sound file and the concepts that sound in it.

    Attributes:
        path: the file.
        labels: the concepts that sound in it; no other concept does.
        group: recordings of a group stay on one side of a split: the track or the artist; else the file's own hash.
        split: the data set's own split, else one by hash.
        stems: each concept's own sound, if the data set has them.
        timbre: the instrument or voice (`fluid-nylon`); empty if unknown.
        new_timbre: its timbre is in no recording that anything was trained or found on.
    """

    path: Path
    labels: frozenset[str]
    group: str
    split: Split
    stems: Mapping[str, Path] = field(default_factory=dict)
    timbre: str = ""
    new_timbre: bool = False


@dataclass(frozen=True)
class LabelledSet:
    """The recordings of one data set.

    Attributes:
        name: its name.
        layout: its layout: `folders`, `musdb18`, `mtg-jamendo`, `fma`, `nsynth`, `slakh`.
        notes: sentences for the user: what was missing or left out, what its labels leave open.
    """

    name: str
    layout: str
    recordings: tuple[LabelledRecording, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """All labels, the commonest first; equally common ones by name."""
        counts = self.counts()
        return tuple(sorted(counts, key=lambda label: (-counts[label], label)))

    def counts(self) -> dict[str, int]:
        """Recordings of each label."""
        return dict(Counter(label for recording in self.recordings for label in recording.labels))

    def of(self, *splits: Split) -> tuple[LabelledRecording, ...]:
        """The recordings of some splits, in their order."""
        unknown = set(splits) - set(SPLITS)
        assert not unknown, f"no such split: {unknown}"
        return tuple(recording for recording in self.recordings if recording.split in splits)
