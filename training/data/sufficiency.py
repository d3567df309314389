"""Checks, before any work, whether a data set is large enough for an experiment, and says how large it must be.

Recordings are counted by group: copies of a file, and pieces by one artist, count once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from drawstop.errors import DrawstopError
from training.data.audible import audible_groups
from training.data.clips import SILENCE_DBFS
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.recordings import TEST_SHARE, TRAIN_SHARE, Split

FEWEST_TO_LEARN = 2
"""One recording with and one without differ in everything, not in the concept alone."""

FEWEST_TO_TEST = 3
"""With 3 of each kind, a random order puts those with the concept first once in 20: fewer can't reach significance."""

FEWEST_FOR_A_CURVE = 5
"""A curve over the number of examples takes two points: 2 and 5."""

FEWEST_TO_STEER = 10
"""The goal, still detected in at most 10 %, is one recording in ten: fewer recordings can't show it."""

FEWEST_TIMBRES = 2
"""One to train on, one held out."""

HASH_MARGIN = 2
"""A split by hash is random: with twice the expected number, 19 of 20 splits have enough."""


@dataclass(frozen=True)
class Need:
    """How many recordings with a concept an experiment takes, and as many without it: to train on and to test on."""

    train: int
    test: int
    why: str

    def by_hash(self) -> int:
        """Recordings of each kind that are needed if they are split by hash."""
        return math.ceil(HASH_MARGIN * max(self.train / TRAIN_SHARE, self.test / TEST_SHARE))


NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "classification": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "growth": Need(FEWEST_FOR_A_CURVE, FEWEST_TO_TEST, "the curve goes from 2 examples to 5 and on"),
        "separability": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "steering": Need(0, FEWEST_TO_STEER, "one of ten is the share that it is held against"),
        "held-out timbres": Need(FEWEST_TO_LEARN, FEWEST_TO_TEST, "fewer can't be told from chance"),
        "stem distance": Need(0, FEWEST_TO_TEST, "a mean of fewer is an anecdote"),
    }
)
"""What each experiment with labels needs."""


@dataclass(frozen=True)
class Sufficiency:
    """Whether an experiment can be run on a concept; if not, `lack` says what is too little and what would do."""

    concept: str
    experiment: str
    lack: str

    @property
    def enough(self) -> bool:
        """Whether the experiment can be run."""
        return not self.lack


def refuse_too_little(data: LabelledSet, concept: str, wanted: str = "classification") -> None:
    """Refuses an experiment for which there is too little data. Decodes sound only until enough of it is audible.

    Args:
        wanted: one of `NEEDS`.

    Raises:
        DrawstopError: what is too little for what, and what would do; also where the recordings aren't audible.
    """
    if wanted not in NEEDS:
        raise DrawstopError(f"no such experiment: {wanted!r}; expected one of {', '.join(NEEDS)}")
    chosen = _Concept(data, concept)
    lack = _silent(chosen) or chosen.lack(wanted) or _inaudible(data, concept, wanted)
    if lack:
        raise DrawstopError(f"too little for {wanted} of {concept}: {lack}")


def what_can_run(data: LabelledSet) -> tuple[Sufficiency, ...]:
    """Each experiment on each concept, by the numbers of recordings: opens no sound file."""
    concepts = (_Concept(data, name) for name in data.concepts)
    return tuple(
        Sufficiency(each.name, experiment, each.lack(experiment)) for each in concepts for experiment in NEEDS
    )


