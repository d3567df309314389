"""A batch's features while a training runs: as a matrix, or as a list of those that are active.

Key idea: TopK lets k of thousands of features through, so that most of a dense step multiplies zeros. Only the encoder must
look at every feature; decoder and all gradients need k rows a frame. Of a step's five products of batch x features x d_in
numbers one is left. Rows are gathered and summed by `embedding_bag`, which is a fused product on a CPU and on a GPU.

`SAEConfig.sparse` says which of the two a training takes: a rule of its sizes alone, so that its bits are one too.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Protocol

import torch
from torch.nn import functional

from training.sae.model import SAE, activate

_GROUP = 4

_LEAST = 2 * _GROUP  # columns a wanted one, below which looking at all is as fast


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


class Code(Protocol):
    """Features of a batch; gradients flow back to the encoder."""

    def decode(self, W_dec: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        """What the features `first` to `last` add up to: W_dec `[n_features, d_in]` gives `[frames, d_in]`."""

    def fired(self) -> torch.Tensor:
        """Which features are active in any of the frames: bool `[n_features]`."""

    def smallest(self) -> torch.Tensor:
        """The smallest value above 0: `[]`; infinite where there is none."""


class Encoded(Protocol):
    """Pre-activations of a batch, of which features are chosen.

    Attributes:
        pre: `[frames, n_features]`; without gradients where `choose…` brings them back otherwise.
    """

    pre: torch.Tensor

    def topk(self, k: int) -> Code:
        """Each frame's k largest, after ReLU."""

    def largest(self, count: int, level: Level | None = None) -> Code:
        """The `count` largest of all frames, after ReLU; or those that a level keeps."""

    def strongest(self, which: torch.Tensor, count: int) -> Code:
        """Each frame's `count` largest of some features, bool `[n_features]`, without ReLU."""


class Level:
    """Where a whole batch's largest values end, for the parts of the batch in their order.

    Frames that come twice have equal values. Where these lie on the level, only so many of them belong to the largest.

    Args:
        value: the smallest of the largest `[]`.
        ties: how many of those parts' values that equal it are kept, from the first part on.
    """

    def __init__(self, value: torch.Tensor, ties: int) -> None:
        self.value, self.ties, self._left = value, ties, ties

    def begin(self) -> None:
        """The next part is the first one."""
        self._left = self.ties

    def kept(self, pre: torch.Tensor) -> torch.Tensor:
        """Which values of the next part belong to the largest, and are above 0: bool, same shape."""
        tied = pre == self.value
        count = int(tied.sum())
        if count > self._left:
            tied &= (tied.flatten().cumsum(0) <= self._left).view_as(tied)
        self._left -= min(count, self._left)
        return ((pre > self.value) | tied) & (pre > 0)


def encoded(sae: SAE, z: torch.Tensor) -> Encoded:
    """Normalised frames z `[frames, d_in]` through the encoder, in the way of the SAE's config."""
    return Sparse(sae, z) if sae.config.sparse else Dense(sae.pre_activations(z))


class DenseCode:
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


class Dense:
    """Pre-activations `[frames, n_features]`, through which gradients flow."""

    def __init__(self, pre: torch.Tensor) -> None:
        self.pre = pre

    def topk(self, k: int) -> Code:
        return DenseCode(activate(self.pre, "topk", k, self.pre))

    def largest(self, count: int, level: Level | None = None) -> Code:
        kept = self.pre.relu()
        if level is not None:
            return DenseCode(kept * level.kept(self.pre.detach()))
        flat = kept.flatten()
        values, places = flat.topk(count, sorted=False)
        return DenseCode(torch.zeros_like(flat).scatter(0, places, values).view_as(self.pre))

    def strongest(self, which: torch.Tensor, count: int) -> Code:
        masked = torch.where(which, self.pre, self.pre.new_full((), -math.inf))
        values, places = masked.topk(count, dim=-1)
        return DenseCode(torch.zeros_like(masked).scatter(-1, places, values))


