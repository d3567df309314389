"""Training objectives of the SAE architectures: how each selects features, and its loss.

Key idea: all of them minimise the same reconstruction error with the same step; they differ in what decides that a
feature is active: the frame (TopK), the batch (BatchTopK, Matryoshka), or a threshold that is learned too (JumpReLU).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from training.sae.batch import BatchThreshold
from training.sae.jumprelu import jumprelu, step
from training.sae.losses import prefix_losses, reconstruction_loss, sparsity_loss
from training.sae.model import SAE
from training.sae.sparse_features import DenseFeatures, Features, PreActivations

COMMON_THRESHOLD_SHARE = 0.1
"""Share of the steps, at the start, in which JumpReLU uses one common threshold, chosen so that the batch's L0 is k.
Thresholds learned before the directions are good rise above most values, where no gradient can lower them again."""

THRESHOLD_RATE = 0.01
"""Weight of the newest batch in BatchTopK's running average, after the first hundred."""


class Objective:
    """TopK: a frame's k largest features, and the reconstruction error. Subclasses replace what they do otherwise.

    A batch may come in parts, of which each process has some. The batch threshold and the L0 are measured over all
    parts before any has its backward pass.

    Args:
        sae: the SAE whose weights are trained and whose thresholds are set.
    """

    batchwide = False
    """True where features are selected over the whole batch instead of per frame."""

    def __init__(self, sae: SAE) -> None:
        self.sae, self.k = sae, sae.config.k

    def parameters(self) -> list[nn.Parameter]:
        """Parameters that are learned beside the SAE's own weights."""
        return []

    def needs_batch_threshold(self, done: int) -> bool:
        """Whether `select` must be given the batch's threshold if its frames are only a part of the batch."""
        return self.batchwide

    def select(self, pre: PreActivations, done: int, threshold: BatchThreshold | None = None) -> Features:
        """Features of a batch or a part of one, after so many steps.

        Args:
            threshold: the whole batch's; None where these frames are the whole of it.
        """
        return pre.topk(self.k)

    def l0(self, pre: PreActivations) -> torch.Tensor:
        """The frames' mean L0 where the loss depends on it: `[]`."""
        return pre.values.new_zeros(())

    def loss(
        self,
        z: torch.Tensor,
        z_hat: torch.Tensor,
        features: Features,
        pre: PreActivations,
        l0: torch.Tensor | None,
    ) -> torch.Tensor:
        """The training loss without the auxiliary one: `[]`. Of a batch's parts, weighted by their shares of the frames,
        losses and gradients add up to the batch's.

        Args:
            l0: the whole batch's, `[]`; None where these frames are the whole of it.
        """
        return reconstruction_loss(z, z_hat)

    def after_step(self, smallest: torch.Tensor | None, done: int) -> None:
        """Called after each step; where features are chosen batchwide, with the smallest value that passed in the whole batch
        `[]`, infinite where none did."""


class BatchTopK(Objective):
    """The k x batch largest values of a batch (Bussmann et al. 2024, arXiv 2412.06410).

    A frame that needs more features takes them from one that needs fewer. The threshold that replaces the batch
    afterwards is the running average of the smallest value that passed.
    """

    batchwide = True

    def select(self, pre: PreActivations, done: int, threshold: BatchThreshold | None = None) -> Features:
        return pre.largest(self.k * len(pre.values), threshold)

    @torch.no_grad()
    def after_step(self, smallest: torch.Tensor | None, done: int) -> None:
        if smallest is not None and torch.isfinite(smallest):
            rate = max(THRESHOLD_RATE, 1 / (done + 1))
            self.sae.threshold.lerp_(smallest.expand_as(self.sae.threshold), rate)


class Matryoshka(BatchTopK):
    """BatchTopK in nested dictionaries: the first features alone must reconstruct too (Bussmann et al. 2025, arXiv
    2503.17547), so that a wide dictionary keeps its general features instead of splitting them."""

    def loss(
        self,
        z: torch.Tensor,
        z_hat: torch.Tensor,
        features: Features,
        pre: PreActivations,
        l0: torch.Tensor | None,
    ) -> torch.Tensor:
        return prefix_losses(z, features, self.sae.W_dec, self.sae.b_dec, self.sae.config.prefixes).sum()


class JumpReLU(Objective):
    """A threshold for each feature, learned through a straight-through estimator (Rajamanoharan et al. 2024, arXiv
    2407.14435).

    The paper's penalty is proportional to L0; here it is `(L0 / k - 1)²`, so that k means what it does elsewhere. The
    thresholds learn after COMMON_THRESHOLD_SHARE of the steps; until then all are where the batch has an L0 of k.
    """

    def __init__(self, sae: SAE) -> None:
        super().__init__(sae)
        self.threshold = nn.Parameter(sae.threshold)  # the same memory: Adam moves the SAE's threshold
        self.bandwidth = sae.config.bandwidth * math.sqrt(sae.config.d_in / sae.config.k)
        self._learned_from = max(1, round(COMMON_THRESHOLD_SHARE * sae.config.steps))

    def parameters(self) -> list[nn.Parameter]:
        return [self.threshold]

    def needs_batch_threshold(self, done: int) -> bool:
        return done < self._learned_from

    def select(self, pre: PreActivations, done: int, threshold: BatchThreshold | None = None) -> Features:
        values = pre.values
        if self.needs_batch_threshold(done):
            with torch.no_grad():
                count = self.k * len(values)
                self.threshold.fill_(
                    values.relu().flatten().topk(count, sorted=False).values.amin()
                    if threshold is None
                    else threshold.value
                )
        return DenseFeatures(jumprelu(values, self.threshold, self.bandwidth))

    def l0(self, pre: PreActivations) -> torch.Tensor:
        return step(pre.values, self.threshold, self.bandwidth).sum(-1).mean()

    def loss(
        self,
        z: torch.Tensor,
        z_hat: torch.Tensor,
        features: Features,
        pre: PreActivations,
        l0: torch.Tensor | None,
    ) -> torch.Tensor:
        here = self.l0(pre)
        # the batch's value with the gradient of these frames
        whole = here if l0 is None else here + (l0 - here).detach()
        sparsity = self.sae.config.sparsity_weight * sparsity_loss(whole, self.k)
        return reconstruction_loss(z, z_hat) + sparsity

    @torch.no_grad()
    def after_step(self, smallest: torch.Tensor | None, done: int) -> None:
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
