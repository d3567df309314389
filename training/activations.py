"""Activation frames on disk: one memory-mapped array, an index of the recordings they came from, and batches
of them.

A store is a folder that appears whole or not at all: `frames.npy` (float32 `[n_frames, width]`) and
`index.json`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch

from drawstop.base.errors import DrawstopError
from drawstop.base.files import atomic_folder, write_json
from training.recordings import SPLITS, Recording, Split

Frames = npt.NDArray[np.float32]

FRAMES_FILE = "frames.npy"
INDEX_FILE = "index.json"
_FORMAT = 1


@dataclass(frozen=True)
class StoredRecording:
    """Where one recording's frames lie in the store: rows `start` to `stop` (not included)."""

    path: str
    label: str
    hash: str
    split: Split
    start: int
    stop: int


class ShuffledRows:
    """An endless, shuffled stream of row numbers that can be entered at any step.

    Epoch e is a permutation drawn from (seed, e) alone, and batch s takes the stream's places `s * size` to
    `(s + 1) * size`: so a batch depends on (rows, size, seed, step) and on nothing that happened before.
    """

    def __init__(self, rows: npt.NDArray[np.int64], size: int, seed: int) -> None:
        if len(rows) == 0 or size < 1:
            raise DrawstopError(
                f"expected at least one frame and a batch size of 1 or more, got {len(rows)} and {size}"
            )
        self._rows, self._size, self._seed = rows, size, seed
        self._epoch, self._order = -1, rows

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """The rows of batch number `step`: `[size]`."""
        first, stop = step * self._size, (step + 1) * self._size
        parts, count = [], len(self._rows)
        while first < stop:
            epoch, place = divmod(first, count)
            part = self._epoch_order(epoch)[place : place + stop - first]
            parts.append(part)
            first += len(part)
        return np.concatenate(parts)

    def _epoch_order(self, epoch: int) -> npt.NDArray[np.int64]:
        if epoch != self._epoch:
            self._order = np.random.default_rng([self._seed, epoch]).permutation(self._rows)
            self._epoch = epoch
        return self._order


class ActivationStore:
    """The frames of one site of one model, read through a memory map.

    Attributes:
        site: the name of the place in the model.
        fingerprint: the model's fingerprint.
        frames: float32 `[n_frames, width]`, memory-mapped, read-only.
        recordings: one entry per recording, in the order of their frames.
    """

    def __init__(
        self, path: Path, site: str, fingerprint: str, frames: Frames, recordings: tuple[StoredRecording, ...]
    ) -> None:
        self.path, self.site, self.fingerprint = path, site, fingerprint
        self.frames, self.recordings = frames, recordings

    @classmethod
    def open(cls, path: Path) -> "ActivationStore":
        """Open a store that `write_store` wrote.

        Raises:
            DrawstopError: no store there, or one whose files are damaged or don't belong together.
        """
        path = Path(path)
        if not (path / INDEX_FILE).is_file() or not (path / FRAMES_FILE).is_file():
            raise DrawstopError(
                f"no activation store in {path}: expected {INDEX_FILE} and {FRAMES_FILE}; collect it"
            )
        try:
            index = json.loads((path / INDEX_FILE).read_text(encoding="utf-8"))
            recordings = tuple(StoredRecording(**entry) for entry in index["recordings"])
            frames = np.load(path / FRAMES_FILE, mmap_mode="r")
            shape = (recordings[-1].stop, index["width"])
            site, fingerprint, format = str(index["site"]), str(index["fingerprint"]), index["format"]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DrawstopError(
                f"the activation store {path} is damaged ({error}); collect it again"
            ) from error
        if format != _FORMAT or frames.shape != shape or frames.dtype != np.float32:
            raise DrawstopError(
                f"the activation store {path} is damaged: expected format {_FORMAT}, {list(shape)} float32, "
                f"got format {format} and {frames.dtype} {list(frames.shape)}; collect it again"
            )
        return cls(path, site, fingerprint, frames, recordings)

    @property
    def width(self) -> int:
        """Numbers per frame."""
        return int(self.frames.shape[1])

    def frames_of(self, i: int) -> Frames:
        """The frames of recording i: `[frames, width]`."""
        return self.frames[self.recordings[i].start : self.recordings[i].stop]

    def split(self, name: Split) -> list[int]:
        """The numbers of the recordings in a split, in order; may be empty."""
        if name not in SPLITS:
            raise DrawstopError(f"expected a split out of {', '.join(SPLITS)}, got {name!r}")
        return [i for i, recording in enumerate(self.recordings) if recording.split == name]

    def rows(self, split: Split | None = None) -> npt.NDArray[np.int64]:
        """The row numbers of a split's frames (None: of all frames), ascending."""
        if split is None:
            return np.arange(len(self.frames), dtype=np.int64)
        spans = [np.arange(self.recordings[i].start, self.recordings[i].stop) for i in self.split(split)]
        return np.concatenate([np.empty(0, dtype=np.int64), *spans])

    def batches(
        self, size: int, seed: int, split: Split | None = "train", start: int = 0
    ) -> Iterator[torch.Tensor]:
        """Endless shuffled batches `[size, width]`; step s is the same batch however the stream was entered.

        Args:
            size: frames per batch.
            seed: of the shuffle.
            split: whose frames; None takes all.
            start: the number of the first batch to give.
        """
        shuffled, step = ShuffledRows(self.rows(split), size, seed), start
        while True:
            yield torch.from_numpy(self.frames[shuffled.batch(step)])
            step += 1


