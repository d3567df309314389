"""Training an SAE: the same seed gives the same bits, and so does a training that was killed and resumed.

Batch, learning rate and first weights are functions of (config, step) alone; the checkpoint holds everything
else.
"""

import io
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from drawstop.base.errors import DrawstopError
from drawstop.base.files import atomic_file
from training.activations import ActivationStore, ShuffledRows
from training.sae.config import SAEConfig, TrainingFigures
from training.sae.losses import aux_loss, fraction_of_variance_explained, reconstruction_loss
from training.sae.model import SAE, activate
from training.sae.source import Source, source_of, thinned

Progress = Callable[[int, float], None]
"""Called after each step with the number of steps done and the loss."""

_CHUNK_FRAMES = 4096
_UNREADABLE = (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError, TypeError)
_ROUNDING_POWER = 1e-13  # relative to the mean's: float32 frames that vary less only vary by rounding
_NOT_RESULTS = frozenset({"checkpoint_every"})


def train(
    source: ActivationStore | torch.Tensor,
    config: SAEConfig,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    device: str = "cpu",
) -> SAE:
    """Train an SAE on a store's train split, or on frames x `[frames, d_in]`; `sae.figures` tells how it
    went.

    Args:
        source: a store or frames; not normalised.
        config: what to train.
        checkpoint: a file to resume from if it's there, and to write every `config.checkpoint_every` steps
        and at the
            end; None trains in one go.
        progress: called after each step. What it raises ends the training; the checkpoint stays.
        device: a torch device. Bit-for-bit equality holds on one device with one number of threads.

    Raises:
        DrawstopError: frames of another width, constant or not finite; a checkpoint of another training; a
        loss that
            isn't finite.
    """
    data = source_of(source, config)
    sae = SAE(config)
    _fit_normalisation(sae, data)
    _start_from_frames(sae, data)
    sae.to(device)
    run = _Run(sae, device)
    if checkpoint is not None and Path(checkpoint).exists():
        run.load(Path(checkpoint))
    shuffled = ShuffledRows(data.training, config.batch_size, config.seed)
    while run.step < config.steps:
        loss = run.advance(data.take(shuffled.batch(run.step)).to(device))
        if checkpoint is not None and (run.step % config.checkpoint_every == 0 or run.step == config.steps):
            run.save(Path(checkpoint))
        if progress is not None:
            progress(run.step, float(loss))
    sae.cpu()
    if config.architecture == "jumprelu":
        sae.threshold.copy_(
            run.topk_view().to_jumprelu(sae.normalise(data.take(thinned(data.training)))).threshold
        )
    sae.figures = _measure(sae, data)
    return sae


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


