"""Fitting a static stop's removal weights m: how much of each feature belongs to the concept.

Key idea: taking away `sum_i m_i f_i d_i` from a mixture should leave the other sound. With constant m that is least squares in
a box, so it has one solution and no learning rate.
"""

import torch
from torch import Tensor

ITERATIONS = 400


def fit_removal_weights(features: Tensor, targets: Tensor, decoder: Tensor, sparsity: float) -> Tensor:
    """Minimises `|sum_i m_i f_i d_i - target|^2` over frames, plus an L1 penalty, with 0 <= m <= 1.

    FISTA (Beck & Teboulle 2009) on the normal equations `A = (F'F) * (D D')`, `b_i = sum_t f_i(t) d_i . target(t)`.

    Args:
        features: `[frames, n_features]`.
        targets: what should be taken away, `[frames, width]`, in units of z.
        decoder: rows `[n_features, width]`.
        sparsity: L1 penalty as a share of the largest |b|: the knob between few features and a small error.

    Returns:
        m `[n_features]`.
    """
    quadratic = ((features.T @ features) * (decoder @ decoder.T)).double()
    linear = ((features.T @ targets) * decoder).sum(1).double()
    penalty = sparsity * linear.abs().max()
    step = 1.0 / torch.linalg.matrix_norm(quadratic, 2).clamp(min=1e-12)
    weights = torch.zeros_like(linear)
    ahead, momentum = weights, 1.0
    for _ in range(ITERATIONS):
        new = (ahead - step * (quadratic @ ahead - linear + penalty)).clamp(0.0, 1.0)
        next_momentum = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = new + (momentum - 1) / next_momentum * (new - weights)
        weights, momentum = new, next_momentum
    return weights.float()


def share_of_energy(features: Tensor, targets: Tensor, decoder: Tensor, weights: Tensor) -> float:
    """How much of the target's energy the weights take away: 1 all of it, 0 nothing, negative does harm."""
    error = (features * weights) @ decoder - targets
    return float(1 - error.square().sum() / targets.square().sum().clamp(min=1e-12))
