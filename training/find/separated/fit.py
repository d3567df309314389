"""A query from recordings: the separator stays as it is, only the query's numbers are fitted.

Key idea: the trunk's output doesn't depend on the query. So it is computed once for many mixtures, and the fit runs
through the head alone, on shares of bands: hundreds of steps take seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.progress import Progress, StepReport, step_report
from training.find.separated.mixtures import KnownMixtures, draw_mixtures
from training.separation.loss import ABSENT_WEIGHT, share_loss
from training.separation.separator import Separator

SHOWN_EVERY = 25
CHUNK = 16
"""Mixtures that are analysed at once."""
REST = 0.1
"""Standard deviation that the prior adds to each number, as a share of its spread among the known queries."""


@dataclass(frozen=True)
class QueryOptions:
    """How a query is fitted."""

    steps: int = 400
    batch: int = 12
    mixtures: int = 200
    """Training mixtures, drawn once."""
    frames: int = 688
    """Frames of a training mixture, about 2 s."""
    rate: float = 5e-2
    """Adam's learning rate, in standard deviations of the prior; it falls along a cosine."""
    prior_weight: float = 0.02
    """Weight in the loss of the squared distance from the known queries' mean, in dB per squared standard deviation."""
    absent_weight: float = ABSENT_WEIGHT
    """Weight of sound without the concept in the loss."""
    checked: int = 48
    """Mixtures that measure the fit."""


@dataclass(frozen=True)
class FittedQuery:
    """A query `[query_size]`, the name of the start it came from, and the loss of both on held-out mixtures, in dB."""

    query: Tensor
    start: str
    start_loss: float
    loss: float


@dataclass(frozen=True)
class AnalysedMixtures:
    """The inputs of the separator's head for some mixtures, and the true band powers of their parts.

    Attributes:
        trunk: the trunk's output, `[mixtures, steps, channels]`.
        maps: the band maps in half precision, `[mixtures, steps, detail, bands]`.
        own, rest: power of the concept's part and of the rest in those bands, `[mixtures, steps, bands]`.
    """

    trunk: Tensor
    maps: Tensor
    own: Tensor
    rest: Tensor

    def chosen(self, indices: Tensor) -> AnalysedMixtures:
        """The mixtures of some indices."""
        return AnalysedMixtures(*(each[indices] for each in (self.trunk, self.maps, self.own, self.rest)))


@torch.no_grad()
def analyse_mixtures(
    separator: Separator, mixtures: KnownMixtures, progress: StepReport | None = None
) -> AnalysedMixtures:
    """Run the separator's trunk on mixtures, and measure the band powers of the concept's part and of the rest."""
    analysed: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for mixed, wanted in zip(mixtures.mixed.split(CHUNK), mixtures.wanted.split(CHUNK), strict=True):
        levels, _ = separator.listening(mixed)
        own, rest = (
            separator.listening(part)[1] @ separator.listening.long_bands for part in (wanted, mixed - wanted)
        )
        trunk, maps = separator.trunk_and_detail(levels)
        analysed.append((trunk, maps.half(), own, rest))
        if progress:
            progress(min(len(analysed) * CHUNK, len(mixtures.mixed)), len(mixtures.mixed))
    return AnalysedMixtures(*(torch.cat(each) for each in zip(*analysed, strict=True)))


