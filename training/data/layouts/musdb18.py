"""MUSDB18-HQ (Rafii et al. 2019, zenodo.org/records/3338373): `train/` and `test/`, a folder for each track, its mixture
and four stems as WAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from drawstop.errors import DrawstopError
from training.data.audible import sounds
from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import Layout, LayoutContent, split_of_group, sub_folders
from training.data.recordings import Split

MIXTURE = "mixture.wav"
STEMS = ("vocals", "drums", "bass", "other")
PARTS: tuple[Split, ...] = ("train", "test")
VALIDATION_TRACKS = frozenset(
    {
        "ANiMAL - Rockshow",
        "Actions - One Minute Smile",
        "Alexander Ross - Goodbye Bolero",
        "Clara Berry And Wooldog - Waltz For My Victims",
        "Fergessen - Nos Palpitants",
        "James May - On The Line",
        "Johnny Lokke - Promises & Lies",
        "Leaf - Summerghost",
        "Meaxic - Take A Step",
        "Patrick Talbot - A Reason To Leave",
        "Skelpolu - Human Mistakes",
        "Traffic Experiment - Sirens",
        "Triviul - Angelsaint",
        "Young Griffo - Pennies",
    }
)
"""Tracks of `train/` that are for validation: the list of the `musdb` package (musdb/configs/mus.yaml)."""


def recognises(folder: Path) -> bool:
    """Whether there are tracks with a mixture and a stem, or the `.stem.mp4` files of MUSDB18 that isn't HQ."""
    return any(True for _ in _tracks(folder)) or bool(_packed(folder))


def read(folder: Path, seed: int) -> LayoutContent:
    """The mixture and each stem of every track; a silent stem is no label of its track.

    Raises:
        DrawstopError: the stems are packed in `.stem.mp4`, or a file can't be decoded.
    """
    if packed := _packed(folder):
        raise DrawstopError(
            f"{packed.parent} holds MUSDB18's .stem.mp4 files, which we can't read; "
            "get MUSDB18-HQ, or convert them to WAV with musdbconvert (pip install musdb)"
        )
    content = LayoutContent()
    silent = 0
    for track in _tracks(folder):
        split = _split(folder, track, seed)
        files = {name: track / f"{name}.wav" for name in STEMS}
        content.missing += [path for path in files.values() if not path.is_file()]
        there = {name: path for name, path in files.items() if path.is_file()}
        stems = {name: path for name, path in there.items() if sounds(path)}
        silent += len(there) - len(stems)
        content.add(LabelledRecording(track / MIXTURE, frozenset(stems), track.name, split, stems))
        for name, path in stems.items():
            content.add(LabelledRecording(path, frozenset({name}), track.name, split, {name: path}))
    if silent:
        content.notes.append(f"silent stems, left out: {silent}")
    return content


def _tracks(folder: Path) -> Iterator[Path]:
    parts = [folder / part for part in PARTS if (folder / part).is_dir()] or [folder]
    for part in parts:
        for track in sub_folders(part):
            if (track / MIXTURE).is_file() and any((track / f"{name}.wav").is_file() for name in STEMS):
                yield track


def _packed(folder: Path) -> Path | None:
    return next((path for part in PARTS for path in (folder / part).glob("*.stem.mp4")), None)


def _split(folder: Path, track: Path, seed: int) -> Split:
    """The data set's own split; one by the track's name if it has no parts."""
    if track.parent == folder:
        return split_of_group(track.name, seed)
    if track.parent.name == "test":
        return "test"
    return "validation" if track.name in VALIDATION_TRACKS else "train"


LAYOUT = Layout(
    "musdb18", "train/ and test/ with folders that hold mixture.wav and its stems", recognises, read
)
