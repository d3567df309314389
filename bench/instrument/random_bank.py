"""Banks of random stops, of the size that training gives: what they cost doesn't depend on what they mean."""

import torch

from training.banks.bank import StopBank
from training.banks.gate import Gate, GateConfig
from training.banks.gate_expander import expander_at
from training.banks.stop import Gates, Stop
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE

SPOKEN = 256  # features that a gate speaks of, about as many as the demo's


def random_bank(model: RaveModel, stops: int, gated: bool = False) -> StopBank:
    """So many random stops for a model's site."""
    width = model.rates.width
    sae = SAE(SAEConfig(d_in=width, centre=False, bias=False))
    count = sae.config.n_features
    random = torch.Generator().manual_seed(0)
    made = []
    for number in range(stops):
        gates = None
        if gated:
            off, on = (Gate(GateConfig(width, min(SPOKEN, count))) for _ in range(2))
            gates = Gates(off, on, expander_at(model.rates.sample_rate / model.rates.ratio))
        name = f"stop_{number}"
        shares = torch.rand(count, generator=random)
        writes = 0.1 * torch.randn(count, width, generator=random)
        made.append(Stop(name, name, "gated" if gated else "random", shares, writes, 1.0, gates=gates))
    return StopBank(sae, tuple(made), model.fingerprint, str(model.site))
