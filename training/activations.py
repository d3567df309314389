"""Activation frames on disk: one memory-mapped array, an index of the recordings they came from, and batches
of them.

A store is a folder that appears whole or not at all: `frames.npy` (float32 `[n_frames, width]`) and
`index.json`. Several sites of one model are several stores, written in one pass.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch

from drawstop.base.errors import DrawstopError
from drawstop.base.files import atomic_folder, write_json
from training.order import ShuffledRows, cut
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


class ActivationStore:
    """The frames of one site of one model, read through a memory map.

    Attributes:
        site: the name of the place in the model.
        fingerprint: the model's fingerprint.
        frames: float32 `[n_frames, width]`, memory-mapped, read-only.
        recordings: one entry per recording, in the order of their frames.
        piece_frames: how many frames of a recording the model heard in one go, at most; None: all of them.
    """

    def __init__(
        self,
        path: Path,
        site: str,
        fingerprint: str,
        frames: Frames,
        recordings: tuple[StoredRecording, ...],
        piece_frames: int | None = None,
    ) -> None:
        self.path, self.site, self.fingerprint = path, site, fingerprint
        self.frames, self.recordings, self.piece_frames = frames, recordings, piece_frames

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
            piece_frames = index.get("piece_frames")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DrawstopError(
                f"the activation store {path} is damaged ({error}); collect it again"
            ) from error
        if format != _FORMAT or frames.shape != shape or frames.dtype != np.float32:
            raise DrawstopError(
                f"the activation store {path} is damaged: expected format {_FORMAT}, {list(shape)} float32, "
                f"got format {format} and {frames.dtype} {list(frames.shape)}; collect it again"
            )
        return cls(path, site, fingerprint, frames, recordings, piece_frames)

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

    def pieces(self, split: Split | None = None) -> list[range]:
        """The row numbers of a split's frames (None: of all frames), ascending, piece by piece."""
        chosen = range(len(self.recordings)) if split is None else self.split(split)
        spans = [(self.recordings[i].start, self.recordings[i].stop) for i in chosen]
        return [piece for start, stop in spans for piece in cut(start, stop, self.piece_frames)]

    def rows(self, split: Split | None = None) -> npt.NDArray[np.int64]:
        """The row numbers of a split's frames (None: of all frames), ascending."""
        spans = [np.arange(piece.start, piece.stop, dtype=np.int64) for piece in self.pieces(split)]
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
        shuffled, step = ShuffledRows(self.pieces(split), size, seed), start
        rows = shuffled.window(0)
        while True:
            yield torch.from_numpy(self.frames[rows[shuffled.places(step)]])
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
    one_site = ((recording, {site: frames}) for recording, frames in items)
    return write_stores({site: out}, fingerprint, one_site)[site]


def write_stores(
    places: Mapping[str, Path],
    fingerprint: str,
    items: Iterable[tuple[Recording, Mapping[str, npt.NDArray[Any]]]],
    piece_frames: int | None = None,
) -> dict[str, ActivationStore]:
    """`write_store` for several sites in one pass over the recordings.

    Args:
        places: the store's folder of each site.
        items: recordings and their frames of each site.
        piece_frames: how many frames of a recording the model heard in one go, at most; None: all of them.

    Raises:
        DrawstopError: as `write_store`.
    """
    with ExitStack() as opened:
        folders = {
            site: opened.enter_context(atomic_folder(out, marker=INDEX_FILE)) for site, out in places.items()
        }
        with ExitStack() as files:
            writers = {
                site: _Writer(files.enter_context((folder / FRAMES_FILE).open("wb")))
                for site, folder in folders.items()
            }
            for recording, frames in items:
                for site, writer in writers.items():
                    writer.add(recording, frames[site])
            for writer in writers.values():
                writer.finish()
        for site, folder in folders.items():
            index = writers[site].index() | {"format": _FORMAT, "site": site, "fingerprint": fingerprint}
            write_json(folder / INDEX_FILE, index | ({"piece_frames": piece_frames} if piece_frames else {}))
    return {site: ActivationStore.open(out) for site, out in places.items()}


class _Writer:
    """Appends frames behind a header, then writes the header again with the true count (numpy leaves room for it)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._entries = file, list[StoredRecording]()
        self._width, self._rows = 0, 0

    def add(self, recording: Recording, array: npt.NDArray[Any]) -> None:
        frames = np.ascontiguousarray(array, dtype=np.float32)
        _check_frames(frames, self._width, recording.path)
        if not self._entries:
            self._width = int(frames.shape[1])
            _write_header(self._file, 0, self._width)
        self._file.write(frames.tobytes())
        start, self._rows = self._rows, self._rows + len(frames)
        path = recording.path.as_posix()
        self._entries.append(
            StoredRecording(path, recording.label, recording.hash, recording.split, start, self._rows)
        )

    def finish(self) -> None:
        if self._rows == 0:
            raise DrawstopError(
                "expected at least one recording with one frame, got none; check the folder of recordings"
            )
        self._file.seek(0)
        _write_header(self._file, self._rows, self._width)

    def index(self) -> dict[str, Any]:
        return {"width": self._width, "recordings": [asdict(entry) for entry in self._entries]}


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
