"""Shards: the files that a store's frames lie in, written row by row and read through memory maps.

A shard is a numpy array `[rows, width]` in a `.npy` file (plain `np.load` reads it), and beside it, until the whole
store is done, its hash in the format of `sha256sum`. Not Arrow or webdataset: rows are fixed-size and read at random,
which a map does without decoding anything.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from drawstop.errors import DrawstopError, reason_of
from drawstop.files import atomic_file, sha256_file

Frames = npt.NDArray[np.float32]
Dtype = Literal["float32", "float16", "bfloat16"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)

MEND = "give the command that wrote the store again: it writes this shard anew and keeps the others"

STORED_TYPES: dict[Dtype, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
}


def number_bytes(dtype: Dtype) -> int:
    """Bytes of one stored number."""
    return STORED_TYPES[dtype].itemsize


def read_dtype(name: str) -> Dtype:
    """A dtype by its name. Raises DrawstopError for any other than float32, float16, bfloat16."""
    for dtype in DTYPES:
        if dtype == name:
            return dtype
    raise DrawstopError(f"expected frames stored as one of {', '.join(DTYPES)}, got {name!r}")


def encode(frames: npt.NDArray[Any], dtype: Dtype) -> npt.NDArray[Any]:
    """Encodes float32 frames for storage; bfloat16, which numpy doesn't have, as its 16 bits.

    >>> encode(np.array([[1.0, -2.0]]), "bfloat16")
    array([[16256, 49152]], dtype=uint16)
    """
    plain = np.ascontiguousarray(frames, dtype=np.float32)
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return plain.astype(STORED_TYPES[dtype], copy=False)
    return torch.from_numpy(plain).to(torch.bfloat16).view(torch.int16).numpy().view(STORED_TYPES[dtype])


def decode(stored: npt.NDArray[Any], dtype: Dtype) -> Frames:
    """Stored frames as float32; float32 itself isn't copied.

    >>> decode(encode(np.array([[1.0, -2.0]]), "bfloat16"), "bfloat16")
    array([[ 1., -2.]], dtype=float32)
    """
    if dtype != "bfloat16":
        return stored.astype(np.float32, copy=False)
    return (stored.astype(np.uint32) << 16).view(np.float32)


class ShardWriter:
    """Appends frames to a shard, a context manager; the file appears only when it is finished.

    Args:
        path: the shard's file.
        width: numbers per frame.

    Raises:
        DrawstopError: the disk is full or can't be written; frames of another width, not finite, or too large for the dtype.
    """

    def __init__(self, path: Path, width: int, dtype: Dtype) -> None:
        self.path, self.width, self.dtype, self.rows = path, width, dtype, 0
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")

    def __enter__(self) -> "ShardWriter":
        with self._disk():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for left in self.path.parent.glob(f".{self.path.name}.*"):
                left.unlink(missing_ok=True)  # by a writer that was killed
            self._file = self._temporary.open("wb")
            self._write_header()
        return self

    def add(self, frames: npt.NDArray[Any], what: object) -> None:
        """Appends `[rows, width]`; `what` names them in an error message."""
        if frames.ndim != 2 or frames.shape[1] != self.width:
            raise DrawstopError(
                f"{what}: expected activations [frames, {self.width}], got shape {list(frames.shape)}"
            )
        stored = encode(frames, self.dtype)
        if not np.isfinite(decode(stored, self.dtype)).all():
            raise DrawstopError(self._not_finite(frames, what))
        with self._disk():
            self._file.write(stored.tobytes())
        self.rows += len(stored)

    def finish(self) -> str:
        """Gives the shard and its receipt their names; returns its SHA-256."""
        with self._disk():
            self._file.seek(0)
            self._write_header()  # again, with the true count: numpy leaves room for it
            self._file.flush()
            os.fsync(self._file.fileno())
            sha256 = sha256_file(self._temporary)
            os.replace(self._temporary, self.path)
            write_receipt(self.path, sha256)
        return sha256

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what a full disk didn't take, and we throw away
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _write_header(self) -> None:
        header = {
            "descr": STORED_TYPES[self.dtype].str,
            "fortran_order": False,
            "shape": (self.rows, self.width),
        }
        np.lib.format.write_array_header_1_0(self._file, header)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DrawstopError(
                f"can't write {self.path}: {reason_of(error)}; every finished shard is kept: make room, then give the same "
                f"command again"
            ) from error

    def _not_finite(self, frames: npt.NDArray[Any], what: object) -> str:
        if np.isfinite(frames).all():
            largest = float(np.abs(frames).max())
            return f"{what}: activations of up to {largest:.3g} don't fit into {self.dtype}; use bfloat16 or float32"
        return f"{what}: the model's activations aren't finite; check the model and this recording"


def write_receipt(shard: Path, sha256: str) -> None:
    """Writes a shard's hash beside it in the format of `sha256sum`: `sha256sum -c *.sha256` checks all."""
    with atomic_file(_receipt(shard)) as temporary:
        temporary.write_text(f"{sha256}  {shard.name}\n", encoding="utf-8")


def read_receipt(shard: Path) -> str | None:
    """The SHA-256 that a shard's writer stored; None if the shard or its receipt is missing."""
    if not shard.is_file() or not _receipt(shard).is_file():
        return None
    said = _receipt(shard).read_text(encoding="utf-8").split()
    return said[0] if said else None


def is_whole(shard: Path) -> bool:
    """Says whether a shard is there and holds what its writer wrote: reads all of it."""
    said = read_receipt(shard)
    return said is not None and sha256_file(shard) == said


def copy_shard(theirs: Path, ours: Path) -> None:
    """Copies a shard and its receipt. Raises DrawstopError where that can't be written."""
    with atomic_file(ours) as temporary:
        shutil.copyfile(theirs, temporary)
    write_receipt(ours, read_receipt(theirs) or sha256_file(ours))


def _receipt(shard: Path) -> Path:
    return shard.with_name(f"{shard.name}.sha256")
