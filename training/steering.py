"""The edit: `x' = x + scale * (delta_off + delta_on)`, one streaming module for everything that steers.

Key idea: the SAE only says how much to add; what it can't explain stays in `x`. A frame whose values are all
exactly 0 is passed on untouched, so a neutral knob changes no bit.
"""

import torch
from torch import Tensor, nn

from drawstop.base.errors import DrawstopError
from training.sae.model import SAE, activate
from training.stops import StopBank


class Steering(nn.Module):
    """The stops of a bank as one edit of a frame sequence.

    With `z = (x - mean) / scale`, features `f = encode(z)`, decoder rows `d_i` and values `v_s` in [-1, 1],
    per frame:

        left_i    = max(0, 1 - sum_s max(-v_s, 0) * m_si)
                    (shares add up: nothing is taken away twice)
        delta_off = sum_i (left_i - 1) * f_i * d_i
        delta_on  = sum_s max(v_s, 0) * sum_i f_i * u_si,  |delta_on| <= cap * |z|

    The edit has no memory, so it adds no delay and a stream equals the whole.

    Shape: x `[batch, width, frames]`, values `[batch or 1, stops, frames]` -> `[batch, width, frames]`.
    """

    W_enc: Tensor
    W_dec: Tensor
    b_enc: Tensor
    threshold: Tensor
    mean: Tensor
    scale: Tensor
    shares: Tensor
    writes: Tensor
    caps: Tensor

    def __init__(self, sae: SAE, bank: StopBank) -> None:
        super().__init__()
        stops = bank.stops
        if not stops:
            raise DrawstopError("a bank without stops steers nothing: find a stop first (drawstop find)")
        for name in ("W_enc", "W_dec", "b_enc", "threshold", "mean", "scale"):
            self.register_buffer(name, getattr(sae, name).detach().clone())
        self.architecture: str = sae.config.architecture
        self.k: int = sae.config.k
        self.register_buffer("shares", torch.stack([stop.shares for stop in stops]))
        self.register_buffer("writes", torch.stack([stop.writes for stop in stops]))
        self.register_buffer("caps", torch.tensor([stop.cap for stop in stops]))
        self.n_stops: int = len(stops)

    def features(self, z: Tensor) -> Tensor:
        """The SAE's features. z `[batch, frames, width]` -> `[batch, frames, n_features]`."""
        return activate(z @ self.W_enc + self.b_enc, self.architecture, self.k, self.threshold)

    def forward(self, x: Tensor, values: Tensor) -> Tensor:
        moved = (values != 0).any(1, keepdim=True)
        if not bool(moved.any()):
            return x
        z = (x.transpose(1, 2) - self.mean) / self.scale
        features = self.features(z)
        delta = self.delta_off(features, values) + self.delta_on(features, z, values)
        return torch.where(moved, x + (delta * self.scale).transpose(1, 2), x)

    def delta_off(self, features: Tensor, values: Tensor) -> Tensor:
        """What is taken away, in units of z. `[batch, frames, n_features]`, `[batch, stops, frames]` ->
        `[batch, frames, width]`."""
        taken = torch.clamp(-values, 0.0, 1.0).transpose(1, 2) @ self.shares
        left = torch.clamp(1.0 - taken, min=0.0)
        return ((left - 1.0) * features) @ self.W_dec

    def delta_on(self, features: Tensor, z: Tensor, values: Tensor) -> Tensor:
        """What is brought in, in units of z, with each stop's own cap applied and then the largest cap to
        the sum."""
        total = torch.zeros_like(z)
        level = z.norm(2, dim=-1, keepdim=True)
        for s in range(self.n_stops):
            amount = torch.clamp(values[:, s], 0.0, 1.0).unsqueeze(-1)
            if bool((amount > 0).any()):
                total = total + amount * capped(features @ self.writes[s], self.caps[s] * level)
        return capped(total, self.caps.max() * level)

    @torch.jit.export
    def loudness(self, x: Tensor) -> Tensor:
        """Share of the frame's energy that each stop's features carry, 0..1. `[batch, width, frames]` ->
        `[batch, stops, frames]`."""
        features = self.features((x.transpose(1, 2) - self.mean) / self.scale)
        whole = (features @ self.W_dec).square().sum(-1)
        levels: list[Tensor] = []
        for s in range(self.n_stops):
            part = ((features * self.shares[s]) @ self.W_dec).square().sum(-1)
            levels.append(torch.where(whole > 0, part / whole.clamp(min=1e-12), torch.zeros_like(whole)))
        return torch.stack(levels, 1).clamp(0.0, 1.0)


def capped(vectors: Tensor, limit: Tensor) -> Tensor:
    """Scales vectors down to a largest norm. `[..., width]`, `[..., 1]` -> `[..., width]`; a zero vector
    stays zero."""
    norm = vectors.norm(2, dim=-1, keepdim=True)
    return vectors * torch.clamp(limit / norm.clamp(min=1e-12), max=1.0)
