"""The edit of a separated bank on whole recordings, and the random edit of the same size beside it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.banks.separated_bank import SeparatedBank
from training.banks.separated_steering import amount
from training.separation.separator import FRAMES_PER_STEP, Heard


class SeparatedEdit:
    """A bank's own edit of whole recordings, from silence, with knobs that stand still."""

    def __init__(self, bank: SeparatedBank) -> None:
        self.bank = bank

    @torch.no_grad()
    def __call__(self, latents: Tensor, values: Sequence[float]) -> Tensor:
        """Steered latents. `[batch, latents, frames]` and a value per stop -> the same shape."""
        if not len(latents):
            return latents
        separator = self.bank.separator
        whole = torch.nn.functional.pad(latents, (0, -latents.shape[-1] % FRAMES_PER_STEP))
        heard, left = separator.listen(whole), whole
        for stop, value in zip(self.bank.stops, values, strict=True):
            if value < 0:
                part = self.part(heard._replace(frames=separator.last_frames(left)), stop.query)
                left = left - amount(torch.tensor(value), torch.tensor(stop.depth_db)) * part
        return left[..., : latents.shape[-1]] if any(value < 0 for value in values) else latents

    def part(self, heard: Heard, query: Tensor) -> Tensor:
        """What belongs to a query. `[query_size]` -> `[batch, latents, frames]`."""
        return self.bank.separator.part(heard, query.expand(len(heard.trunk), -1))


class RandomSeparatedEdit(SeparatedEdit):
    """The control: the separator is asked with each query's numbers in a random order, another one for each clip and stop.

    What it takes away has the energy, over the clip, of what the stop takes away.
    """

    def __init__(self, bank: SeparatedBank, seed: int) -> None:
        super().__init__(bank)
        self.generator = torch.Generator().manual_seed(seed)

    def part(self, heard: Heard, query: Tensor) -> Tensor:
        own = super().part(heard, query)
        orders = [torch.randperm(len(query), generator=self.generator) for _ in range(len(own))]
        other = self.bank.separator.part(heard, torch.stack([query[order] for order in orders]))
        energies = [x.square().sum((1, 2), keepdim=True).clamp(min=1e-9) for x in (own, other)]
        return other * (energies[0] / energies[1]).sqrt()
