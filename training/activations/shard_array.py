"""The rows of a store's shards as one array, whatever order and dtype they are stored in."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from training.activations.shards import MEND, STORED_TYPES, Dtype, Frames, decode
from training.activations.shuffle import Rows

_OPEN_SHARDS = 1024  # maps of one store at a time: Linux lets a process have 65,530


class ShardedFrames:
    """The rows of all shards as one array `[n_frames, width]`, read-only, float32 whatever is stored.

    Row numbers follow the recordings in the index's order; where the rows lie follows the shards.

    Args:
        starts: the first row of each recording, ascending.
        offsets: number of each recording's first row if the shards are laid end to end.
        shard_rows: number of rows of each shard.
        locate: gives a shard's local file by its number; called once, when its first row is read.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        width: int,
        stored_as: Dtype,
        starts: Sequence[int],
        offsets: Sequence[int],
        shard_rows: Sequence[int],
        locate: Callable[[int], Path],
    ) -> None:
        self.stored_as, self._locate = stored_as, locate
        self.shape = (sum(shard_rows), width)
        self._starts, self._offsets = np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)
        self._bounds = np.concatenate([[0], np.cumsum(shard_rows)]).astype(np.int64)
        self._located = dict[int, Path]()
        self._maps: OrderedDict[int, npt.NDArray[Any]] = OrderedDict()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows | slice | int) -> Frames:
        """Rows by their numbers: a copy, or the map itself if all rows of a slice are contiguous and float32."""
        if isinstance(rows, slice):
            first, stop, step = rows.indices(len(self))
            if step == 1 and stop > first and self._contiguous(first, stop):
                return decode(self.stored(first, stop), self.stored_as)
            return self._gather(np.arange(first, stop, step, dtype=np.int64))
        if isinstance(rows, int):
            return self._gather(np.array([rows], dtype=np.int64))[0]
        return self._gather(np.asarray(rows, dtype=np.int64))

    def __array__(self, dtype: Any = None) -> npt.NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def stored(self, first: int, stop: int) -> npt.NDArray[Any]:
        """Rows of one recording, or of several that are contiguous, as they are stored: a view of the map."""
        offset = int(self._offset(np.array([first]))[0])
        shard = int(np.searchsorted(self._bounds, offset, side="right")) - 1
        at = offset - int(self._bounds[shard])
        return self._map(shard)[at : at + stop - first]

    def check(self) -> None:
        """Locates every shard, which checks what isn't checked yet. Raises DrawstopError as `locate`."""
        for shard in range(len(self._bounds) - 1):
            self._map(shard)

    def _contiguous(self, first: int, stop: int) -> bool:
        ends = self._offset(np.array([first, stop - 1]))
        one_shard = len(set(np.searchsorted(self._bounds, ends, side="right"))) == 1
        recordings = np.searchsorted(self._starts, [first, stop - 1], side="right") - 1
        between = (
            self._offsets[recordings[0] : recordings[1] + 1] - self._starts[recordings[0] : recordings[1] + 1]
        )
        return one_shard and len(set(between.tolist())) == 1

    def _offset(self, rows: Rows) -> Rows:
        recordings = np.searchsorted(self._starts, rows, side="right") - 1
        return np.asarray(rows - self._starts[recordings] + self._offsets[recordings])

    def _gather(self, rows: Rows) -> Frames:
        if len(rows) and (rows.min() < -len(self) or rows.max() >= len(self)):
            raise IndexError(f"expected rows from 0 to {len(self) - 1}, got {rows.min()} to {rows.max()}")
        offsets = self._offset(np.where(rows < 0, rows + len(self), rows))
        shards = np.searchsorted(self._bounds, offsets, side="right") - 1
        frames = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        for shard in np.unique(shards):
            which = np.flatnonzero(shards == shard)
            frames[which] = decode(
                self._map(int(shard))[offsets[which] - self._bounds[shard]], self.stored_as
            )
        return frames

    def _map(self, shard: int) -> npt.NDArray[Any]:
        if shard in self._maps:
            self._maps.move_to_end(shard)
            return self._maps[shard]
        if shard not in self._located:
            self._located[shard] = self._locate(shard)
        path, rows = self._located[shard], int(self._bounds[shard + 1] - self._bounds[shard])
        self._maps[shard] = open_shard(path, rows, self.shape[1], self.stored_as)
        if len(self._maps) > _OPEN_SHARDS:
            self._maps.popitem(last=False)
        return self._maps[shard]


def open_shard(path: Path, rows: int, width: int, dtype: Dtype) -> npt.NDArray[Any]:
    """A shard's memory map. Raises DrawstopError if its shape or type isn't the index's."""
    try:
        mapped = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise DrawstopError(f"the shard {path} is damaged ({error}); {MEND}") from error
    if mapped.shape != (rows, width) or mapped.dtype != STORED_TYPES[dtype]:
        raise DrawstopError(
            f"the shard {path} is damaged: expected [{rows}, {width}] {dtype}, got {list(mapped.shape)} {mapped.dtype}; {MEND}"
        )
    return np.asarray(mapped) if rows == 0 else mapped
