"""The effect of stops at layers on the likelihood that a MusicGen gives recordings with and without a concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.banks.stop import Stop
from training.data.recordings import load
from training.models.musicgen.hooks import Edit
from training.models.musicgen.layer_model import PIECE_SECONDS
from training.models.musicgen.likelihood import likelihood_gradients, token_log_likelihood
from training.models.musicgen.model import MusicGenModel
from training.sae.model import SAE

CLIPS = 8
"""Recordings of a kind that an effect is measured on, at most."""
ROWS = 4
"""Clips in a batch."""


def edit_of(sae: SAE, stop: Stop, value: float, device: str) -> Edit:
    """A stop held at a value, as an edit of a MusicGen's layer."""
    steering = Steering(sae, StopBank(sae, (stop,), "")).to(device)

    def edit(x: Tensor, seconds: Tensor) -> Tensor:
        steered: Tensor = steering(x, torch.full((1, 1, x.shape[-1]), value, device=x.device))
        return steered

    return edit


def edits_of(
    saes: Mapping[str, SAE], stops: Mapping[str, Stop], value: float, device: str
) -> dict[str, Edit]:
    """`edit_of` for the stops of several sites: one concept, one value."""
    return {site: edit_of(saes[site], stop, value, device) for site, stop in stops.items()}


class PredictionEffect:
    """The likelihood of recordings with and without the concept by a MusicGen, unsteered and edited.

    Args:
        kinds: files with and without the concept.

    Key idea: a stop at -1 should make recordings with the concept less likely than those without, at +1 the other way
    round. What an edit costs both alike cancels out.
    """

    def __init__(self, musicgen: MusicGenModel, kinds: tuple[Sequence[Path], Sequence[Path]]) -> None:
        self.musicgen = musicgen
        self.kinds = [[_middle(musicgen, path) for path in paths[:CLIPS]] for paths in kinds]

    @cached_property
    def unsteered(self) -> list[float]:
        """Mean log likelihood of each kind without an edit, in nats per token."""
        return [self._likely(batches, {}) for batches in self.tokens]

    @cached_property
    def tokens(self) -> list[list[Tensor]]:
        """Each kind's tokens, in batches of `ROWS` clips: `[batch, codebooks, frames]` each."""
        with torch.no_grad():
            return [
                [self.musicgen.encode(part) for part in torch.stack(clips).split(ROWS)]
                for clips in self.kinds
            ]

    @torch.no_grad()
    def effect(self, saes: Mapping[str, SAE], stops: Mapping[str, Stop], value: float) -> float:
        """How far the two kinds move apart in the direction wanted, in nats per token; 0 without an edit."""
        edits = edits_of(saes, stops, value, self.musicgen.device)
        with_it, without = (
            self._likely(batches, edits) - rest
            for batches, rest in zip(self.tokens, self.unsteered, strict=True)
        )
        return (with_it - without) * (1 if value > 0 else -1)

    def gradients(self, sites: Sequence[str]) -> dict[str, Tensor]:
        """The gradient of the effect at +1 by what is added to every frame of a site, `[width]` each."""
        with_it, without = (self._gradients(clips, sites) for clips in self.kinds)
        return {site: with_it[site] - without[site] for site in sites}

    def _gradients(self, clips: list[Tensor], sites: Sequence[str]) -> dict[str, Tensor]:
        gradients = [likelihood_gradients(self.musicgen, clip[None], sites) for clip in clips]
        return {site: torch.stack([each[site] for each in gradients]).mean(0) for site in sites}

    @torch.no_grad()
    def _likely(self, batches: list[Tensor], edits: Mapping[str, Edit]) -> float:
        parts = [token_log_likelihood(self.musicgen, codes, edits) for codes in batches]
        return float(torch.cat(parts).mean())


def _middle(musicgen: MusicGenModel, path: Path) -> Tensor:
    """The middle of a recording, `[channels, samples]`; a shorter one ends in silence."""
    audio = load(path, musicgen.sample_rate, musicgen.channels)
    length = int(min(PIECE_SECONDS, musicgen.max_seconds) * musicgen.sample_rate)
    start = max(0, (audio.shape[-1] - length) // 2)
    cut = audio[:, start : start + length]
    return pad(cut, (0, length - cut.shape[-1]))
