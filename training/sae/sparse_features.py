"""A batch's pre-activations and features in training: as matrices, or as lists of the active features.

Key idea: TopK lets k of thousands of features through, so that most of a dense step multiplies zeros. Only the encoder
must compute every feature; decoder and all gradients need k rows a frame. One of a step's five products of batch x
features x d_in numbers is left. Rows are gathered and summed by `embedding_bag`, which is a fused product on a CPU and
on a GPU.

`SAEConfig.sparse` says which of the two a training takes: it depends on its sizes alone, so the same training gives the
same bits.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional

from training.sae.model import SAE, activate

if TYPE_CHECKING:
    from training.sae.batch import BatchThreshold

_GROUP = 4
_LEAST = 2 * _GROUP  # columns for each wanted one, below which a look at all columns is as fast


def k_largest(x: torch.Tensor, k: int) -> torch.Tensor:
    """The columns of each row's k largest values, in no order; which of equal values is left open, but always the same.

    Shape: x `[rows, columns]` gives `[rows, k]`.
    """
    columns = x.shape[1]
    if x.device.type != "cpu" or columns < _LEAST * k:
        return x.topk(k, dim=-1, sorted=False).indices
    stride = columns // _GROUP
    dealt = stride * _GROUP
    groups = k_largest(x[:, :dealt].unflatten(1, (_GROUP, stride)).amax(1), k)
    members = (groups[:, None] + torch.arange(0, dealt, stride)[:, None]).flatten(1)
    if dealt < columns:
        left_over = torch.arange(dealt, columns).expand(len(x), -1)
        members = torch.cat([members, left_over], 1)
    best = x.gather(1, members).topk(k, dim=-1, sorted=False).indices
    return members.gather(1, best)


class Features(Protocol):
    """Features of a batch; gradients flow back to the encoder."""

    def decode(self, W_dec: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        """The sum of the features `first` to `last`, decoded: W_dec `[n_features, d_in]` gives `[frames, d_in]`."""

    def fired(self) -> torch.Tensor:
        """Which features are active in any of the frames: bool `[n_features]`."""

    def smallest(self) -> torch.Tensor:
        """The smallest value above 0: `[]`; infinite where there is none."""


class PreActivations(Protocol):
    """Pre-activations of a batch, of which features are chosen.

    Attributes:
        values: `[frames, n_features]`; without gradients where the chosen features bring them back.
    """

    values: torch.Tensor

    def topk(self, k: int) -> Features:
        """Each frame's k largest, after ReLU."""

    def largest(self, count: int, threshold: BatchThreshold | None = None) -> Features:
        """The `count` largest of all frames, after ReLU; or those that a batch threshold lets pass."""

    def strongest(self, which: torch.Tensor, count: int) -> Features:
        """Each frame's `count` largest of some features, bool `[n_features]`, without ReLU."""


def pre_activations_of(sae: SAE, z: torch.Tensor) -> PreActivations:
    """The encoder's pre-activations of normalised frames z `[frames, d_in]`, dense or sparse by the SAE's config."""
    return SparsePreActivations(sae, z) if sae.config.sparse else DensePreActivations(sae.pre_activations(z))


