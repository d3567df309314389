"""A query from recordings: the separator stays as it is, only the query's numbers are fitted.

Key idea: what the trunk makes of a mixture doesn't depend on the query, so many mixtures are listened to once, and the fit itself
goes through the head alone, on shares of bands: hundreds of steps in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.find.separated.mixtures import KnownMixtures, draw_mixtures
from training.separation.loss import ABSENT_WEIGHT, share_loss
from training.separation.separator import Separator

CHECK_EVERY = 25
CHUNK = 16
"""Mixtures that are listened to at once."""


@dataclass(frozen=True)
class QueryOptions:
    """How a query is fitted."""

    steps: int = 400
    batch: int = 12
    mixtures: int = 200
    """Training mixtures, drawn once."""
    frames: int = 688
    """Frames of a training mixture, about 2 s."""
    rate: float = 1e-2
    """Adam's learning rate, down on a cosine."""
    absent_weight: float = ABSENT_WEIGHT
    """What sound without the concept counts in the loss."""
    checked: int = 48
    """Mixtures that choose the start, and the best moment of the fit."""


@dataclass(frozen=True)
class FittedQuery:
    """A query `[query_size]`, the name of the start it came from, and its loss on the mixtures that chose it, in dB."""

    query: Tensor
    start: str
    start_loss: float
    loss: float


@dataclass(frozen=True)
class HeardMixtures:
    """Mixtures as a separator's head finds them.

    Attributes:
        trunk: the trunk's output, `[mixtures, steps, channels]`.
        maps: the maps of bands in half precision, `[mixtures, steps, detail, bands]`.
        own, rest: power of the concept's part and of the rest in those bands, `[mixtures, steps, bands]`.
    """

    trunk: Tensor
    maps: Tensor
    own: Tensor
    rest: Tensor

    def chosen(self, indices: Tensor) -> HeardMixtures:
        """Some of them."""
        return HeardMixtures(*(each[indices] for each in (self.trunk, self.maps, self.own, self.rest)))


@torch.no_grad()
def hear(separator: Separator, mixtures: KnownMixtures) -> HeardMixtures:
    """Listens to mixtures and to both of their parts."""
    heard = []
    for mixed, wanted in zip(mixtures.mixed.split(CHUNK), mixtures.wanted.split(CHUNK), strict=True):
        levels, _ = separator.listening(mixed)
        own, rest = (
            separator.listening(part)[1] @ separator.listening.long_bands for part in (wanted, mixed - wanted)
        )
        trunk, maps = separator.known(levels)
        heard.append((trunk, maps.half(), own, rest))
    return HeardMixtures(*(torch.cat(each) for each in zip(*heard, strict=True)))


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
    check = hear(separator, draw_mixtures(*checked, options.checked, options.frames, generator))
    start, start_loss = best_start(separator, starts, check, options.absent_weight)
    pool = hear(separator, draw_mixtures(*learned, options.mixtures, options.frames, generator))
    query = starts[start].clone().requires_grad_(True)
    optimizer = torch.optim.Adam([query], lr=options.rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps, options.rate / 50)
    best, best_loss = starts[start].clone(), start_loss
    for step in range(options.steps):
        drawn = pool.chosen(torch.randint(options.mixtures, (options.batch,), generator=generator))
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
    separator: Separator, starts: dict[str, Tensor], mixtures: HeardMixtures, absent_weight: float
) -> tuple[str, float]:
    """The name of the query that separates mixtures best, and its loss."""
    losses = {
        name: float(loss_of(separator, query, mixtures, absent_weight)) for name, query in starts.items()
    }
    best = min(losses, key=losses.__getitem__)
    return best, losses[best]


def loss_of(separator: Separator, query: Tensor, mixtures: HeardMixtures, absent_weight: float) -> Tensor:
    """The loss of a query's shares on mixtures; gradients flow to the query."""
    query = query.expand(len(mixtures.trunk), -1)
    shares, _ = separator.head(mixtures.trunk, mixtures.maps.float(), query)
    # without the cross entropy: from a few recordings it makes a stop that is too careful (drums fell by 4 in place of 9 dB)
    return share_loss(shares, mixtures.own, mixtures.rest, absent_weight, calibration=0.0)