def fit_query(
    separator: Separator,
    starts: dict[str, Tensor],
    learned: tuple[Sequence[Tensor], Sequence[Tensor]],
    checked: tuple[Sequence[Tensor], Sequence[Tensor]],
    options: QueryOptions,
    seed: int,
    progress: Progress | None = None,
) -> FittedQuery:
    """Fits a query to recordings with and without a concept, from the start that fits best.

    A few recordings can't determine 832 numbers. So the fit is regularised towards the queries that the separator was
    trained with, modelled as a normal distribution (`Prior`).

    Args:
        learned, checked: latents `[latents, frames]` of recordings with and without the concept; `checked`
            only measures the fit.
    """
    generator = torch.Generator().manual_seed(seed)
    check = analyse_mixtures(separator, draw_mixtures(*checked, options.checked, options.frames, generator))
    mixtures = draw_mixtures(*learned, options.mixtures, options.frames, generator)
    pool = analyse_mixtures(separator, mixtures, step_report(progress, "listening to mixtures"))
    start, _ = best_start(
        separator, starts, pool, options.absent_weight, step_report(progress, "comparing known queries")
    )
    prior = Prior.of(starts)
    point = prior.point_of(starts[start]).requires_grad_(True)
    optimizer = torch.optim.Adam([point], lr=options.rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps, options.rate / 50)
    for step in range(options.steps):
        drawn = pool.chosen(torch.randint(options.mixtures, (options.batch,), generator=generator))
        loss = loss_of(separator, prior.query(point), drawn, options.absent_weight)
        optimizer.zero_grad()
        (loss + options.prior_weight * point.square().sum()).backward()
        optimizer.step()
        schedule.step()
        if progress and (step + 1) % SHOWN_EVERY == 0:
            progress("fitting", step + 1, options.steps)
    query = prior.query(point.detach())
    with torch.no_grad():
        losses = [
            float(loss_of(separator, each, check, options.absent_weight)) for each in (starts[start], query)
        ]
    return FittedQuery(query, start, *losses)


@dataclass(frozen=True)
class Prior:
    """The known queries as a normal distribution: mean, principal directions, and a small spread of each number.

    Attributes:
        mean: `[query_size]`.
        directions: principal directions, each as long as the standard deviation along it, `[queries - 1, query_size]`.
        rest: a further standard deviation of each number by itself, `[query_size]`.
    """

    mean: Tensor
    directions: Tensor
    rest: Tensor

    @staticmethod
    def of(queries: dict[str, Tensor]) -> Prior:
        """The distribution of some queries, by name."""
        stacked = torch.stack(list(queries.values()))
        mean = stacked.mean(0)
        count = max(1, len(stacked) - 1)
        _, sizes, directions = torch.linalg.svd(stacked - mean, full_matrices=False)
        spread = (stacked - mean).square().mean(0).sqrt() if len(stacked) > 1 else torch.ones_like(mean)
        return Prior(mean, sizes[:count, None] / count**0.5 * directions[:count], REST * spread)

    def query(self, point: Tensor) -> Tensor:
        """The query at a point: coordinates in standard deviations, `[queries - 1 + query_size]`."""
        along, own = point.split([len(self.directions), len(self.rest)])
        return self.mean + along @ self.directions + own * self.rest

    def point_of(self, query: Tensor) -> Tensor:
        """The point of one of the known queries."""
        sizes = self.directions.square().sum(1).clamp(min=1e-12)
        return torch.cat([(query - self.mean) @ self.directions.T / sizes, torch.zeros_like(self.rest)])


@torch.no_grad()
def best_start(
    separator: Separator,
    starts: dict[str, Tensor],
    mixtures: AnalysedMixtures,
    absent_weight: float,
    progress: StepReport | None = None,
) -> tuple[str, float]:
    """The name of the query that separates mixtures best, and its loss."""
    losses = dict[str, float]()
    for name, query in starts.items():
        losses[name] = float(loss_of(separator, query, mixtures, absent_weight))
        if progress:
            progress(len(losses), len(starts))
    best = min(losses, key=losses.__getitem__)
    return best, losses[best]


def loss_of(separator: Separator, query: Tensor, mixtures: AnalysedMixtures, absent_weight: float) -> Tensor:
    """The loss of a query's shares on mixtures; gradients flow to the query."""
    query = query.expand(len(mixtures.trunk), -1)
    shares, _ = separator.head(mixtures.trunk, mixtures.maps.float(), query)
    # without the cross entropy: fitted to few recordings it makes a stop too careful (drums fell by 4 dB instead of 9)
    return share_loss(shares, mixtures.own, mixtures.rest, absent_weight, calibration=0.0)
