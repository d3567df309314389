"""The training of one site's SAE: the step, as one function, and the checkpoint."""

from __future__ import annotations

import io
import pickle
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from drawstop.errors import DrawstopError
from training.models.resumable_training import write_state
from training.sae.batch import Batch, BatchStatistics, BatchThreshold
from training.sae.config import SAEConfig
from training.sae.distributed import ONE_PROCESS, ProcessGroup, smallest_of_all
from training.sae.losses import aux_loss
from training.sae.model import SAE
from training.sae.objectives import objective_of
from training.sae.sparse_features import Features, PreActivations, pre_activations_of

_UNREADABLE = (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError, TypeError)
_NOT_RESULTS = frozenset({"checkpoint_every"})


def learning_rate_at(step: int, config: SAEConfig) -> float:
    """The learning rate at a step: rises linearly in the warm-up, stays, and falls linearly to 0 at `config.steps`.

    >>> config = SAEConfig(d_in=2, steps=100, learning_rate=1.0, warmup_share=0.1, decay_share=0.5)
    >>> [learning_rate_at(step, config) for step in (0, 9, 50, 75)]
    [0.1, 1.0, 1.0, 0.5]
    """
    warmup, decay = config.warmup_share * config.steps, config.decay_share * config.steps
    rise = min(1.0, (step + 1) / warmup) if warmup > 0 else 1.0
    fall = min(1.0, (config.steps - step) / decay) if decay > 0 else 1.0
    return config.learning_rate * rise * fall


@dataclass(frozen=True)
class Forward:
    """Frames after the forward pass: z and z_hat `[frames, d_in]`."""

    z: torch.Tensor
    pre_activations: PreActivations
    features: Features
    z_hat: torch.Tensor


