"""The share of a sound that each stop's features carry: a measure without any probe."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.evaluation.probes.linear_probe import Numbers


@torch.no_grad()
def stop_levels(bank: StopBank, x: Tensor) -> tuple[Numbers, Numbers]:
    """Each stop's level in each frame (its share of the frame's energy, as in `listen`), and the frames' energies.

    Shape: the model's own frames x `[frames, width]` -> levels `[stops, frames]` in 0..1, and energies `[frames]`, all
    1 where the SAE is centred.
    """
    levels = Steering(bank.sae, bank).levels(x.T[None])[0].double().numpy()
    if bank.sae.config.centre:
        return levels, np.ones(len(x))
    return levels, bank.sae.normalise(x).square().sum(-1).double().numpy()


def share_of_sound(levels: Numbers, energies: Numbers) -> float | None:
    """One stop's share of the energy of all frames, from its level in each and their energies, `[frames]` both.

    None in digital silence.
    """
    total = energies.sum()
    return float(levels @ energies / total) if total > 0 else None
