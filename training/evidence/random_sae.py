"""The control of an autoencoder: one of the same size that never learned."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from training.sae.model import SAE


@torch.no_grad()
def random_sae(sae: SAE, seed: int, directions: Tensor | None = None) -> SAE:
    """An untrained TopK SAE that hears the same frames: as many features on, in random directions, the encoder their transpose.

    Args:
        seed: of the directions; take one that no SAE under examination began with.
        directions: of a stream of their own instead, `[n_features, d_in]`.
    """
    made = SAE(replace(sae.config, architecture="topk", seed=seed))
    made.mean, made.scale = sae.mean, sae.scale
    if directions is not None:
        made.start_from(directions)
    return made.requires_grad_(False)
