"""JumpReLU and the step function, with gradients for their thresholds (Rajamanoharan et al. 2024, arXiv 2407.14435).

Both jump at the threshold θ, so their true derivative by θ is 0 almost everywhere. The expected loss has one all the same:
moving θ moves the values that lie next to it to the other side. It is estimated from the values within a bandwidth ε,
with a rectangle as kernel K:

    jumprelu(x) = x H(x - θ)      d/dθ ≈ -(θ / ε) K((x - θ) / ε)
    step(x)     = H(x - θ)        d/dθ ≈ -(1 / ε) K((x - θ) / ε)
"""

from __future__ import annotations

from typing import Any

import torch


def jumprelu(x: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
    """Values above their feature's threshold, others 0. Shape: x `[frames, features]`, threshold `[features]`."""
    result: torch.Tensor = _JumpReLU.apply(x, threshold, bandwidth)
    return result


def step(x: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
    """1 above a feature's threshold, else 0; no gradient flows to x. Shapes as `jumprelu`."""
    result: torch.Tensor = _Step.apply(x, threshold, bandwidth)
    return result


class _JumpReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
        ctx.save_for_backward(x, threshold)
        ctx.bandwidth = bandwidth
        return x * (x > threshold)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        x, threshold = ctx.saved_tensors
        near = _kernel(x, threshold, ctx.bandwidth) * gradient
        return gradient * (x > threshold), -(threshold / ctx.bandwidth) * near.sum(0), None


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
        ctx.save_for_backward(x, threshold)
        ctx.bandwidth = bandwidth
        return (x > threshold).to(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor, None]:
        x, threshold = ctx.saved_tensors
        near = _kernel(x, threshold, ctx.bandwidth) * gradient
        return None, -near.sum(0) / ctx.bandwidth, None


def _kernel(x: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
    """1 within half a bandwidth of the threshold, else 0."""
    return ((x - threshold).abs() < bandwidth / 2).to(x)
