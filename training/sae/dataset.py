"""Sources of training frames (a tensor, stores on disk, a model that computes them), and a buffer of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch

from drawstop.errors import DrawstopError
from training.activations.shards import Frames
from training.activations.shuffle import Rows, ShuffledRows
from training.activations.store import ActivationStore
from training.activations.streamed_frames import identity_of
from training.data.recordings import Split
from training.sae.distributed import ONE_PROCESS, ProcessGroup

T = TypeVar("T")

ONE_SITE = "frames"
"""The site of frames that come without a name."""

_MEASURED_FRAMES = 65536  # for metrics of three digits, and thresholds of features that fire once in 10 000
_COPIED_ROWS = 4096


class Source(Protocol):
    """Frames of one or several sites; row r is the same moment at each.

    Attributes:
        widths: numbers per frame of each site.
        random_access: any rows can be read at any time; else reading is costly, and a buffer holds what is read.
        identity: the same for the same frames, and for no others.
    """

    widths: dict[str, int]
    random_access: bool

    @property
    def identity(self) -> str: ...

    def pieces(self, split: Split | None = None) -> list[range]: ...

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None: ...


class TensorFrames:
    """Frames `[frames, width]` that are all for training."""

    random_access = True

    def __init__(self, frames: torch.Tensor) -> None:
        self.frames = frames.detach().cpu().to(torch.float32).contiguous().numpy()
        self.widths = {ONE_SITE: frames.shape[1] if frames.ndim == 2 else 0}

    @property
    def identity(self) -> str:
        """The hash of the frames."""
        return hashlib.sha256(self.frames.tobytes()).hexdigest()

    def pieces(self, split: Split | None = None) -> list[range]:
        """All rows, or none where another split than train is asked for."""
        return [range(len(self.frames))] if split in (None, "train") else []

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Copies rows into the site's array `[rows, width]`."""
        into[ONE_SITE][:] = self.frames[rows]


class StoredFrames:
    """The stores of several sites of one model, of the same recordings.

    Raises:
        DrawstopError: stores that don't belong together.

    It is pickled as the stores' folders, which the other process opens.
    """

    random_access = True

    def __init__(self, stores: list[ActivationStore]) -> None:
        self.stores = {store.site: store for store in stores}
        self.first = stores[0]
        for store in stores:
            if store.recordings != self.first.recordings or store.fingerprint != self.first.fingerprint:
                raise DrawstopError(
                    f"{store.path} and {self.first.path} hold frames of other models, recordings or rates: "
                    f"write them in one run"
                )
        self.widths = {site: store.width for site, store in self.stores.items()}

    def __reduce__(self) -> tuple[Callable[[list[Path | str]], StoredFrames], tuple[list[Path | str]]]:
        return _open_stores, ([store.path for store in self.stores.values()],)

    @property
    def identity(self) -> str:
        """The identity of the model's frames that were stored."""
        return identity_of(self.first.fingerprint, self.first.recordings, self.first.piece_frames)

    def pieces(self, split: Split | None = None) -> list[range]:
        """The rows of a split, piece by piece."""
        return self.first.pieces(split)

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Copies rows into each site's array `[rows, width]`, some at a time: no second copy in memory."""
        for site, array in into.items():
            for first in range(0, len(rows), _COPIED_ROWS):
                part = slice(first, first + _COPIED_ROWS)
                array[part] = self.stores[site].frames[rows[part]]


class SomeSites:
    """Some of a source's sites, the same rows of them."""

    def __init__(self, source: Source, sites: Collection[str]) -> None:
        self.source, self.random_access = source, source.random_access
        self.widths = {site: width for site, width in source.widths.items() if site in sites}

    @property
    def identity(self) -> str:
        """The identity of the whole source."""
        return self.source.identity

    def pieces(self, split: Split | None = None) -> list[range]:
        """The rows of a split, piece by piece."""
        return self.source.pieces(split)

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Copies rows into each site's array `[rows, width]`."""
        self.source.read(rows, into)


