"""The edit of a separated bank on whole recordings, and the random edit of the same size beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class _Kept:
    """Recordings, what a separator makes of them, and the parts that it was asked for, with their queries."""

    latents: Tensor
    heard: Heard
    parts: list[tuple[Tensor, Tensor]] = field(default_factory=list)


class Listened:
    """What a separator makes of recordings, and the parts of queries, kept for edits of the same recordings.

    Args:
        most: sets of recordings that are kept, the last ones; a gigabyte for three minutes of sound.
    """

    def __init__(self, separator: Separator, most: int = 0) -> None:
        self.separator, self.most = separator, most
        self._kept: list[_Kept] = []

    def __call__(self, latents: Tensor) -> Heard:
        for kept in self._kept:
            if kept.latents is latents or torch.equal(kept.latents, latents):
                return kept.heard
        heard = self.separator.listen(whole_steps(latents))
        self._kept = [*self._kept, _Kept(latents, heard)][-self.most :] if self.most else []
        return heard

    def part(self, heard: Heard, query: Tensor) -> Tensor:
        """What belongs to a query in each recording. `[query_size]` -> `[batch, latents, frames]`."""
        parts = next((kept.parts for kept in self._kept if kept.heard is heard), [])
        for asked, part in parts:
            if torch.equal(asked, query):
                return part
        parts.append((query, self.separator.part(heard, query.expand(len(heard.trunk), -1))))
        return parts[-1][1]


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
        heard: Heard | None = None
        left, moved = whole, False
        for stop, value in zip(self.bank.stops, values, strict=True):
            if value < 0:
                if heard is None:
                    heard = self.listened(latents)
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
        return self.listened.part(heard, query)


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