class Places:
    """Which features are active in which frames, entry by entry, a frame's entries together.

    Args:
        rows, columns: the frame and the feature of each entry `[entries]`.
        starts: the number of each frame's first entry `[frames]`.
        n_features: in the dictionary.
    """

    def __init__(
        self, rows: torch.Tensor, columns: torch.Tensor, starts: torch.Tensor, n_features: int
    ) -> None:
        self.rows, self.columns, self.starts, self.n_features = rows, columns, starts, n_features

    def sums_by_feature(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Of each feature, the weighted sum of the frames in which it is active: x `[frames, d_in]`, weights `[entries]` gives
        `[n_features, d_in]`."""
        return functional.embedding_bag(
            self.rows.index_select(0, self._order),
            x,
            self._firsts,
            mode="sum",
            per_sample_weights=weights.index_select(0, self._order).to(x.dtype),
        )

    def between(self, first: int, last: int | None) -> tuple[Places, torch.Tensor]:
        """Those of the features `first` to `last`, and which of the entries they are: bool `[entries]`."""
        inside = (self.columns >= first) & (self.columns < (last or self.n_features))
        before = functional.pad(inside.cumsum(0), (1, 0))
        return Places(self.rows[inside], self.columns[inside], before[self.starts], self.n_features), inside

    @cached_property
    def _order(self) -> torch.Tensor:
        return self.columns.argsort(stable=True)

    @cached_property
    def _firsts(self) -> torch.Tensor:
        counts = torch.bincount(self.columns, minlength=self.n_features)
        return counts.cumsum(0) - counts


class SparseCode:
    """Active features as a list, frame by frame.

    Args:
        values: of each entry `[entries]`.
    """

    def __init__(self, places: Places, values: torch.Tensor) -> None:
        self.places, self.values = places, values

    def decode(self, W_dec: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        places, values = self.places, self.values
        if (first, last or places.n_features) != (0, places.n_features):
            places, inside = places.between(first, last)
            values = values[inside]
        values = values.to(W_dec.dtype)
        z_hat = functional.embedding_bag(
            places.columns, W_dec.detach(), places.starts, mode="sum", per_sample_weights=values
        )
        decoded: torch.Tensor = _Decoded.apply(z_hat, W_dec, values, places)
        return decoded

    def fired(self) -> torch.Tensor:
        active = self.places.columns[self.values.detach() > 0]
        return torch.zeros(self.places.n_features, dtype=torch.bool, device=active.device).index_fill(
            0, active, True
        )

    def smallest(self) -> torch.Tensor:
        values = self.values.detach()
        return (
            torch.where(values > 0, values, math.inf).amin() if len(values) else values.new_tensor(math.inf)
        )

    def rectified(self) -> SparseCode:
        """The same entries, after ReLU."""
        return SparseCode(self.places, self.values.relu())


class Sparse:
    """Pre-activations `pre` without gradients: these flow through the chosen entries alone.

    Args:
        sae: whose encoder.
        z: normalised frames `[frames, d_in]`; no gradient flows to them.
    """

    def __init__(self, sae: SAE, z: torch.Tensor) -> None:
        self.sae, self.z = sae, z
        with torch.no_grad():
            self.pre = sae.pre_activations(z)

    def topk(self, k: int) -> Code:
        return self._rows(k_largest(self.pre, k)).rectified()

    def largest(self, count: int, level: Level | None = None) -> Code:
        frames, features = self.pre.shape
        if level is None:
            places = self.pre.flatten().topk(count, sorted=False).indices.sort().values
        else:
            places = level.kept(self.pre).flatten().nonzero()[:, 0]
        rows = places // features
        starts = torch.searchsorted(rows, torch.arange(frames, device=rows.device))
        return self._code(Places(rows, places % features, starts, features)).rectified()

    def strongest(self, which: torch.Tensor, count: int) -> Code:
        candidates = which.nonzero()[:, 0]
        return self._rows(candidates[self.pre[:, candidates].topk(count, dim=-1, sorted=False).indices])

    def _rows(self, columns: torch.Tensor) -> SparseCode:
        """A code of equally many entries in each frame: columns `[frames, count]`."""
        frames, count = columns.shape
        starts = torch.arange(0, frames * count, count, device=columns.device)
        rows = torch.arange(frames, device=columns.device).repeat_interleave(count)
        return self._code(Places(rows, columns.flatten(), starts, self.sae.config.n_features))

    def _code(self, places: Places) -> SparseCode:
        entries: torch.Tensor = _Entries.apply(self.z, self.sae.W_enc, self.sae.b_enc, self.pre, places)
        return SparseCode(places, entries)


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
        places: Places,
    ) -> torch.Tensor:
        ctx.save_for_backward(z)
        ctx.places = places
        return pre[places.rows, places.columns]

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[None, torch.Tensor, torch.Tensor | None, None, None]:
        (z,), places = ctx.saved_tensors, ctx.places
        bias = None
        if ctx.needs_input_grad[2]:
            bias = z.new_zeros(places.n_features).index_add_(0, places.columns, gradient.to(z.dtype))
        return None, places.sums_by_feature(z, gradient).T, bias, None, None


class _Decoded(torch.autograd.Function):
    """A reconstruction as it is, with W_dec's gradient of it: bags of its rows, in the order that W_enc's are summed in."""

    @staticmethod
    def forward(
        ctx: Any, z_hat: torch.Tensor, W_dec: torch.Tensor, values: torch.Tensor, places: Places
    ) -> torch.Tensor:
        ctx.save_for_backward(values)
        ctx.places = places
        return z_hat.view_as(z_hat)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        (values,) = ctx.saved_tensors
        return gradient, ctx.places.sums_by_feature(gradient, values), None, None
