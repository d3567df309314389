"""How much of a sound its stops' features carry: the stops' own answer, without any probe."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.evaluation.probes.linear_probe import Numbers


@torch.no_grad()
def stop_levels(bank: StopBank, x: Tensor) -> tuple[Numbers, Numbers]:
    """Each stop's share of each frame, as an instrument's `listen` tells it, and what each frame counts.

    Shape: the model's own frames x `[frames, width]` -> shares `[stops, frames]` in 0..1, and the frames' energies
    `[frames]`, all 1 where the SAE is centred.
    """
    levels = Steering(bank.sae, bank).loudness(x.T[None])[0].double().numpy()
    if bank.sae.config.centre:
        return levels, np.ones(len(x))
    return levels, bank.sae.normalise(x).square().sum(-1).double().numpy()


def share_of_sound(levels: Numbers, energies: Numbers) -> float | None:
    """One stop's share of all the energy of some frames: `[frames]` twice; None in digital silence."""
    total = energies.sum()
    return float(levels @ energies / total) if total > 0 else None
