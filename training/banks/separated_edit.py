"""The edit of a separated bank on whole recordings, and the random edit of the same size beside it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.banks.separated_bank import SeparatedBank
from training.banks.separated_steering import amount
from training.separation.grain_stream import GrainStream
from training.separation.grains import GrainLibrary
from training.separation.separator import FRAMES_PER_STEP, Heard, Separator


def whole_steps(latents: Tensor) -> Tensor:
    """Latents with silence after them, up to the end of a step. `[..., frames]` -> the same with frames a multiple of 4."""
    return torch.nn.functional.pad(latents, (0, -latents.shape[-1] % FRAMES_PER_STEP))


class Listened:
    """What a separator makes of recordings, kept for edits of the same recordings.

    Args:
        most: recordings that are kept, the last ones; a gigabyte for three minutes of sound.
    """

    def __init__(self, separator: Separator, most: int = 0) -> None:
        self.separator, self.most = separator, most
        self._kept: list[tuple[Tensor, Heard]] = []

    def __call__(self, latents: Tensor) -> Heard:
        for known, heard in self._kept:
            if known is latents:
                return heard
        heard = self.separator.listen(whole_steps(latents))
        self._kept = [*self._kept, (latents, heard)][-self.most :] if self.most else []
        return heard


class SeparatedEdit:
    """A bank's own edit of whole recordings, from silence, with knobs that stand still.

    Args:
        listened: shared by edits of the same recordings with the same separator, so that it listens once.
    """

    def __init__(self, bank: SeparatedBank, listened: Listened | None = None) -> None:
        self.bank, self.listened = bank, listened or Listened(bank.separator)

    @torch.no_grad()
    def __call__(self, latents: Tensor, values: Sequence[float]) -> Tensor:
        """Steered latents. `[batch, latents, frames]` and a value per stop -> the same shape."""
        if not len(latents):
            return latents
        separator = self.bank.separator
        whole = whole_steps(latents)
        heard, left, moved = self.listened(latents), whole, False
        for stop, value in zip(self.bank.stops, values, strict=True):
            if value < 0:
                if left is not whole:
                    heard = heard._replace(frames=separator.last_frames(left))
                part = self.part(heard, stop.query)
                left = left - amount(torch.tensor(value), torch.tensor(stop.depth_db)) * part
            elif value > 0 and stop.grains is not None:
                left = left + value * self.grains(stop.grains, whole)
            moved = moved or value < 0 or (value > 0 and stop.grains is not None)
        return left[..., : latents.shape[-1]] if moved else latents

    def grains(self, library: GrainLibrary, latents: Tensor) -> Tensor:
        """What a library plays to whole recordings. `[batch, latents, frames]` -> the same."""
        return self._played(library, latents, chosen_at_random=False)

    def _played(self, library: GrainLibrary, latents: Tensor, chosen_at_random: bool) -> Tensor:
        stream = GrainStream(library, self.bank.separator.sample_rate, len(latents), chosen_at_random)
        played: Tensor = stream(latents.transpose(1, 2), FRAMES_PER_STEP - 1, True)
        return played.transpose(1, 2)

    def part(self, heard: Heard, query: Tensor) -> Tensor:
        """What belongs to a query. `[query_size]` -> `[batch, latents, frames]`."""
        return self.bank.separator.part(heard, query.expand(len(heard.trunk), -1))


class RandomSeparatedEdit(SeparatedEdit):
    """The control: the separator is asked with each query's numbers in a random order, another one for each clip and stop.

    What it takes away has the energy, over the clip, of what the stop takes away. What it brings in are grains of the same
    library, but any of them, whatever plays.
    """

    def __init__(self, bank: SeparatedBank, seed: int, listened: Listened | None = None) -> None:
        super().__init__(bank, listened)
        self.generator = torch.Generator().manual_seed(seed)

    def grains(self, library: GrainLibrary, latents: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.generator.initial_seed())
            return self._played(library, latents, chosen_at_random=True)

    def part(self, heard: Heard, query: Tensor) -> Tensor:
        own = super().part(heard, query)
        orders = [torch.randperm(len(query), generator=self.generator) for _ in range(len(own))]
        other = self.bank.separator.part(heard, torch.stack([query[order] for order in orders]))
        energies = [x.square().sum((1, 2), keepdim=True).clamp(min=1e-9) for x in (own, other)]
        return other * (energies[0] / energies[1]).sqrt()
