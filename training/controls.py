"""Controls: edits of the same size that know nothing of the concept."""

import torch
from torch import Tensor

from training.sae.model import SAE
from training.steering import Steering
from training.stops import Stop, StopBank


class RandomEdit:
    """A stop's own edit, told into random features: the same levels on decoder rows dealt anew, writes turned at random.

    Every frame's edit has the norm that the stop's own has there; it serves static and gated stops alike.
    """

    def __init__(self, sae: SAE, stop: Stop, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        bank = StopBank(sae, (stop,), "")
        self.own, self.dealt = Steering(sae, bank), Steering(sae, bank)
        order = torch.randperm(sae.config.n_features, generator=generator)
        self.dealt.W_dec = self.dealt.W_dec[order]
        self.dealt.writes = _turned(stop.writes, generator).unsqueeze(0)

    @torch.no_grad()
    def __call__(self, latents: Tensor, value: float) -> Tensor:
        """Steered latents. `[batch, latents, frames]` -> the same."""
        values = torch.full((1, 1, latents.shape[-1]), value)
        size = (self.own(latents, values) - latents).norm(dim=1, keepdim=True)
        edit = self.dealt(latents, values) - latents
        return latents + edit * size / edit.norm(dim=1, keepdim=True).clamp(min=1e-9)


def _turned(writes: Tensor, generator: torch.Generator) -> Tensor:
    """Random directions with the norms of the writes. `[n_features, width]` -> the same."""
    directions = torch.randn(writes.shape, generator=generator)
    return directions / directions.norm(dim=1, keepdim=True) * writes.norm(dim=1, keepdim=True)
