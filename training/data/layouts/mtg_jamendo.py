"""MTG-Jamendo (Bogdanov et al. 2019, github.com/MTG/mtg-jamendo-dataset): tables of tags, and MP3s in folders `00`..`99`.

A row is TRACK_ID, ARTIST_ID, ALBUM_ID, PATH, DURATION and then as many tags as the track has, each `category---name`
(`instrument---guitar`, `mood/theme---calm`). No name is in two categories, so a label is the name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import Layout, LayoutContent, readable, rows_of, split_of_group, sub_folders
from training.data.recordings import SPLITS, Split

WHOLE = "autotagging"
"""The table of all tags; the others (`autotagging_instrument` and so on) hold a part of it."""

COLUMNS = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION"]
SPLIT_FOLDER = "splits/split-0"
"""The first of the five ways in which the data set is split, by artist: the one that most publications use."""

OPEN_WORLD = "tags are what uploaders wrote: what isn't tagged may sound all the same"


class _Track(NamedTuple):
    id: str
    artist: str
    path: str
    labels: frozenset[str]


def recognises(folder: Path) -> bool:
    """Whether there is a table of tags, here or in `data/`."""
    return bool(_tables(folder))


def read(folder: Path, seed: int) -> LayoutContent:
    """Every tagged track whose audio is there, also in its small form (`214.low.mp3`); its group is the artist.

    Raises:
        DrawstopError: a table isn't as the data set has it.
    """
    tables = _tables(folder)
    roots = list(_audio_roots(folder))
    splits = _own_splits(tables)
    content = LayoutContent(notes=[OPEN_WORLD])
    outside = 0
    for track in _merged(tables):
        split = splits.get(track.id) if splits else split_of_group(track.artist, seed)
        if split is None:
            outside += 1
            continue
        content.add(
            LabelledRecording(_audio(roots or [folder], track.path), track.labels, track.artist, split)
        )
    if outside:
        content.notes.append(f"tracks that {SPLIT_FOLDER} doesn't name, left out: {outside}")
    return content


def _tables(folder: Path) -> list[Path]:
    """The whole table where it is, else those of its parts."""
    for each in (folder, folder / "data"):
        if tables := sorted(each.glob(f"{WHOLE}*.tsv")):
            return [path for path in tables if path.stem == WHOLE] or tables
    return []


def _merged(tables: list[Path]) -> list[_Track]:
    """The tables' tracks, each once, with the tags of all."""
    tracks: dict[str, _Track] = {}
    for track in (track for table in tables for track in _rows(table)):
        before = tracks.get(track.id)
        tracks[track.id] = track if before is None else before._replace(labels=before.labels | track.labels)
    return list(tracks.values())


def _rows(table: Path) -> Iterator[_Track]:
    rows = rows_of(table, "\t")
    with readable(table):
        heading = next(rows, [])
        if heading[: len(COLUMNS)] != COLUMNS:
            raise ValueError(f"expected the columns {' '.join(COLUMNS)}, got {' '.join(heading)}")
        for track, artist, _, path, _, *tags in rows:
            yield _Track(track, artist, path, frozenset(tag.split("---", 1)[1] for tag in tags if tag))


def _own_splits(tables: list[Path]) -> dict[str, Split]:
    """Track -> its part, from the tables' split files; empty where there are none."""
    splits: dict[str, Split] = {}
    for table in tables:
        for split in SPLITS:
            path = table.parent / SPLIT_FOLDER / f"{table.stem}-{split}.tsv"
            if path.is_file():
                splits.update({track.id: split for track in _rows(path)})
    return splits


def _audio_roots(folder: Path) -> Iterator[Path]:
    """Folders, up to two levels down, that hold the audio's folders `00`..`99`."""
    level = [folder]
    for _ in range(3):
        below: list[Path] = []
        for each in level:
            inside = sub_folders(each)
            if any(_is_bucket(path) for path in inside):
                yield each
            below += [path for path in inside if not _is_bucket(path)]
        level = below


def _is_bucket(path: Path) -> bool:
    return re.fullmatch(r"\d\d", path.name) is not None


def _audio(roots: list[Path], path: str) -> Path:
    """A track's file; if there is none, the path that was looked for first."""
    names = (path, str(Path(path).with_suffix(f".low{Path(path).suffix}")))
    candidates = [root / name for root in roots for name in names]
    return next((candidate for candidate in candidates if candidate.is_file()), candidates[0])


LAYOUT = Layout("mtg-jamendo", "autotagging*.tsv, or data/autotagging*.tsv", recognises, read)
