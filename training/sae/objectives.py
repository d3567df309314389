"""What each architecture does while it trains: which features it lets through, and what it is trained on.

Key idea: all of them descend the same reconstruction error with the same step; they differ in who decides that a feature
is active: the frame (TopK), the batch (BatchTopK, Matryoshka), or a threshold that is learned too (JumpReLU).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from training.sae.losses import prefix_losses, reconstruction_loss, sparsity_loss
from training.sae.model import SAE, activate
from training.sae.thresholds import jumprelu, step

THRESHOLD_RATE = 0.01
"""Of BatchTopK's running average: the weight of the newest batch, once there were a hundred."""


class Objective:
    """TopK: a frame's k largest. The others are told by what they do otherwise.

    Args:
        sae: whose weights are trained, and whose thresholds are set.
    """

    def __init__(self, sae: SAE) -> None:
        self.sae, self.k = sae, sae.config.k

    def parameters(self) -> list[nn.Parameter]:
        """What is learned beside the SAE's own weights."""
        return []

    def features(self, pre: torch.Tensor, done: int) -> torch.Tensor:
        """Features of a batch, after so many steps. Shape: `[batch, n_features]`, same shape."""
        return activate(pre, "topk", self.k, self.sae.threshold)

    def loss(
        self, z: torch.Tensor, z_hat: torch.Tensor, pre: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        """What is descended, but for the auxiliary loss: `[]`."""
        return reconstruction_loss(z, z_hat)

    def settle(self, features: torch.Tensor, done: int) -> None:
        """Called after each step with the batch's features."""


class BatchTopK(Objective):
    """The k x batch largest values of a batch (Bussmann et al. 2024, arXiv 2412.06410).

    A frame that needs more features takes them from one that needs fewer. The threshold that replaces the batch
    afterwards is the running average of the smallest value kept.
    """

    def features(self, pre: torch.Tensor, done: int) -> torch.Tensor:
        return batch_topk(pre, self.k)

    @torch.no_grad()
    def settle(self, features: torch.Tensor, done: int) -> None:
        kept = features[features > 0]
        if len(kept):
            rate = max(THRESHOLD_RATE, 1 / (done + 1))
            self.sae.threshold.lerp_(kept.min().expand_as(self.sae.threshold), rate)


class Matryoshka(BatchTopK):
    """BatchTopK in nested dictionaries: the first features alone must reconstruct too (Bussmann et al. 2025, arXiv
    2503.17547), so that a wide dictionary keeps its general features instead of splitting them."""

    def loss(
        self, z: torch.Tensor, z_hat: torch.Tensor, pre: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        return prefix_losses(z, features, self.sae.W_dec, self.sae.b_dec, self.sae.config.prefixes).sum()


class JumpReLU(Objective):
    """A threshold for each feature, learned through a straight-through estimator (Rajamanoharan et al. 2024, arXiv
    2407.14435).

    The paper's penalty is proportional to L0; here it is `(L0 / k - 1)²`, so that k means what it does elsewhere. The
    thresholds begin where the first batch has an L0 of k.
    """

    def __init__(self, sae: SAE) -> None:
        super().__init__(sae)
        self.threshold = nn.Parameter(sae.threshold)  # the same memory: what Adam moves is the SAE's own
        self.bandwidth = sae.config.bandwidth * math.sqrt(sae.config.d_in / sae.config.k)

    def parameters(self) -> list[nn.Parameter]:
        return [self.threshold]

    def features(self, pre: torch.Tensor, done: int) -> torch.Tensor:
        if done == 0:
            with torch.no_grad():
                self.threshold.fill_(pre.relu().flatten().topk(self.k * len(pre)).values[-1])
        return jumprelu(pre, self.threshold, self.bandwidth)

    def loss(
        self, z: torch.Tensor, z_hat: torch.Tensor, pre: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        l0 = step(pre, self.threshold, self.bandwidth).sum(-1).mean()
        return reconstruction_loss(z, z_hat) + self.sae.config.sparsity_weight * sparsity_loss(l0, self.k)

    @torch.no_grad()
    def settle(self, features: torch.Tensor, done: int) -> None:
        self.threshold.clamp_(min=0.0)


_OBJECTIVES: dict[str, type[Objective]] = {
    "topk": Objective,
    "topk-jumprelu": Objective,
    "batchtopk": BatchTopK,
    "matryoshka": Matryoshka,
    "jumprelu": JumpReLU,
}


def objective_of(sae: SAE) -> Objective:
    """The objective of an SAE's architecture."""
    return _OBJECTIVES[sae.config.architecture](sae)


def batch_topk(pre: torch.Tensor, k: int) -> torch.Tensor:
    """The `k x frames` largest values of all frames together, after ReLU. Shape: `[frames, n_features]`, same shape."""
    flat = pre.relu().flatten()
    values, places = flat.topk(k * len(pre), sorted=False)
    return torch.zeros_like(flat).scatter(0, places, values).view_as(pre)