def write_store(
    out: Path, site: str, fingerprint: str, items: Iterable[tuple[Recording, npt.NDArray[Any]]]
) -> ActivationStore:
    """Write a store, one recording at a time; `out` appears only when all of it is written.

    Args:
        out: the store's folder. An older store there is replaced, any other non-empty folder is refused.
        site: the name of the place in the model.
        fingerprint: the model's fingerprint.
        items: recordings and their frames `[frames, width]`, all of one width.

    Raises:
        DrawstopError: no items, frames of another width or not finite, or a place that can't be written.
    """
    with atomic_folder(out, marker=INDEX_FILE) as folder:
        with (folder / FRAMES_FILE).open("wb") as file:
            entries, width = _write_frames(file, items)
        index = {"format": _FORMAT, "site": site, "fingerprint": fingerprint, "width": width}
        write_json(folder / INDEX_FILE, {**index, "recordings": [asdict(entry) for entry in entries]})
    return ActivationStore.open(out)


def _write_frames(
    file: BinaryIO, items: Iterable[tuple[Recording, npt.NDArray[Any]]]
) -> tuple[list[StoredRecording], int]:
    """Append all frames behind a header, then write the header again with the true count (numpy leaves room
    for it)."""
    entries: list[StoredRecording] = []
    width, rows = 0, 0
    for recording, array in items:
        frames = np.ascontiguousarray(array, dtype=np.float32)
        _check_frames(frames, width, recording.path)
        if not entries:
            width = int(frames.shape[1])
            _write_header(file, 0, width)
        file.write(frames.tobytes())
        stop = rows + len(frames)
        entries.append(
            StoredRecording(
                recording.path.as_posix(), recording.label, recording.hash, recording.split, rows, stop
            )
        )
        rows = stop
    if rows == 0:
        raise DrawstopError(
            "expected at least one recording with one frame, got none; check the folder of recordings"
        )
    file.seek(0)
    _write_header(file, rows, width)
    return entries, width


def _check_frames(frames: Frames, width: int, path: Path) -> None:
    if frames.ndim != 2 or frames.shape[1] == 0 or (width and frames.shape[1] != width):
        wanted = f"[frames, {width}]" if width else "[frames, width]"
        raise DrawstopError(f"{path}: expected activations {wanted}, got shape {list(frames.shape)}")
    if not np.isfinite(frames).all():
        raise DrawstopError(
            f"{path}: the model's activations aren't finite; check the model and this recording"
        )


def _write_header(file: BinaryIO, rows: int, width: int) -> None:
    header = {"descr": np.dtype(np.float32).str, "fortran_order": False, "shape": (rows, width)}
    np.lib.format.write_array_header_1_0(file, header)
