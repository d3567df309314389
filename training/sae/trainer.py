"""One site's training under way: the SAE, Adam's state, the step; and its checkpoint."""

import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from training.sae.batch import Batch, Whole
from training.sae.config import SAEConfig
from training.sae.distributed import ALONE, Ranks, least
from training.sae.model import SAE
from training.sae.objectives import objective_of

_UNREADABLE = (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError, TypeError)
_NOT_RESULTS = frozenset({"checkpoint_every"})


def learning_rate_at(step: int, config: SAEConfig) -> float:
    """Rises linearly over the warm-up, stays, and falls linearly to 0 at `config.steps`.

    >>> config = SAEConfig(d_in=2, steps=100, learning_rate=1.0, warmup_share=0.1, decay_share=0.5)
    >>> [learning_rate_at(step, config) for step in (0, 9, 50, 75)]
    [0.1, 1.0, 1.0, 0.5]
    """
    warmup, decay = config.warmup_share * config.steps, config.decay_share * config.steps
    rise = min(1.0, (step + 1) / warmup) if warmup > 0 else 1.0
    fall = min(1.0, (config.steps - step) / decay) if decay > 0 else 1.0
    return config.learning_rate * rise * fall


class Run:
    """A training under way: the SAE, Adam's state, the step, and when each feature fired last.

    Args:
        frames: the identity of the frames that it is trained on.
        ranks: the processes that train it.
        frames_at_once: of a step, how many are computed together; None computes a process's share in one go. The others
            wait, and are encoded once more before their gradients: less memory for a longer step.
    """

    def __init__(
        self, sae: SAE, device: str, frames: str, ranks: Ranks = ALONE, frames_at_once: int | None = None
    ) -> None:
        if frames_at_once is not None and frames_at_once < 1:
            raise DrawstopError(f"frames_at_once must be 1 or more, got {frames_at_once}")
        config = sae.config
        self.sae = sae.to(device, torch.float64 if config.precision == "float64" else torch.float32)
        self.step, self.frames, self.ranks, self.frames_at_once = 0, frames, ranks, frames_at_once
        self.objective = objective_of(self.sae)
        self._learned = [p for p in sae.parameters() if p.requires_grad] + self.objective.parameters()
        self.optimizer = torch.optim.Adam(self._learned, lr=0.0, fused=config.sparse or None)
        self.silent_steps = torch.zeros(config.n_features, dtype=torch.int64, device=device)

    def topk_view(self) -> SAE:
        """The same weights as a TopK SAE: what a `topk-jumprelu` is while it trains."""
        topk = SAE(replace(self.sae.config, architecture="topk")).to(self.sae.W_dec)
        topk.load_state_dict(self.sae.state_dict())
        return topk

    def advance(self, x: torch.Tensor) -> torch.Tensor:
        """One step on this process's share of a batch, x `[frames, d_in]`; gives the whole batch's loss `[]`."""
        parts = x.split(self.frames_at_once or len(x))
        batch = Batch(self.sae, self.objective, parts, self.step, self.ranks)
        whole = batch.whole()
        self.silent_steps = torch.where(whole.fired, 0, self.silent_steps + 1)
        loss = self._backward(batch, whole)
        if not torch.isfinite(loss):
            raise DrawstopError(f"the loss isn't finite at step {self.step}; try a smaller learning_rate")
        self._descend()
        smallest = least(self.ranks, batch.smallest) if self.objective.batchwide else None
        self.objective.settle(smallest, self.step)
        self.step += 1
        return loss

    def _backward(self, batch: Batch, whole: Whole) -> torch.Tensor:
        """Gradients of the whole batch, on every process; gives its loss."""
        dead = self.silent_steps > self.sae.config.dead_after_steps
        self.optimizer.zero_grad()
        losses = []
        for loss in batch.losses(whole, dead):
            loss.backward()
            losses.append(loss.detach())
        total = losses[0] if len(losses) == 1 else torch.stack(losses).sum()
        self.ranks.add(total, *(p.grad for p in self._learned if p.grad is not None))
        return total

    def _descend(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.sae.config)
        rows, gradient = self.sae.W_dec.detach(), self.sae.W_dec.grad
        if gradient is not None:  # only the part along the unit sphere: the rest would be undone below
            gradient -= (gradient * rows).sum(1, keepdim=True) * rows
        self.optimizer.step()
        with torch.no_grad():
            self.sae.W_dec.copy_(functional.normalize(self.sae.W_dec, dim=1))

    def save(self, path: Path) -> None:
        state = {
            "config": _identity(self.sae.config),
            "frames": self.frames,
            "step": self.step,
            "sae": self.sae.state_dict(),
            "adam": self.optimizer.state_dict(),
            "silent_steps": self.silent_steps,
        }
        buffer = io.BytesIO()  # so that a full disk is an OSError that atomic_file can tell
        torch.save(state, buffer)
        with atomic_file(path) as temporary:
            temporary.write_bytes(buffer.getvalue())

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
