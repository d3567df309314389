"""FMA (Defferrard et al. 2017, github.com/mdeff/fma): `fma_metadata/tracks.csv`, and MP3s as `fma_small/000/000002.mp3`.

The table has two rows of headings (`set`/`split`, `track`/`genre_top`, `artist`/`id`), then one that names the index.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import SPLIT_FOLDERS, Layout, LayoutContent, readable, rows_of

TABLE = "tracks.csv"
METADATA = "fma_metadata"
SIZES = ("small", "medium", "large", "full")
"""Sizes of the audio archives; each contains the smaller ones, and the table has the smallest that contains a track."""


class _Track(NamedTuple):
    id: int
    size: str
    split: str
    genre: str
    artist: str


def recognises(folder: Path) -> bool:
    """Whether the table of tracks is there."""
    return _table(folder) is not None


def read(folder: Path, seed: int) -> LayoutContent:
    """Every track of the archives that are there; its label is its top genre, in lower case, and its group the artist.

    Raises:
        DrawstopError: the table isn't as the data set has it.
    """
    table = _table(folder)
    assert table is not None
    archives = {size: folder / f"fma_{size}" for size in SIZES if (folder / f"fma_{size}").is_dir()}
    archives = archives or {folder.name.removeprefix("fma_"): folder}
    content = LayoutContent()
    unknown = 0
    with readable(table):
        for track in _tracks(table):
            paths = [_audio(root, track.id) for size, root in archives.items() if _holds(size, track.size)]
            if not paths:
                continue
            if not track.genre:
                unknown += 1
                continue
            path = next((path for path in paths if path.is_file()), paths[0])
            labels = frozenset({track.genre.lower()})
            content.add(LabelledRecording(path, labels, track.artist, SPLIT_FOLDERS[track.split]))
    if unknown:
        content.notes.append(f"tracks without a top genre, left out: {unknown}")
    return content


def _table(folder: Path) -> Path | None:
    folders = [folder / METADATA, folder]
    if folder.resolve().name.startswith("fma_"):
        folders.append(folder.resolve().parent / METADATA)
    return next((each / TABLE for each in folders if (each / TABLE).is_file()), None)


def _tracks(table: Path) -> Iterator[_Track]:
    rows = rows_of(table, ",")
    columns = list(zip(next(rows, []), next(rows, []), strict=True))
    wanted = [("set", "subset"), ("set", "split"), ("track", "genre_top"), ("artist", "id")]
    indices = [columns.index(name) for name in wanted]
    for row in rows:
        if row[0].isdigit():  # the row below the headings names the index
            yield _Track(int(row[0]), *(row[index] for index in indices))


def _holds(archive: str, size: str) -> bool:
    """Whether an archive should contain a track of a size; a folder of another name may contain any."""
    return archive not in SIZES or SIZES.index(size) <= SIZES.index(archive)


def _audio(root: Path, track: int) -> Path:
    return root / f"{track:06d}"[:3] / f"{track:06d}.mp3"


LAYOUT = Layout("fma", "fma_metadata/tracks.csv beside fma_small/ (or medium, large, full)", recognises, read)