class SAETrainer:
    """A training in progress: the SAE, Adam's state, the step, and when each feature fired last.

    Args:
        frames: the identity of the frames that it is trained on.
        group: the processes that train it.
        frames_at_once: frames of a step that are computed at once; None: a process's whole share. Fewer take less
            memory, and a second forward pass.
    """

    def __init__(
        self,
        sae: SAE,
        device: str,
        frames: str,
        group: ProcessGroup = ONE_PROCESS,
        frames_at_once: int | None = None,
    ) -> None:
        if frames_at_once is not None and frames_at_once < 1:
            raise DrawstopError(f"frames_at_once must be 1 or more, got {frames_at_once}")
        config = sae.config
        self.sae = sae.to(device, torch.float64 if config.precision == "float64" else torch.float32)
        self.step, self.frames, self.group, self.frames_at_once = 0, frames, group, frames_at_once
        self.objective = objective_of(self.sae)
        self._learned = [p for p in sae.parameters() if p.requires_grad] + self.objective.parameters()
        self.optimizer = torch.optim.Adam(self._learned, lr=0.0, fused=config.sparse or None)
        self.silent_steps = torch.zeros(config.n_features, dtype=torch.int64, device=device)

    def topk_view(self) -> SAE:
        """The same weights as a TopK SAE, as which a `topk-jumprelu` is trained."""
        topk = SAE(replace(self.sae.config, architecture="topk")).to(self.sae.W_dec)
        topk.load_state_dict(self.sae.state_dict())
        return topk

    def train_step(self, x: torch.Tensor) -> torch.Tensor:
        """One step on this process's share of a batch, x `[frames, d_in]`; gives the whole batch's loss `[]`."""
        sae, config, objective = self.sae, self.sae.config, self.objective
        batch = Batch(x, self.frames_at_once, config.batch_size, self.group)

        # forward: of one part once, of several once for the statistics and once more for their gradients
        threshold = self._batch_threshold(batch)
        only = self._forward(x, threshold) if len(batch.parts) == 1 else None
        statistics = self._statistics(batch, only, threshold)
        self.silent_steps = torch.where(statistics.fired, 0, self.silent_steps + 1)
        dead = self.silent_steps > config.dead_after_steps

        # losses and backward, part by part
        self.optimizer.zero_grad()
        losses, smallest = [], []
        if threshold is not None:
            threshold.restart()
        for part in batch.parts:
            forward = only or self._forward(part, threshold)
            if objective.batchwide:
                smallest.append(forward.features.smallest())
            loss = self._loss(forward, statistics, dead) * batch.share(part)
            loss.backward()
            losses.append(loss.detach())
        total = losses[0] if len(losses) == 1 else torch.stack(losses).sum()

        # the sum over all processes
        self.group.all_reduce(total, *(p.grad for p in self._learned if p.grad is not None))
        if not torch.isfinite(total):
            raise DrawstopError(f"the loss isn't finite at step {self.step}; try a smaller learning_rate")

        # the optimizer, along the unit sphere of decoder rows: what leads off it would be undone below
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, config)
        rows, gradient = sae.W_dec.detach(), sae.W_dec.grad
        if gradient is not None:
            gradient -= (gradient * rows).sum(1, keepdim=True) * rows
        self.optimizer.step()
        with torch.no_grad():
            sae.W_dec.copy_(functional.normalize(sae.W_dec, dim=1))
        objective.after_step(smallest_of_all(self.group, smallest) if smallest else None, self.step)
        self.step += 1
        return total

    def _forward(self, x: torch.Tensor, threshold: BatchThreshold | None) -> Forward:
        """Frames x `[frames, d_in]` through encoder, selection and decoder."""
        z = self.sae.normalise(x)
        with self._autocast():
            pre = pre_activations_of(self.sae, z)
            features = self.objective.select(pre, self.step, threshold)
            return Forward(z, pre, features, features.decode(self.sae.W_dec) + self.sae.b_dec)

    def _loss(self, forward: Forward, statistics: BatchStatistics, dead: torch.Tensor) -> torch.Tensor:
        """The objective's loss and the auxiliary one of dead features, bool `[n_features]`: `[]`."""
        z, z_hat, pre, config = forward.z, forward.z_hat, forward.pre_activations, self.sae.config
        with self._autocast():
            loss = self.objective.loss(z, z_hat, forward.features, pre, statistics.l0)
            aux = aux_loss(z - z_hat, pre, self.sae.W_dec, dead, config.aux_k, statistics.power)
        return loss + config.aux_weight * aux

    @torch.no_grad()
    def _statistics(
        self, batch: Batch, only: Forward | None, threshold: BatchThreshold | None
    ) -> BatchStatistics:
        """Statistics of the whole batch over all parts and processes; `only`: the forward pass of a single part."""
        if only is not None and batch.is_whole:
            return BatchStatistics(only.features.fired())
        sums = []
        for part in batch.parts:
            forward, share = only or self._forward(part, threshold), batch.share(part)
            power = (forward.z - forward.z_hat).square().mean() * share
            l0 = self.objective.l0(forward.pre_activations).to(power) * share
            sums.append(torch.cat([power[None], l0[None], forward.features.fired().to(power)]))
        total = sums[0] if len(sums) == 1 else torch.stack(sums).sum(0)
        self.group.all_reduce(total)
        return BatchStatistics(total[2:] > 0, total[0], total[1])

    @torch.no_grad()
    def _batch_threshold(self, batch: Batch) -> BatchThreshold | None:
        """The smallest of the whole batch's k x batch largest values, 0 where fewer are positive; None where nothing asks for
        it, or one part is the whole batch."""
        if batch.is_whole or not self.objective.needs_batch_threshold(self.step):
            return None
        count = self.sae.config.k * batch.frames
        largest = batch.parts[0].new_zeros(0, dtype=self.sae.W_enc.dtype)
        for part in batch.parts:
            with self._autocast():
                pre = pre_activations_of(self.sae, self.sae.normalise(part)).values.relu().flatten()
            candidates = torch.cat([largest, pre.topk(min(count, len(pre)), sorted=False).values])
            largest = candidates.topk(min(count, len(candidates)), sorted=False).values
        everyones = self.group.all_gather(functional.pad(largest, (0, count - len(largest))))
        value = everyones.topk(count, sorted=False).values.amin()
        tied = (everyones == value).view(self.group.size, count).sum(1)
        before = int(tied[: self.group.rank].sum())
        return BatchThreshold(value, max(0, count - int((everyones > value).sum()) - before))

    def _autocast(self) -> AbstractContextManager[object]:
        device = self.sae.W_dec.device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.sae.config.precision == "bf16")

    def save(self, path: Path) -> None:
        state = {
            "config": _identity(self.sae.config),
            "frames": self.frames,
            "step": self.step,
            "sae": self.sae.state_dict(),
            "adam": self.optimizer.state_dict(),
            "silent_steps": self.silent_steps,
        }
        write_state(path, state)

    def load(self, path: Path) -> None:
        content = path.read_bytes()
        try:
            state: dict[str, Any] = torch.load(
                io.BytesIO(content), weights_only=True, map_location=self.silent_steps.device
            )
            config, frames = state["config"], state["frames"]
        except _UNREADABLE as error:
            raise DrawstopError(
                f"the checkpoint {path} is damaged; delete it to train from the start"
            ) from error
        if config != _identity(self.sae.config):
            changed = [
                name for name, value in _identity(self.sae.config).items() if config.get(name) != value
            ]
            raise DrawstopError(
                f"the checkpoint {path} is of another training ({', '.join(changed)} changed); "
                "delete it, or train as it was begun"
            )
        if frames != self.frames:
            raise DrawstopError(f"the checkpoint {path} was trained on other frames; delete it to train anew")
        self.sae.load_state_dict(state["sae"])
        self.optimizer.load_state_dict(state["adam"])
        for group in self.optimizer.param_groups:
            group["fused"] = self.sae.config.sparse or None  # whatever the checkpoint was written by
        self.silent_steps, self.step = state["silent_steps"], state["step"]


def _identity(config: SAEConfig) -> dict[str, Any]:
    return {name: value for name, value in config.described().items() if name not in _NOT_RESULTS}
