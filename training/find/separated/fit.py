"""A query from recordings: the separator stays as it is, only the query's numbers are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.find.separated.mixtures import KnownMixtures, draw_mixtures
from training.separation.loss import separation_loss
from training.separation.separator import Separator

CHECK_EVERY = 25


@dataclass(frozen=True)
class QueryOptions:
    """How a query is fitted."""

    steps: int = 250
    batch: int = 8
    frames: int = 688
    """Frames of a training mixture, about 2 s."""
    rate: float = 1e-2
    """Adam's learning rate, down on a cosine."""
    absent_weight: float = 1.0
    """What sound without the concept counts in the loss: more than in the network's training, so that it is spared."""
    checked: int = 24
    """Mixtures that choose the start, and the best moment of the fit."""


@dataclass(frozen=True)
class FittedQuery:
    """A query `[query_size]`, the name of the start it came from, and its loss on the mixtures that chose it, in dB."""

    query: Tensor
    start: str
    start_loss: float
    loss: float


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

    Args:
        learned, checked: latents `[latents, frames]` of recordings with and without; the second ones choose.
    """
    generator = torch.Generator().manual_seed(seed)
    check = draw_mixtures(*checked, options.checked, 2 * options.frames, generator)
    start, start_loss = best_start(separator, starts, check, options.absent_weight)
    query = starts[start].clone().requires_grad_(True)
    optimizer = torch.optim.Adam([query], lr=options.rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps, options.rate / 50)
    best, best_loss = starts[start].clone(), start_loss
    for step in range(options.steps):
        drawn = draw_mixtures(*learned, options.batch, options.frames, generator)
        optimizer.zero_grad()
        loss_of(separator, query, drawn, options.absent_weight).backward()
        optimizer.step()
        schedule.step()
        if (step + 1) % CHECK_EVERY == 0:
            with torch.no_grad():
                loss = float(loss_of(separator, query, check, options.absent_weight))
            if loss < best_loss:
                best, best_loss = query.detach().clone(), loss
            if progress:
                progress("fitting", step + 1, options.steps)
    return FittedQuery(best, start, start_loss, best_loss)


@torch.no_grad()
def best_start(
    separator: Separator, starts: dict[str, Tensor], mixtures: KnownMixtures, absent_weight: float
) -> tuple[str, float]:
    """The name of the query that separates mixtures best, and its loss."""
    heard = separator.listen(mixtures.mixed)
    losses = {}
    for name, query in starts.items():
        part = separator.part(heard, query.expand(len(mixtures.mixed), -1))
        losses[name] = float(separation_loss(part, mixtures.wanted, mixtures.mixed, absent_weight))
    best = min(losses, key=losses.__getitem__)
    return best, losses[best]


def loss_of(separator: Separator, query: Tensor, mixtures: KnownMixtures, absent_weight: float) -> Tensor:
    """The separation loss of a query on mixtures; gradients flow to the query."""
    with torch.no_grad():
        heard = separator.listen(mixtures.mixed)
    part = separator.part(heard, query.expand(len(mixtures.mixed), -1))
    return separation_loss(part, mixtures.wanted, mixtures.mixed, absent_weight)
