"""Blocks of any length through methods that compute whole frames: what doesn't fill a frame waits for the next block.

RAVE's own exports fill such a block up with zeros, which lengthens the output and shifts everything after it, and raise for
an empty one.
"""

import torch
from torch import Tensor, nn


class WaitingSamples(nn.Module):
    """The samples that don't fill a frame yet, put in front of the next block.

    Shape: `[voices, channels, samples]` -> `[voices, channels, samples]`, a multiple of the ratio, 0 too. Another number of
    voices than in the block before begins anew.
    """

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.ratio: int = ratio
        self.waiting = torch.zeros(0, 0, 0)

    def forward(self, x: Tensor) -> Tensor:
        if self.waiting.shape[-1] > 0 and self.waiting.shape[:2] == x.shape[:2]:
            x = torch.cat([self.waiting, x], -1)
        whole = x.shape[-1] - x.shape[-1] % self.ratio
        self.waiting = x[:, :, whole:].clone()
        return x[:, :, :whole]

    @torch.jit.export
    def is_empty(self) -> bool:
        return self.waiting.shape[-1] == 0

    @torch.jit.export
    def clear(self) -> None:
        self.waiting = torch.zeros(0, 0, 0)


class PlayedSamples(nn.Module):
    """Played samples that nobody has asked for yet: a queue that begins with one frame of silence.

    With that frame there are always enough, whatever the lengths of the blocks; it delays the sound by `ratio` samples.
    Shape: `[voices, channels, samples]`, and how many to give -> `[voices, channels, wanted]`.
    """

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.ratio: int = ratio
        self.begun: bool = False
        self.queue = torch.zeros(0, 0, 0)

    def forward(self, played: Tensor, wanted: int) -> Tensor:
        if not self.begun or self.queue.shape[:2] != played.shape[:2]:
            self.queue = torch.zeros(played.shape[0], played.shape[1], self.ratio)
            self.begun = True
        joined = torch.cat([self.queue, played], -1)
        self.queue = joined[:, :, wanted:].clone()
        return joined[:, :, :wanted]

    @torch.jit.export
    def clear(self) -> None:
        self.begun = False
        self.queue = torch.zeros(0, 0, 0)
