"""Losses and metrics of an SAE: pure functions of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from training.sae.sparse_features import Features, PreActivations


def reconstruction_loss(z: torch.Tensor, z_hat: torch.Tensor) -> torch.Tensor:
    """Mean squared error of a reconstruction over frames and numbers.

    Shape: z and z_hat `[frames, d_in]`; gives `[]`.
    """
    return (z_hat - z).square().mean()


def prefix_losses(
    z: torch.Tensor,
    features: Features,
    W_dec: torch.Tensor,
    b_dec: torch.Tensor,
    prefixes: Sequence[int],
) -> torch.Tensor:
    """The error of each nested dictionary: of the reconstruction by the first so many features alone (Bussmann et al. 2025,
    arXiv 2503.17547).

    Shape: z `[frames, d_in]`, features of the same frames; gives `[prefixes]`.
    """
    z_hat, first, errors = b_dec, 0, []
    for last in prefixes:
        z_hat = z_hat + features.decode(W_dec, first, last)
        errors.append(reconstruction_loss(z, z_hat))
        first = last
    return torch.stack(errors)


def sparsity_loss(l0: torch.Tensor, k: int) -> torch.Tensor:
    """`(L0 / k - 1)²`: JumpReLU's penalty for a mean L0 of the batch other than k. Shape: `[]`, `[]`."""
    return (l0 / k - 1).square()


def aux_loss(
    error: torch.Tensor,
    pre: PreActivations,
    W_dec: torch.Tensor,
    dead: torch.Tensor,
    aux_k: int,
    power: torch.Tensor | None = None,
) -> torch.Tensor:
    """AuxK (Gao et al. 2024, arXiv 2406.04093, section A.2): the strongest dead features reconstruct the error.

    A dead feature gets no gradient from the reconstruction; here it's drawn towards the error that the live ones leave.
    Its values come without ReLU, as SAELens takes them: else a feature that is below 0 in every frame stays there.

    Args:
        error: `z - z_hat` `[frames, d_in]`; no gradient flows into it.
        pre: the encoder's output before ReLU and TopK.
        W_dec: decoder rows `[n_features, d_in]`.
        dead: which features are dead `[n_features]`, bool.
        aux_k: how many dead features each frame may use.
        power: the mean squared error of the whole batch, if these frames are a part of it.

    Shape: gives `[]`, the squared error relative to the error's own power; 0 where nothing is dead.
    """
    count = min(aux_k, int(dead.sum()))
    if count == 0:
        return error.new_zeros(())
    error = error.detach()
    power = error.square().mean() if power is None else power
    power = power.clamp_min(torch.finfo(error.dtype).tiny)
    return (pre.strongest(dead, count).decode(W_dec) - error).square().mean() / power


def fraction_of_variance_explained(z: torch.Tensor, z_hat: torch.Tensor) -> torch.Tensor:
    """`1 - |z - z_hat|² / |z - mean(z)|²`, both summed over all frames: 1 is perfect, 0 is the mean's score.

    Shape: z and z_hat `[frames, d_in]`; gives `[]`, NaN where the frames don't vary.

    >>> fraction_of_variance_explained(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [1.0]])).item()
    0.0
    """
    variance = (z - z.mean(0)).double().square().sum()
    return (1 - (z_hat - z).double().square().sum() / variance).to(z.dtype)


def l0(features: torch.Tensor) -> torch.Tensor:
    """Active features per frame, on average. Shape: `[frames, n_features]` gives `[]`."""
    return (features != 0).sum(-1).to(features.dtype).mean()


def dead_share(features: torch.Tensor) -> torch.Tensor:
    """Share of the features that fire in none of the frames. Shape: `[frames, n_features]` gives `[]`."""
    return (features == 0).all(0).to(features.dtype).mean()
