"""A stretch of the instrument that some backend computes, with its own streaming state."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from realtime.backends.graph import StreamGraph


class Segment(Protocol):
    """Computes one stretch block by block. Shape: the recorded one's."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The next block; it may be overwritten by the block after."""

    def reset(self) -> None:
        """As freshly made."""


Compiler = Callable[[StreamGraph], Segment]