class _Run:
    """A training under way: the SAE, Adam's state, the step, and when each feature fired last."""

    def __init__(self, sae: SAE, device: str) -> None:
        self.sae, self.step = sae, 0
        self.optimizer = torch.optim.Adam([p for p in sae.parameters() if p.requires_grad], lr=0.0)
        self.silent_steps = torch.zeros(sae.config.n_features, dtype=torch.int64, device=device)

    def topk_view(self) -> SAE:
        """The same weights as a TopK SAE: what every architecture is while it trains."""
        topk = SAE(SAEConfig(**{**asdict(self.sae.config), "architecture": "topk"}))
        topk.load_state_dict(self.sae.state_dict())
        return topk

    def advance(self, x: torch.Tensor) -> torch.Tensor:
        """One step on frames x `[batch, d_in]`; gives the loss `[]`."""
        sae, config = self.sae, self.sae.config
        z = sae.normalise(x)
        pre = sae.pre_activations(z)
        features = activate(pre, "topk", config.k, sae.threshold)
        z_hat = sae.decode(features)
        self.silent_steps = torch.where((features > 0).any(0), 0, self.silent_steps + 1)
        dead = self.silent_steps > config.dead_after_steps
        loss = reconstruction_loss(z, z_hat)
        loss = loss + config.aux_weight * aux_loss(z - z_hat, pre, sae.W_dec, dead, config.aux_k)
        if not torch.isfinite(loss):
            raise DrawstopError(f"the loss isn't finite at step {self.step}; try a smaller learning_rate")
        self._descend(loss)
        self.step += 1
        return loss.detach()

    def _descend(self, loss: torch.Tensor) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.sae.config)
        self.optimizer.zero_grad()
        loss.backward()
        rows, gradient = self.sae.W_dec.detach(), self.sae.W_dec.grad
        if gradient is not None:  # only the part along the unit sphere: the rest would be undone below
            gradient -= (gradient * rows).sum(1, keepdim=True) * rows
        self.optimizer.step()
        with torch.no_grad():
            self.sae.W_dec.copy_(functional.normalize(self.sae.W_dec, dim=1))

    def save(self, path: Path) -> None:
        state = {
            "config": _identity(self.sae.config),
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
            config, mean, scale = state["config"], state["sae"]["mean"], state["sae"]["scale"]
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
        if not (torch.equal(mean, self.sae.mean) and torch.equal(scale, self.sae.scale)):
            raise DrawstopError(f"the checkpoint {path} was trained on other frames; delete it to train anew")
        self.sae.load_state_dict(state["sae"])
        self.optimizer.load_state_dict(state["adam"])
        self.silent_steps, self.step = state["silent_steps"], state["step"]


def _identity(config: SAEConfig) -> dict[str, Any]:
    return {name: value for name, value in asdict(config).items() if name not in _NOT_RESULTS}


def _fit_normalisation(sae: SAE, data: Source) -> None:
    """Mean and scale of the training frames, summed in float64: a chunk of frames in memory at a time."""
    count, parts = len(data.training), range(0, len(data.training), _CHUNK_FRAMES)
    chunks = (data.take(data.training[first : first + _CHUNK_FRAMES]).double() for first in parts)
    mean = sum((chunk.sum(0) for chunk in chunks), torch.zeros(sae.config.d_in, dtype=torch.float64)) / count
    if not sae.config.centre:
        mean = torch.zeros_like(mean)
    chunks = (data.take(data.training[first : first + _CHUNK_FRAMES]).double() for first in parts)
    power = float(sum((chunk - mean).square().sum() for chunk in chunks)) / (count * sae.config.d_in)
    if not (np.isfinite(power) and power > _ROUNDING_POWER * float(mean.square().mean())):
        raise DrawstopError(
            f"expected frames that are finite and vary, got a mean power of {power}; check the recordings"
        )
    sae.mean.copy_(mean)
    sae.scale.fill_(power**0.5)


def _start_from_frames(sae: SAE, data: Source) -> None:
    rng = np.random.default_rng([sae.config.seed, 0x5AE])
    rows = rng.choice(
        data.training, sae.config.n_features, replace=len(data.training) < sae.config.n_features
    )
    sae.start_from(sae.normalise(data.take(rows)))


def _measure(sae: SAE, data: Source) -> TrainingFigures:
    explained, active, fired = measure(sae, sae.normalise(data.take(thinned(data.training))))
    validation = None
    if len(data.validation):
        validation = measure(sae, sae.normalise(data.take(thinned(data.validation))))[0]
    dead = sae.config.n_features - int(fired.sum())
    return TrainingFigures(
        explained, validation, active, dead, dead / sae.config.n_features, sae.config.steps
    )


@torch.no_grad()
def measure(sae: SAE, z: torch.Tensor) -> tuple[float, float, torch.Tensor]:
    """Fraction of variance explained, mean L0, and which features fired `[n_features]`, on normalised frames.

    Shape: z `[frames, d_in]`; a chunk of features in memory at a time.
    """
    z_hat, active = torch.empty_like(z), 0
    fired = torch.zeros(sae.config.n_features, dtype=torch.bool)
    for first in range(0, len(z), _CHUNK_FRAMES):
        features = sae.encode(z[first : first + _CHUNK_FRAMES])
        z_hat[first : first + _CHUNK_FRAMES] = sae.decode(features)
        active += int((features > 0).sum())
        fired |= (features > 0).any(0)
    return float(fraction_of_variance_explained(z, z_hat)), active / len(z), fired
