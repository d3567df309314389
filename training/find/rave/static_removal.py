"""Fitting a static stop's removal weights m: how much of each feature belongs to the concept.

Key idea: taking away `sum_i m_i f_i d_i` from a mixture should leave the other sound. With constant m that is least squares in
a box, so it has one solution and no learning rate.
"""

import torch
from torch import Tensor

from training.find.rave.encoded_recordings import EncodedRecordings
from training.sae.model import SAE

ITERATIONS = 400
STATIC_FRAMES = 40_000
"""Frames of each kind that removal weights are fitted on, at most: evenly spaced ones."""


def fit_static_removal(
    sae: SAE,
    mixed: list[Tensor],
    removed: list[Tensor],
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    sparsity: float,
) -> Tensor:
    """Removal weights m `[n_features]` from mixtures, solos with and solos without, each of which weighs the same.

    Args:
        mixed, removed: latents of mixtures and of what should be taken out of each, `[latents, frames]`.
        recordings: with and without the concept.
        sparsity: as `fit_removal_weights` takes it.
    """
    with_z, without_z = (torch.cat(part.learned(), 1) for part in recordings)
    parts = [
        (torch.cat(mixed, 1), torch.cat(removed, 1)),
        (with_z, with_z),
        (without_z, torch.zeros_like(without_z)),
    ]
    features, targets = [], []
    for source, target in parts:
        stride = -(-source.shape[-1] // STATIC_FRAMES)
        source, target = source[:, ::stride], target[:, ::stride]
        weight = 1.0 / sae.normalise(source.T).square().sum().sqrt()
        with torch.no_grad():
            features.append(sae.encode(sae.normalise(source.T)) * weight)
        targets.append(target.T / sae.scale * weight)
    return fit_removal_weights(torch.cat(features), torch.cat(targets), sae.W_dec.detach(), sparsity)


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
