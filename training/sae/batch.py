"""A step's batch in parts, which one process computes one after the other or several processes share.

Key idea: losses are means over frames, so parts' losses weighted by their shares add up to the batch's, and so do gradients.
Values that aren't such means are measured over the whole batch first, and then are constants in every part: BatchTopK's
threshold (`BatchThreshold`), which features fired, the error's power (AuxK) and the L0 of JumpReLU (`BatchStatistics`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from training.sae.distributed import ProcessGroup


class Batch:
    """This process's share of a batch, x `[frames, d_in]`, split into parts that are computed one after the other.

    Args:
        frames_at_once: frames of a part; None: all.
        batch_size: frames of the whole batch, if several processes share it.

    Attributes:
        parts: x `[frames, d_in]` of each part.
        frames: number of frames in the whole batch, over all processes.
        is_whole: the only part is the whole batch.
    """

    def __init__(
        self, x: torch.Tensor, frames_at_once: int | None, batch_size: int, group: ProcessGroup
    ) -> None:
        self.parts = x.split(frames_at_once or len(x))
        self.frames = len(x) if group.size == 1 else batch_size
        self.is_whole = group.size == 1 and len(self.parts) == 1

    def share(self, part: torch.Tensor) -> float:
        """A part's share of the whole batch, 0..1."""
        return len(part) / self.frames


@dataclass(frozen=True)
class BatchStatistics:
    """Statistics of the whole batch that every part needs.

    Attributes:
        fired: which features are active in any frame: bool `[n_features]`.
        power: the reconstruction's mean squared error `[]`.  l0: see `Objective.l0`, `[]`. Both None if one part is the
            whole batch.
    """

    fired: torch.Tensor
    power: torch.Tensor | None = None
    l0: torch.Tensor | None = None


class BatchThreshold:
    """The smallest of a whole batch's largest values, as a threshold for the parts of the batch, in their order.

    Frames that come twice have equal values. Where these equal the threshold, only so many of them belong to the largest.

    Args:
        value: the smallest of the largest `[]`.
        ties: how many of those parts' values that equal it pass, from the first part on.
    """

    def __init__(self, value: torch.Tensor, ties: int) -> None:
        self.value, self.ties, self._ties_left = value, ties, ties

    def restart(self) -> None:
        """Start again from the first part."""
        self._ties_left = self.ties

    def mask(self, pre: torch.Tensor) -> torch.Tensor:
        """Which values of the next part belong to the largest, and are above 0: bool, same shape."""
        tied = pre == self.value
        count = int(tied.sum())
        if count > self._ties_left:
            tied &= (tied.flatten().cumsum(0) <= self._ties_left).view_as(tied)
        self._ties_left -= min(count, self._ties_left)
        return ((pre > self.value) | tied) & (pre > 0)
