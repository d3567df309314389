"""Synthetic frames whose directions and concepts are known, on which metrics are tested.

Key idea: an SAE is meant to find directions of which a few are active at a time. Here such frames are made, so that
found directions, a classifier's AUROC and an effect can be compared with the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from drawstop.errors import DrawstopError

WIDTH, DIRECTIONS, ACTIVE = 64, 256, 4
SIGNAL_TO_NOISE_DB = 20.0
RECOVERED_COSINE = 0.9
"""|cosine| from which a direction counts as found."""
_STREAM = 0x9147_0000  # an SAE of the same seed is made of the numbers that follow that seed alone: it would know the truth
WEAKEST, STRONGEST = 0.5, 1.5
"""An active direction's strength is drawn evenly from here to there."""


@dataclass(frozen=True)
class PlantedRecordings:
    """Recordings of planted frames, with their true directions and concepts.

    Attributes:
        directions: unit rows `[directions, width]`; row c of the first `concepts` is concept c's.
        frames: each recording's, `[frames, width]`.
        strengths: each recording's, `[frames, directions]`: how much of each direction was added, 0 where it is silent.
        present: bool `[recordings, concepts]`: whether a concept sounds in a recording at all.
        labels: bool `[recordings, concepts]`: `present`, with some labels flipped.
    """

    directions: Tensor
    frames: tuple[Tensor, ...]
    strengths: tuple[Tensor, ...]
    present: Tensor
    labels: Tensor

    def active(self, recording: int) -> Tensor:
        """Which concepts sound in each frame of a recording: bool `[frames, concepts]`."""
        return self.strengths[recording][:, : self.labels.shape[1]] > 0


def planted_directions(
    generator: torch.Generator, directions: int = DIRECTIONS, width: int = WIDTH
) -> Tensor:
    """Random unit rows `[directions, width]`: more of them than numbers, so they can't be orthogonal."""
    return functional.normalize(torch.randn(directions, width, generator=generator), dim=1)


def planted_frames(
    seed: int, frames: int, snr_db: float = SIGNAL_TO_NOISE_DB, active: int = ACTIVE
) -> tuple[Tensor, Tensor]:
    """Random directions `[256, 64]`, and frames `[frames, 64]` in each of which `active` of them sound, in noise.

    An untrained SAE of the same seed has the same random directions; one that is trained begins with frames instead.

    Args:
        snr_db: the frames' power over the noise's.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = planted_directions(generator)
    chosen = torch.rand(frames, DIRECTIONS, generator=generator).topk(active, dim=1).indices
    strengths = WEAKEST + (STRONGEST - WEAKEST) * torch.rand(frames, active, generator=generator)
    clean = torch.zeros(frames, DIRECTIONS).scatter(1, chosen, strengths) @ directions
    return directions, _with_noise(clean, snr_db, generator)


def planted_recordings(
    seed: int,
    recordings: int = 40,
    frames: int = 200,
    concepts: int = 8,
    *,
    rate: float = 0.25,
    label_noise: float = 0.0,
    signature: float = 0.0,
    snr_db: float = SIGNAL_TO_NOISE_DB,
) -> PlantedRecordings:
    """Recordings of planted frames: each concept sounds in half of them, in some of their frames.

    Exactly ACTIVE directions sound in every frame: first the recording's concepts that do, then others at random.

    Args:
        recordings: how many; each concept is present in half of them, independently of the others.
        frames: of each recording.
        concepts: how many of the directions are concepts.
        rate: share of a recording's frames in which a concept that is present sounds.
        label_noise: chance that a label is wrong. A classifier that detects perfectly then has an AUROC of
            `1 - label_noise` in expectation: an item of either class has the truth of the other one with that chance.
        signature: length of a vector of its own that every recording adds to all its frames, as a room or a microphone
            does. Frames of one recording on both sides of a split give any label away by it.
        snr_db: the frames' power over the noise's.

    Raises:
        DrawstopError: more concepts than directions, or a share outside 0..1.
    """
    if not 1 <= concepts <= DIRECTIONS - ACTIVE:
        raise DrawstopError(f"expected 1 to {DIRECTIONS - ACTIVE} concepts, got {concepts}")
    for name, share in (("rate", rate), ("label_noise", label_noise)):
        if not 0 <= share <= 1:
            raise DrawstopError(f"{name} must be 0 to 1, got {share}")
    generator = torch.Generator().manual_seed(_STREAM + seed)
    directions = planted_directions(generator)
    order = torch.rand(recordings, concepts, generator=generator).argsort(dim=0)
    present = order < recordings // 2
    flipped = torch.rand(recordings, concepts, generator=generator) < label_noise
    strengths = [_strengths(generator, row, frames, rate) for row in present]
    signatures = signature * planted_directions(generator, recordings)
    made = [
        _with_noise(each @ directions, snr_db, generator) + own
        for each, own in zip(strengths, signatures, strict=True)
    ]
    return PlantedRecordings(directions, tuple(made), tuple(strengths), present, present ^ flipped)


def recovered_share(directions: Tensor, rows: Tensor, cosine: float = RECOVERED_COSINE) -> float:
    """Share of the true directions `[directions, width]` that some row `[features, width]` meets, whatever its sign."""
    unit = functional.normalize(rows.detach(), dim=1)
    return float(((directions @ unit.T).abs().amax(dim=1) >= cosine).float().mean())


def _strengths(generator: torch.Generator, present: Tensor, frames: int, rate: float) -> Tensor:
    """One recording's strengths `[frames, directions]`, of the concepts that are present in it `[concepts]`."""
    concepts = len(present)
    wanted = torch.rand(frames, DIRECTIONS, generator=generator)
    sounding = (torch.rand(frames, concepts, generator=generator) < rate) & present
    wanted[:, :concepts] += torch.where(sounding, 1.0, -2.0)
    chosen = wanted.topk(ACTIVE, dim=1).indices
    values = WEAKEST + (STRONGEST - WEAKEST) * torch.rand(frames, ACTIVE, generator=generator)
    return torch.zeros(frames, DIRECTIONS).scatter(1, chosen, values)


def _with_noise(clean: Tensor, snr_db: float, generator: torch.Generator) -> Tensor:
    noise = torch.randn(clean.shape, generator=generator)
    return clean + noise * clean.square().mean().sqrt() * 10 ** (-snr_db / 20)
