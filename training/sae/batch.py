"""A batch's way through an SAE: whole, or in parts that fit into memory, on one process or on many.

Key idea: losses are means over frames, so parts' losses weighted by their shares add up to the batch's, and so do gradients.
What isn't such a mean is measured over the whole batch first, and then is a constant to every part: BatchTopK's level, who
fired, the error's power (AuxK) and the L0 (JumpReLU).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch.nn import functional

from training.sae.distributed import Ranks
from training.sae.losses import aux_loss
from training.sae.model import SAE
from training.sae.objectives import Objective
from training.sae.sparse_features import Code, Encoded, Level, encoded


@dataclass(frozen=True)
class Whole:
    """What the parts of a batch must know of the whole.

    Attributes:
        fired: which features are active in any frame: bool `[n_features]`.
        power: the reconstruction's mean squared error `[]`.  l0: see `Objective.l0`, `[]`. Both None where there is one
            part only: it knows.
    """

    fired: torch.Tensor
    power: torch.Tensor | None = None
    l0: torch.Tensor | None = None


@dataclass(frozen=True)
class Pass:
    """A part after its forward pass: z and z_hat `[frames, d_in]`."""

    z: torch.Tensor
    encoded: Encoded
    code: Code
    z_hat: torch.Tensor


class Batch:
    """One step's batch: this process's share of it, in parts.

    Args:
        parts: frames x `[frames, d_in]` of each.
        done: steps so far.

    Attributes:
        smallest: the smallest value that each part kept, after `losses`, see `Code.smallest`.
    """

    def __init__(
        self, sae: SAE, objective: Objective, parts: Sequence[torch.Tensor], done: int, ranks: Ranks
    ) -> None:
        self.sae, self.objective, self.parts, self.done, self.ranks = sae, objective, parts, done, ranks
        self.frames = sum(map(len, parts)) if ranks.count == 1 else sae.config.batch_size
        self.smallest: list[torch.Tensor] = []
        self._is_whole = ranks.count == 1 and len(parts) == 1
        self._level: Level | None = None
        self._kept: Pass | None = None

    def whole(self) -> Whole:
        """Measures what concerns all parts; where there is one of them, its pass is kept for `losses`."""
        if not self._is_whole and self.objective.asks_for_level(self.done):
            self._level = self._common_level()
        if len(self.parts) == 1:
            self._kept = self._pass(self.parts[0])
            if self._is_whole:
                return Whole(self._kept.code.fired())
            sums = self._sums(self._kept)
        else:
            with torch.no_grad():
                sums = torch.stack([self._sums(self._pass(part)) for part in self.parts]).sum(0)
        self.ranks.add(sums)
        return Whole(sums[2:] > 0, sums[0], sums[1])

    def losses(self, whole: Whole, dead: torch.Tensor) -> Iterator[torch.Tensor]:
        """Each part's share of the loss `[]`, with gradients: of all parts of all processes they add up to the batch's."""
        sae, config = self.sae, self.sae.config
        if self._level is not None:
            self._level.begin()
        for part in self.parts:
            done = self._kept or self._pass(part)
            self._kept = None
            if self.objective.batchwide:
                self.smallest.append(done.code.smallest())
            with self._autocast():
                loss = self.objective.loss(done.z, done.z_hat, done.code, done.encoded, whole.l0)
                error = done.z - done.z_hat
                aux = aux_loss(error, done.encoded, sae.W_dec, dead, config.aux_k, whole.power)
            yield (loss + config.aux_weight * aux) * (len(part) / self.frames)

    def _pass(self, x: torch.Tensor) -> Pass:
        sae = self.sae
        z = sae.normalise(x)
        with self._autocast():
            through = encoded(sae, z)
            code = self.objective.code(through, self.done, self._level)
            return Pass(z, through, code, code.decode(sae.W_dec) + sae.b_dec)

    @torch.no_grad()
    def _sums(self, done: Pass) -> torch.Tensor:
        """Error's power and L0, weighted by the part's share, and who fired: `[2 + n_features]`."""
        share = len(done.z) / self.frames
        power = (done.z - done.z_hat).square().mean() * share
        l0 = self.objective.l0(done.encoded).to(power) * share
        return torch.cat([power[None], l0[None], done.code.fired().to(power)])

    @torch.no_grad()
    def _common_level(self) -> Level:
        """Where the k x batch largest values of the whole batch end; at 0 where fewer are positive."""
        count = self.sae.config.k * self.frames
        largest = self.parts[0].new_zeros(0, dtype=self.sae.W_enc.dtype)
        for part in self.parts:
            with self._autocast():
                pre = encoded(self.sae, self.sae.normalise(part)).pre.relu().flatten()
            found = torch.cat([largest, pre.topk(min(count, len(pre)), sorted=False).values])
            largest = found.topk(min(count, len(found)), sorted=False).values
        everyones = self.ranks.collect(functional.pad(largest, (0, count - len(largest))))
        value = everyones.topk(count, sorted=False).values.amin()
        tied = (everyones == value).view(self.ranks.count, count).sum(1)
        before = int(tied[: self.ranks.rank].sum())
        return Level(value, max(0, count - int((everyones > value).sum()) - before))

    def _autocast(self) -> AbstractContextManager[object]:
        device = self.sae.W_dec.device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.sae.config.precision == "bf16")
