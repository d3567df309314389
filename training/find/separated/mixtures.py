"""Mixtures of the user's recordings, whose parts are known, as latents: a query is fitted and chosen on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LEVEL_DB = 10.0
SHARES = (0.15, 0.25, 0.6)
"""Shares of mixtures with the concept alone, others alone, and both."""
QUIET = 1e-4
"""Mean square below which a crop of latents counts as silence (-40 dB below the usual level)."""
TRIES = 8


@dataclass(frozen=True)
class KnownMixtures:
    """Mixtures and the part of each that belongs to the concept, latents `[mixtures, latents, frames]`."""

    mixed: Tensor
    wanted: Tensor


def draw_mixtures(
    having: Sequence[Tensor], lacking: Sequence[Tensor], count: int, frames: int, generator: torch.Generator
) -> KnownMixtures:
    """Random mixtures of crops of recordings with and without a concept, each `[latents, frames]`.

    One or two others sound together, at up to `LEVEL_DB` more or less than the concept. Some hold the concept alone, some
    lack it.
    """
    mixed, wanted = [], []
    for _ in range(count):
        kind = int(torch.multinomial(torch.tensor(SHARES), 1, generator=generator))
        concept = _crop(having, frames, generator)
        others = _crop(lacking, frames, generator)
        if _chance(0.3, generator):
            others = others + _crop(lacking, frames, generator) * _gain(generator)
        target = concept if kind != 1 else torch.zeros_like(concept)
        rest = others * _gain(generator) if kind != 0 else torch.zeros_like(others)
        level = 10 ** (-float(torch.rand((), generator=generator)))
        wanted.append(target * level)
        mixed.append((target + rest) * level)
    return KnownMixtures(torch.stack(mixed), torch.stack(wanted))


def _crop(recordings: Sequence[Tensor], frames: int, generator: torch.Generator) -> Tensor:
    """A crop that sounds, at a mean square of 1; zeros fill up what is shorter."""
    crop = torch.zeros(recordings[0].shape[0], frames)
    for _ in range(TRIES):
        recording = recordings[_index(len(recordings), generator)]
        begin = _index(max(1, recording.shape[1] - frames + 1), generator)
        part = recording[:, begin : begin + frames]
        crop = torch.nn.functional.pad(part, (0, frames - part.shape[1]))
        if float(crop.square().mean()) > QUIET:
            break
    return crop / crop.square().mean().sqrt().clamp(min=QUIET**0.5)


def _gain(generator: torch.Generator) -> float:
    return 10 ** (float(torch.rand((), generator=generator) * 2 - 1) * LEVEL_DB / 20)


def _chance(share: float, generator: torch.Generator) -> bool:
    return float(torch.rand((), generator=generator)) < share


def _index(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
