"""A bank's own edit of recordings, and the control: an edit of the same size that knows nothing of the concept."""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.steering import Steering


class ConstantEdit:
    """A bank's own edit of whole recordings, from silence, with constant values."""

    def __init__(self, bank: StopBank) -> None:
        self.steering = Steering(bank.sae, bank)

    @torch.no_grad()
    def __call__(self, latents: Tensor, values: Sequence[float]) -> Tensor:
        """Steered latents. `[batch, latents, frames]` and a value per stop -> the same shape."""
        knobs = torch.tensor(values).reshape(1, -1, 1).expand(1, -1, latents.shape[-1])
        steered: Tensor = self.steering(latents, knobs)
        return steered


class RandomEdit(ConstantEdit):
    """The control: each frame's features times random decoder rows, taken away or brought in.

    Every frame's edit has the norm of the bank's own edit of that frame; it serves static and gated stops alike.
    """

    def __init__(self, bank: StopBank, seed: int) -> None:
        super().__init__(bank)
        generator = torch.Generator().manual_seed(seed)
        self.sae = bank.sae
        self.order = torch.randperm(bank.sae.config.n_features, generator=generator)

    @torch.no_grad()
    def __call__(self, latents: Tensor, values: Sequence[float]) -> Tensor:
        """Latents with the random edit, shapes as `ConstantEdit`'s; its sign is that of the values' sum."""
        size = (super().__call__(latents, values) - latents).norm(dim=1, keepdim=True)
        features = self.sae.encode(self.sae.normalise(latents.transpose(1, 2)))
        edit = (features @ self.sae.W_dec[self.order]).transpose(1, 2)
        sign = -1.0 if sum(values) < 0 else 1.0
        return latents + sign * edit * size / edit.norm(dim=1, keepdim=True).clamp(min=1e-9)
