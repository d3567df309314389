"""The interface of a backend: it computes a stretch of the instrument, with its own streaming state."""

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor

from realtime.backends.graph import StreamGraph


class Segment(Protocol):
    """Computes one stretch block by block, in the shapes that were recorded."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Play the next block; the result may be overwritten by the block after."""

    def reset(self) -> None:
        """Set the streaming state back to that of a fresh load."""

    @property
    def state(self) -> list[Tensor]:
        """A copy of the streaming state."""

    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from this `state`."""


Compiler = Callable[[StreamGraph], Segment]
"""Makes a segment of a recorded graph."""
