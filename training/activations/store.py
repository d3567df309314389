"""Activation frames on disk: shards, and an index of the recordings that they came from.

A store is a folder: `index.json` and `shards/00000.npy` and so on. Several sites of one model are several stores, written in
one pass by `extraction.extract`. Stores of one file (`frames.npy`), as earlier versions wrote them, are read too.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, write_json
from training.activations.index import (
    FRAMES_FILE,
    INDEX_FILE,
    Shard,
    StoredRecording,
    StoreIndex,
    read_index,
    shard_file,
)
from training.activations.location import open_location
from training.activations.shard_array import ShardedFrames
from training.activations.shards import Dtype, ShardWriter
from training.activations.shuffle import cut
from training.data.recordings import SPLITS, Recording, Split

__all__ = [
    "FRAMES_FILE",
    "INDEX_FILE",
    "ActivationStore",
    "StoredRecording",
    "write_store",
]


class ActivationStore:
    """The frames of one site of one model, read through memory maps.

    Attributes:
        path: the folder, or the URL.
        site: the name of the site in the model.
        fingerprint: the model's fingerprint.
        frames: `[n_frames, width]`, read-only, float32 whatever is stored.
        recordings: one entry per recording, in the order of their frames.
        piece_frames: how many frames of a recording the model took in one go, at most; None: all of them.
    """

    def __init__(self, path: Path | str, index: StoreIndex, frames: ShardedFrames) -> None:
        self.path, self.index, self.frames = path, index, frames
        self.site, self.fingerprint, self.piece_frames = index.site, index.fingerprint, index.piece_frames
        self.recordings = index.recordings

    @classmethod
    def open(cls, path: Path | str, verify: bool = True, cache: Path | None = None) -> "ActivationStore":
        """Open a store that `write_store` or `extraction.extract` wrote.

        Args:
            path: a folder, or an fsspec URL (`s3://bucket/frames`), whose shards are fetched whole when they are first read.
            verify: compare each shard's SHA-256 when it is first read; what is fetched is always compared.
            cache: where fetched shards lie; None: `$XDG_CACHE_HOME/drawstop/shards`.

        Raises:
            DrawstopError: no store there, an unfinished one, one whose index is damaged, of another version's format, or a
                shard that is missing. When a shard is first read: corrupt.
        """
        location = open_location(path, verify, cache)
        text = location.text(INDEX_FILE)
        if text is None:
            raise DrawstopError(f"no activation store in {path}: expected {INDEX_FILE}; collect it")
        index = read_index(text, path)
        if index.unfinished:
            raise DrawstopError(
                f"the activation store {path} is unfinished, {index.unfinished} of its {len(index.shards)} shards aren't "
                f"known to be there: give the command that began it again, it goes on where it was"
            )
        location.require(shard.file for shard in index.shards)
        frames = ShardedFrames(
            index.width,
            index.dtype,
            [each.start for each in index.recordings],
            index.offsets(),
            [shard.rows for shard in index.shards],
            lambda number: location.shard(index.shards[number].file, index.shards[number].sha256),
        )
        return cls(path, index, frames)

    @property
    def width(self) -> int:
        """Numbers per frame."""
        return self.index.width

    def split(self, name: Split) -> list[int]:
        """The numbers of the recordings in a split, in order; may be empty."""
        if name not in SPLITS:
            raise DrawstopError(f"expected a split out of {', '.join(SPLITS)}, got {name!r}")
        return [i for i, recording in enumerate(self.recordings) if recording.split == name]

    def pieces(self, split: Split | None = None) -> list[range]:
        """The row numbers of a split's frames (None: of all frames), ascending, piece by piece."""
        chosen = range(len(self.recordings)) if split is None else self.split(split)
        spans = [(self.recordings[i].start, self.recordings[i].stop) for i in chosen]
        return [piece for start, stop in spans for piece in cut(start, stop, self.piece_frames)]

    def rows(self, split: Split | None = None) -> npt.NDArray[np.int64]:
        """The row numbers of a split's frames (None: of all frames), ascending."""
        spans = [np.arange(piece.start, piece.stop, dtype=np.int64) for piece in self.pieces(split)]
        return np.concatenate([np.empty(0, dtype=np.int64), *spans])


def write_store(
    out: Path,
    site: str,
    fingerprint: str,
    items: Iterable[tuple[Recording, npt.NDArray[Any]]],
    dtype: Dtype = "float32",
) -> ActivationStore:
    """Write given frames as a store of one shard; `out` appears only when all of it is written.

    Args:
        out: the store's folder. An older store there is replaced, any other non-empty folder is refused.
        site: the name of the site in the model.
        fingerprint: the model's fingerprint.
        items: recordings and their frames `[frames, width]`, all of one width; taken one at a time.

    Raises:
        DrawstopError: no items, frames of another width or not finite, or a folder that can't be written.
    """
    stream, entries = iter(items), list[StoredRecording]()
    first = next(stream, None)
    if first is None or first[1].size == 0:
        raise DrawstopError(
            "expected at least one recording with one frame, got none; check the folder of recordings"
        )
    width = int(first[1].shape[-1])
    with atomic_folder(out, marker=INDEX_FILE) as folder:
        with ShardWriter(folder / shard_file(0), width, dtype) as writer:
            for recording, frames in itertools.chain([first], stream):
                start = writer.rows
                writer.add(frames, recording.path)
                entries.append(StoredRecording.of(recording, start, writer.rows))
            shard = Shard(shard_file(0), writer.rows, tuple(range(len(entries))), writer.finish())
        index = StoreIndex(site, fingerprint, width, dtype, None, tuple(entries), (shard,))
        write_json(folder / INDEX_FILE, index.as_json())
    return ActivationStore.open(out, verify=False)