class Batches:
    """Batches of all sites of a source, the same rows at each, from any step on; buffers a window if reading is costly.

    Args:
        buffer_frames: rows to buffer, see `ShuffledRows`; None: none if any row can be read at any time, else all.

    Attributes:
        buffer_bytes: size of the buffer: rows x numbers of all sites x 4.
    """

    def __init__(self, source: Source, size: int, seed: int, buffer_frames: int | None = None) -> None:
        self.source = source
        self.shuffled = ShuffledRows(source.pieces("train"), size, seed, buffer_frames)
        self._buffered = buffer_frames is not None or not source.random_access
        self._window, self._rows = -1, np.empty(0, dtype=np.int64)
        self._buffer = _empty(source.widths, self.shuffled.held if self._buffered else 0)

    @property
    def buffer_bytes(self) -> int:
        """Memory that the buffer takes, however long the stream is."""
        return sum(array.nbytes for array in self._buffer.values())

    def enter(self, step: int) -> None:
        """Goes to the window of a step."""
        number = self.shuffled.window_of(step)
        if number != self._window:
            self._window, self._rows = number, self.shuffled.window(number)
            if self._buffered:
                self.source.read(self._rows, self._buffer)

    def __len__(self) -> int:
        """Frames in a window."""
        return self.shuffled.held

    def batch(self, step: int, group: ProcessGroup = ONE_PROCESS) -> Iterator[tuple[str, torch.Tensor]]:
        """Batch number `step`, or this process's share of it, site by site: `[size, width]` each."""
        self.enter(step)
        indices = group.share(self.shuffled.indices(step))
        for site in self.source.widths:
            yield site, self.take(site, indices)

    def stream(
        self, steps: range, group: ProcessGroup, device: str
    ) -> Generator[tuple[str, torch.Tensor], None, None]:
        """The batches of some steps on a device, site after site. Where any rows can be read, the next are read, and pinned for a
        CUDA device, while one is used: nothing else may be asked of these batches until the stream has ended."""
        pinned = torch.device(device).type == "cuda"
        read = (
            (site, x.pin_memory() if pinned else x) for step in steps for site, x in self.batch(step, group)
        )
        for site, x in ahead(read) if self.source.random_access else read:
            yield site, x.to(device, non_blocking=pinned)

    def take(self, site: str, indices: Rows) -> torch.Tensor:
        """Frames of the current window: `[indices, width]`."""
        if self._buffered:
            return torch.from_numpy(self._buffer[site][indices])
        frames = _empty({site: self.source.widths[site]}, len(indices))
        self.source.read(self._rows[indices], frames)
        return torch.from_numpy(frames[site])

    def enter_validation(self) -> int:
        """Makes evenly spread frames of the validation split the window: whole pieces, no more than the buffer has room
        for; gives their number."""
        pieces = self.source.pieces("validation")
        most = min(_MEASURED_FRAMES, len(self)) if self._buffered else _MEASURED_FRAMES
        if self._buffered:
            pieces = pieces[:: max(1, -(-sum(map(len, pieces)) // most))]
        rows = np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(p.start, p.stop) for p in pieces)])
        self._window, self._rows = -1, rows[thinned(len(rows), most)]
        if self._buffered:
            self.source.read(
                self._rows, {site: array[: len(self._rows)] for site, array in self._buffer.items()}
            )
        return len(self._rows)


def _open_stores(folders: list[Path | str]) -> StoredFrames:
    return StoredFrames([ActivationStore.open(folder) for folder in folders])


_END = object()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is made in another thread while one is used."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = maker.submit(next, items, _END)
            yield item  # type: ignore[misc]


def source_of(source: ActivationStore | torch.Tensor) -> Source:
    """A store or a tensor as a source of one site."""
    return StoredFrames([source]) if isinstance(source, ActivationStore) else TensorFrames(source)


def thinned(count: int, most: int = _MEASURED_FRAMES) -> Rows:
    """At most so many of the indices 0 to `count`, evenly spread."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.linspace(0, count - 1, most).astype(np.int64)


def _empty(widths: Mapping[str, int], rows: int) -> dict[str, Frames]:
    return {site: np.empty((rows, width), dtype=np.float32) for site, width in widths.items()}
