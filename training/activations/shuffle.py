"""The order in which a training sees frames: a function of (pieces, batch size, seed, buffer, step) and of nothing else."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError

Rows = npt.NDArray[np.int64]
"""Row numbers."""

_PIECES, _WINDOWS = 1, 2  # keep the two streams of random numbers of a buffered order apart


class ShuffledRows:
    """An endless, shuffled stream of row numbers that can be entered at any step.

    Without a buffer, or with one that holds all rows, each epoch is a random permutation of all rows. With a smaller
    buffer, each epoch lays the pieces end to end in a random order; the resulting stream is cut into windows of the
    buffer's size, and each window is shuffled. Everything follows from the seed and the step, so the stream can be
    entered at any step.

    Attributes:
        held: rows in a window: the buffer rounded down to whole batches; all rows where they fit.
    """

    def __init__(self, pieces: Sequence[range], size: int, seed: int, buffer: int | None = None) -> None:
        self._starts = np.array([piece.start for piece in pieces], dtype=np.int64)
        self._lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
        self._size, self._seed, self._count = size, seed, int(self._lengths.sum())
        if self._count == 0 or size < 1:
            raise DrawstopError(
                f"expected at least one frame and a batch size of 1 or more, got {self._count} and {size}"
            )
        self._whole = buffer is None or buffer >= self._count
        if not self._whole and (buffer or 0) < size:
            raise DrawstopError(f"expected a buffer of a batch ({size} frames) or more, got {buffer}")
        self.held = self._count if self._whole else (buffer or 0) // size * size
        self._shuffled, self._order = -1, np.empty(0, dtype=np.int64)

    def window_of(self, step: int) -> int:
        """The number of the window that batch number `step` is drawn from; 0 where all rows are one window."""
        return 0 if self._whole else step * self._size // self.held

    def window(self, number: int) -> Rows:
        """The rows of a window, in the order in which the buffer is filled: `[held]`."""
        if self._whole:
            return self._concatenated(np.arange(len(self._starts)), 0, self._count)
        first, stop = number * self.held, (number + 1) * self.held
        parts = []
        while first < stop:
            epoch, offset = divmod(first, self._count)
            rng = np.random.default_rng([self._seed, _PIECES, epoch])
            part = self._concatenated(
                rng.permutation(len(self._starts)), offset, min(self._count, offset + stop - first)
            )
            parts.append(part)
            first += len(part)
        return np.concatenate(parts)

    def indices(self, step: int) -> Rows:
        """Batch number `step`, as indices into its window: `[size]`."""
        first, stop = step * self._size, (step + 1) * self._size
        parts = []
        while first < stop:
            number, offset = divmod(first, self.held)
            part = self._permutation(number)[offset : offset + stop - first]
            parts.append(part)
            first += len(part)
        return np.concatenate(parts)

    def _concatenated(self, order: Rows, first: int, stop: int) -> Rows:
        """Rows `first` to `stop` of the pieces laid end to end in an order."""
        starts, lengths = self._starts[order], self._lengths[order]
        before = np.concatenate([[0], np.cumsum(lengths)])
        numbers = np.arange(first, stop)
        piece = np.searchsorted(before, numbers, side="right") - 1
        return np.asarray(starts[piece] + numbers - before[piece], dtype=np.int64)

    def _permutation(self, number: int) -> Rows:
        """The permutation of a window, or of the epoch of that number if all rows are one window."""
        if number != self._shuffled:
            seed = [self._seed, number] if self._whole else [self._seed, _WINDOWS, number]
            self._order = np.random.default_rng(seed).permutation(self.held).astype(np.int64)
            self._shuffled = number
        return self._order


def cut(first: int, stop: int, most: int | None) -> list[range]:
    """Rows `first` to `stop` in pieces of at most `most` rows; None leaves them in one piece.

    >>> cut(10, 35, 10)
    [range(10, 20), range(20, 30), range(30, 35)]
    """
    if most is None:
        return [range(first, stop)] if stop > first else []
    return [range(start, min(start + most, stop)) for start in range(first, stop, most)]
