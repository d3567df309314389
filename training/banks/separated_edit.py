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
from training.separation.separator import FRAMES_PER_STEP, Analysis, Separator


def whole_steps(latents: Tensor) -> Tensor:
    """Latents with silence after them, up to the end of a step. `[..., frames]` -> the same with frames a multiple of 4."""
    return torch.nn.functional.pad(latents, (0, -latents.shape[-1] % FRAMES_PER_STEP))


@dataclass(frozen=True)
class _Cached:
    """Recordings, a separator's analysis of them, and queries with their parts."""

    latents: Tensor
    analysis: Analysis
    parts: list[tuple[Tensor, Tensor]] = field(default_factory=list)


class AnalysisCache:
    """Caches the separator's analysis of recordings, and the parts of queries in them.

    Several edits of the same recordings share it.

    Args:
        most: how many sets of recordings are cached; the oldest is dropped first. Three minutes of sound take about
            1 GB.
    """

    def __init__(self, separator: Separator, most: int = 0) -> None:
        self.separator, self.most = separator, most
        self._cached: list[_Cached] = []

    def __call__(self, latents: Tensor) -> Analysis:
        for cached in self._cached:
            if cached.latents is latents or torch.equal(cached.latents, latents):
                return cached.analysis
        analysis = self.separator.analyse(whole_steps(latents))
        self._cached = [*self._cached, _Cached(latents, analysis)][-self.most :] if self.most else []
        return analysis

    def part(self, analysis: Analysis, query: Tensor) -> Tensor:
        """The part of each recording that belongs to a query. `[query_size]` -> `[batch, latents, frames]`."""
        parts = next((cached.parts for cached in self._cached if cached.analysis is analysis), [])
        for known, part in parts:
            if torch.equal(known, query):
                return part
        parts.append((query, self.separator.part(analysis, query.expand(len(analysis.trunk), -1))))
        return parts[-1][1]


class SeparatedEdit:
    """A bank's own edit of whole recordings, from silence, with constant values.

    Args:
        cache: shared by edits of the same recordings with the same separator, so that each is analysed once.
    """

    def __init__(self, bank: SeparatedBank, cache: AnalysisCache | None = None) -> None:
        self.bank, self.cache = bank, cache or AnalysisCache(bank.separator)

    @torch.no_grad()
    def __call__(self, latents: Tensor, values: Sequence[float]) -> Tensor:
        """Steered latents. `[batch, latents, frames]` and a value per stop -> the same shape."""
        if not len(latents):
            return latents
        separator = self.bank.separator
        whole = whole_steps(latents)
        analysis: Analysis | None = None
        left, moved = whole, False
        for stop, value in zip(self.bank.stops, values, strict=True):
            if value < 0:
                if analysis is None:
                    analysis = self.cache(latents)
                if left is not whole:
                    analysis = analysis._replace(frames=separator.last_frames(left))
                part = self.part(analysis, stop.query)
                left = left - amount(torch.tensor(value), torch.tensor(stop.depth_db)) * part
            elif value > 0 and stop.grains is not None:
                left = left + value * self.grains(stop.grains, whole)
            moved = moved or value < 0 or (value > 0 and stop.grains is not None)
        return left[..., : latents.shape[-1]] if moved else latents

    def grains(self, library: GrainLibrary, latents: Tensor) -> Tensor:
        """A library's grains, played along with whole recordings. `[batch, latents, frames]` -> the same."""
        return self._played(library, latents, chosen_at_random=False)

    def _played(self, library: GrainLibrary, latents: Tensor, chosen_at_random: bool) -> Tensor:
        stream = GrainStream(library, self.bank.separator.sample_rate, len(latents), chosen_at_random)
        played: Tensor = stream(latents.transpose(1, 2), FRAMES_PER_STEP - 1, True)
        return played.transpose(1, 2)

    def part(self, analysis: Analysis, query: Tensor) -> Tensor:
        """The part that belongs to a query. `[query_size]` -> `[batch, latents, frames]`."""
        return self.cache.part(analysis, query)


class RandomSeparatedEdit(SeparatedEdit):
    """The control: each query's numbers in a random order, another one for each clip and stop.

    What it takes away has the same energy over the clip as what the stop takes away. It brings in random grains of the
    same library, whatever plays.
    """

    def __init__(self, bank: SeparatedBank, seed: int, cache: AnalysisCache | None = None) -> None:
        super().__init__(bank, cache)
        self.generator = torch.Generator().manual_seed(seed)

    def grains(self, library: GrainLibrary, latents: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.generator.initial_seed())
            return self._played(library, latents, chosen_at_random=True)

    def part(self, analysis: Analysis, query: Tensor) -> Tensor:
        own = super().part(analysis, query)
        orders = [torch.randperm(len(query), generator=self.generator) for _ in range(len(own))]
        other = self.bank.separator.part(analysis, torch.stack([query[order] for order in orders]))
        energies = [x.square().sum((1, 2), keepdim=True).clamp(min=1e-9) for x in (own, other)]
        return other * (energies[0] / energies[1]).sqrt()