class _Concept:
    """The recordings with and without one concept."""

    def __init__(self, data: LabelledSet, name: str) -> None:
        self.data, self.name = data, name
        self.present = [recording for recording in data.recordings if name in recording.labels]
        self.absent = [recording for recording in data.recordings if name not in recording.labels]
        sides = (self.present, self.absent)
        self.to_learn, self.to_test = (
            tuple(_groups(side, split) for side in sides) for split in ("train", "test")
        )

    def lack(self, experiment: str) -> str:
        """What is too little for an experiment; empty where nothing is."""
        further = {
            "separability": self._inseparable,
            "held-out timbres": self._too_few_timbres,
            "stem distance": self._too_few_stems,
        }.get(experiment)
        return self.unfit or self._too_few(NEEDS[experiment]) or (further() if further else "")

    @cached_property
    def unfit(self) -> str:
        """Why no experiment can be run on it, however many recordings there are; empty where some can."""
        return self._one_class() or self._one_sound()

    def _one_class(self) -> str:
        if not self.present:
            counts = ", ".join(f"{label} {count}" for label, count in sorted(self.data.counts().items()))
            return f"no recording has that label; the labels are {counts or 'none'}"
        if not self.absent:
            return (
                f"all {len(self.present)} recordings have it; add recordings without it, "
                "in a folder that names what sounds there instead, or neither/"
            )
        return ""

    def _one_sound(self) -> str:
        for recordings, which in ((self.present, "with"), (self.absent, "without")):
            if len(recordings) > 1 and len({recording.group for recording in recordings}) == 1:
                return (
                    f"the {len(recordings)} recordings {which} it are {self._sameness()}, which counts once; "
                    "add others"
                )
        return ""

    def _sameness(self) -> str:
        return "copies of the same sound" if self.data.layout == "folders" else "all from one track or artist"

    def _too_few(self, need: Need) -> str:
        if min(self.to_learn) >= need.train and min(self.to_test) >= need.test:
            return ""
        learn = f"{_pair(*self.to_learn)} to learn from and " if need.train else ""
        takes = f"{_pair(need.train, need.train)}, and " if need.train else ""
        return (
            f"{learn}{_pair(*self.to_test)} to test on; it takes {takes}{_pair(need.test, need.test)} ({need.why}). "
            f"{self._remedy(need)}"
        )

    def _remedy(self, need: Need) -> str:
        if self.data.layout != "folders":
            commoner = self.data.concepts[: self.data.concepts.index(self.name)][:3]
            other = f"Take a commoner label ({', '.join(commoner)}), or fetch" if commoner else "Fetch"
            return f"{other} more of the data set"
        return (
            "Sort your recordings into train/ and test/, or add some: "
            f"a split by hash takes about {need.by_hash()} of each"
        )

    def _inseparable(self) -> str:
        others = [name for name in self.data.concepts if name != self.name]
        if not others:
            return "it is the only label; separability is of two concepts, so add recordings of another"
        if any(self._apart(other) for other in others):
            return ""
        need = NEEDS["separability"]
        return (
            f"no other concept sounds without it, and it without that, in {need.train} recordings to learn from and "
            f"{need.test} to test on; add recordings of each alone"
        )

    def _apart(self, other: str) -> bool:
        """Says whether each of two concepts sounds without the other."""
        need = NEEDS["separability"]
        alone = (
            [recording for recording in self.present if other not in recording.labels],
            [recording for recording in self.absent if other in recording.labels],
        )
        return all(
            _groups(part, "train") >= need.train and _groups(part, "test") >= need.test for part in alone
        )

    def _too_few_timbres(self) -> str:
        timbres = {recording.timbre for recording in self.present} - {""}
        if len(timbres) >= FEWEST_TIMBRES:
            return ""
        known = f"one timbre ({', '.join(timbres)})" if timbres else "no timbre that is known"
        takes = f"{known}; it takes {FEWEST_TIMBRES}, one of them held out"
        if self.data.layout != "folders":
            return f"{takes}, which NSynth and the stems of Slakh have"
        return f"{takes}: name them by folders, as {self.name}/nylon/ and {self.name}/steel/"

    def _too_few_stems(self) -> str:
        mixed = [
            recording
            for recording in self.present
            if self.name in recording.stems and len(recording.labels) > 1
        ]
        need, count = NEEDS["stem distance"].test, _groups(mixed, "test")
        if count >= need:
            return ""
        return (
            f"{count} mixtures to test on with its own sound beside; it takes {need}, "
            "as MUSDB18 and Slakh have them"
        )


def _groups(recordings: Sequence[LabelledRecording], split: Split) -> int:
    return len({recording.group for recording in recordings if recording.split == split})


def _pair(present: int, absent: int) -> str:
    return f"{present} with and {absent} without"


def _silent(concept: _Concept) -> str:
    for recordings, which in ((concept.present, "with"), (concept.absent, "without")):
        if recordings and not audible_groups(recordings, 1):
            return (
                f"none of the {len(recordings)} recordings {which} it is audible (a second above "
                f"{SILENCE_DBFS:g} dBFS); add some that sound"
            )
    return ""


def _inaudible(data: LabelledSet, concept: str, wanted: str) -> str:
    """The lack of audible recordings, in words; empty if enough are audible. Decodes no more than it needs."""
    need = NEEDS[wanted]
    wanted_of: dict[Split, int] = {"train": need.train, "test": need.test}
    for split, enough in wanted_of.items():
        for present, which in ((True, "with"), (False, "without")):
            labelled = [r for r in data.of(split) if (concept in r.labels) == present]
            audible = audible_groups(labelled, enough)
            if audible < enough:
                return (
                    f"of {len(labelled)} {split} recordings {which} it only {audible} are audible (a second above "
                    f"{SILENCE_DBFS:g} dBFS), and it takes {enough}; add some that sound"
                )
    return ""