class DenseFeatures:
    """Features as a matrix `[frames, n_features]`."""

    def __init__(self, features: torch.Tensor) -> None:
        self.features = features

    def decode(self, W_dec: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        return self.features[:, first:last] @ W_dec[first:last]

    def fired(self) -> torch.Tensor:
        return (self.features > 0).any(0)

    def smallest(self) -> torch.Tensor:
        features = self.features.detach()
        return torch.where(features > 0, features, math.inf).min()


class DensePreActivations:
    """Pre-activations `[frames, n_features]`, through which gradients flow."""

    def __init__(self, values: torch.Tensor) -> None:
        self.values = values

    def topk(self, k: int) -> Features:
        return DenseFeatures(activate(self.values, "topk", k, self.values))

    def largest(self, count: int, threshold: BatchThreshold | None = None) -> Features:
        positive = self.values.relu()
        if threshold is not None:
            return DenseFeatures(positive * threshold.mask(self.values.detach()))
        flat = positive.flatten()
        values, indices = flat.topk(count, sorted=False)
        return DenseFeatures(torch.zeros_like(flat).scatter(0, indices, values).view_as(self.values))

    def strongest(self, which: torch.Tensor, count: int) -> Features:
        masked = torch.where(which, self.values, self.values.new_full((), -math.inf))
        values, indices = masked.topk(count, dim=-1)
        return DenseFeatures(torch.zeros_like(masked).scatter(-1, indices, values))


class ActiveIndices:
    """Which features are active in which frames, entry by entry, a frame's entries together.

    Args:
        rows, columns: the frame and the feature of each entry `[entries]`.
        starts: the number of each frame's first entry `[frames]`.
        n_features: features in the dictionary.
    """

    def __init__(
        self, rows: torch.Tensor, columns: torch.Tensor, starts: torch.Tensor, n_features: int
    ) -> None:
        self.rows, self.columns, self.starts, self.n_features = rows, columns, starts, n_features

    def sums_by_feature(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """The weighted sum of the frames in which each feature is active: x `[frames, d_in]`, weights `[entries]` gives
        `[n_features, d_in]`."""
        return functional.embedding_bag(
            self.rows.index_select(0, self._order),
            x,
            self._firsts,
            mode="sum",
            per_sample_weights=weights.index_select(0, self._order).to(x.dtype),
        )

    def between(self, first: int, last: int | None) -> tuple[ActiveIndices, torch.Tensor]:
        """The entries of the features `first` to `last`, and which of all entries they are: bool `[entries]`."""
        inside = (self.columns >= first) & (self.columns < (last or self.n_features))
        before = functional.pad(inside.cumsum(0), (1, 0))
        return ActiveIndices(
            self.rows[inside], self.columns[inside], before[self.starts], self.n_features
        ), inside

    @cached_property
    def _order(self) -> torch.Tensor:
        return self.columns.argsort(stable=True)

    @cached_property
    def _firsts(self) -> torch.Tensor:
        counts = torch.bincount(self.columns, minlength=self.n_features)
        return counts.cumsum(0) - counts


class SparseFeatures:
    """Active features as a list, frame by frame.

    Args:
        indices: frame and feature of each entry.
        values: the entries' values `[entries]`.
    """

    def __init__(self, indices: ActiveIndices, values: torch.Tensor) -> None:
        self.indices, self.values = indices, values

    def decode(self, W_dec: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        indices, values = self.indices, self.values
        if (first, last or indices.n_features) != (0, indices.n_features):
            indices, inside = indices.between(first, last)
            values = values[inside]
        values = values.to(W_dec.dtype)
        z_hat = functional.embedding_bag(
            indices.columns, W_dec.detach(), indices.starts, mode="sum", per_sample_weights=values
        )
        decoded: torch.Tensor = _Decoded.apply(z_hat, W_dec, values, indices)
        return decoded

    def fired(self) -> torch.Tensor:
        active = self.indices.columns[self.values.detach() > 0]
        return torch.zeros(self.indices.n_features, dtype=torch.bool, device=active.device).index_fill(
            0, active, True
        )

    def smallest(self) -> torch.Tensor:
        values = self.values.detach()
        return (
            torch.where(values > 0, values, math.inf).amin() if len(values) else values.new_tensor(math.inf)
        )

    def rectified(self) -> SparseFeatures:
        """The same entries, after ReLU."""
        return SparseFeatures(self.indices, self.values.relu())


class SparsePreActivations:
    """Pre-activations without gradients: these flow through the chosen entries alone.

    Args:
        sae: the SAE whose encoder is used.
        z: normalised frames `[frames, d_in]`; no gradient flows to them.
    """

    def __init__(self, sae: SAE, z: torch.Tensor) -> None:
        self.sae, self.z = sae, z
        with torch.no_grad():
            self.values = sae.pre_activations(z)

    def topk(self, k: int) -> Features:
        return self._rows(k_largest(self.values, k)).rectified()

    def largest(self, count: int, threshold: BatchThreshold | None = None) -> Features:
        frames, features = self.values.shape
        if threshold is None:
            entries = self.values.flatten().topk(count, sorted=False).indices.sort().values
        else:
            entries = threshold.mask(self.values).flatten().nonzero()[:, 0]
        rows = entries // features
        starts = torch.searchsorted(rows, torch.arange(frames, device=rows.device))
        return self._features(ActiveIndices(rows, entries % features, starts, features)).rectified()

    def strongest(self, which: torch.Tensor, count: int) -> Features:
        candidates = which.nonzero()[:, 0]
        return self._rows(candidates[self.values[:, candidates].topk(count, dim=-1, sorted=False).indices])

    def _rows(self, columns: torch.Tensor) -> SparseFeatures:
        """Equally many entries in each frame: columns `[frames, count]`."""
        frames, count = columns.shape
        starts = torch.arange(0, frames * count, count, device=columns.device)
        rows = torch.arange(frames, device=columns.device).repeat_interleave(count)
        return self._features(ActiveIndices(rows, columns.flatten(), starts, self.sae.config.n_features))

    def _features(self, indices: ActiveIndices) -> SparseFeatures:
        entries: torch.Tensor = _Entries.apply(self.z, self.sae.W_enc, self.sae.b_enc, self.values, indices)
        return SparseFeatures(indices, entries)


class _Entries(torch.autograd.Function):
    """Some entries of `pre = z W_enc + b_enc`, with the gradients of those alone.

    The gradient of W_enc's column j is the sum of the frames that chose feature j, weighted: a bag of rows of z.
    """

    @staticmethod
    def forward(
        ctx: Any,
        z: torch.Tensor,
        W_enc: torch.Tensor,
        b_enc: torch.Tensor,
        pre: torch.Tensor,
        indices: ActiveIndices,
    ) -> torch.Tensor:
        ctx.save_for_backward(z)
        ctx.indices = indices
        return pre[indices.rows, indices.columns]

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[None, torch.Tensor, torch.Tensor | None, None, None]:
        (z,), indices = ctx.saved_tensors, ctx.indices
        bias = None
        if ctx.needs_input_grad[2]:
            bias = z.new_zeros(indices.n_features).index_add_(0, indices.columns, gradient.to(z.dtype))
        return None, indices.sums_by_feature(z, gradient).T, bias, None, None


class _Decoded(torch.autograd.Function):
    """A reconstruction, with a gradient for W_dec: bags of rows, summed in the order of W_enc's gradient."""

    @staticmethod
    def forward(
        ctx: Any, z_hat: torch.Tensor, W_dec: torch.Tensor, values: torch.Tensor, indices: ActiveIndices
    ) -> torch.Tensor:
        ctx.save_for_backward(values)
        ctx.indices = indices
        return z_hat.view_as(z_hat)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        (values,) = ctx.saved_tensors
        return gradient, ctx.indices.sums_by_feature(gradient, values), None, None
