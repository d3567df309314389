"""Named arrays in memory that several processes share."""

from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import numpy.typing as npt

ALIGNMENT = 64

Fields = Mapping[str, tuple[tuple[int, ...], str]]
"""Each array's shape and dtype, by its name."""
Descriptor = tuple[Fields, str]
"""The fields and the name of a block of shared memory: `SharedArrays(*descriptor)` attaches to it."""


class SharedArrays:
    """Arrays in one block of shared memory: the first process makes it, others attach by its name.

    Args:
        fields: the arrays; equal in all processes.
        name: the name of the block to attach to; None makes one, all zeros.
    """

    def __init__(self, fields: Fields, name: str | None = None) -> None:
        self.fields = dict(fields)
        sizes = [_size(shape, dtype) for shape, dtype in self.fields.values()]
        self._owner = name is None
        self._memory = SharedMemory(name, create=name is None, size=sum(sizes))
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        offset = 0
        for (field, (shape, dtype)), size in zip(self.fields.items(), sizes, strict=True):
            self._arrays[field] = np.ndarray(shape, dtype, self._memory.buf, offset)
            offset += size

    def __getitem__(self, field: str) -> npt.NDArray[Any]:
        return self._arrays[field]

    @property
    def descriptor(self) -> Descriptor:
        """The arguments with which another process attaches: `SharedArrays(*descriptor)`."""
        return self.fields, self._memory.name

    def close(self) -> None:
        """Let go of the memory; the process that made it removes it. The arrays mustn't be used afterwards."""
        self._arrays.clear()
        with suppress(BufferError):  # someone still holds a view: the process's end will free it
            self._memory.close()
        if self._owner:
            self._memory.unlink()


def ring_parts(start: int, length: int, size: int) -> list[tuple[slice, slice]]:
    """Slices of samples start .. start + length - 1, each with the slice of a ring in which it lies.

    >>> ring_parts(6, 4, 8)
    [(slice(0, 2, None), slice(6, 8, None)), (slice(2, 4, None), slice(0, 2, None))]
    """
    offset = start % size
    first = min(length, size - offset)
    parts = [(slice(0, first), slice(offset, offset + first))]
    if first < length:
        parts.append((slice(first, length), slice(0, length - first)))
    return parts


def _size(shape: tuple[int, ...], dtype: str) -> int:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return -(-size // ALIGNMENT) * ALIGNMENT
