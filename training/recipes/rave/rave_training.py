"""Trains the example RAVE on one core, resumably: a killed run goes on from its last checkpoint, bit for bit.

python -m training.recipes.rave.rave_training --out runs/demo --steps 5000 --seed 0
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.metrics.distances import additivity_error, level_error, spectral_distance
from training.models.resumable_training import ResumableTraining
from training.recipes.rave.mixtures import CROP, CorpusPairs, PairSource
from training.recipes.rave.rave_losses import (
    BAND_SCALES,
    FULL_SCALES,
    LOG_FLOOR,
    scale_penalty,
    waveform_distance,
)
from training.recipes.rave.rave_model import ModelConfig, SmallRAVE, build_model

CHECKPOINT = "rave.pt"
LOG = "rave.log"


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training's result, besides the corpus; saved in its checkpoints."""

    steps: int
    seed: int = 0
    samples: int = CROP
    learning_rate: float = 1e-3
    final_rate: float = 3e-5
    constant_share: float = 0.18
    clip_norm: float = 20.0
    noise: float = 0.1
    noise_steps: int = 1500
    waveform_weight: float = 2.0
    additivity_weight: float = 1.0
    scale_weight: float = 0.2
    level_weight: float = 0.5
    bfloat16: bool = True
    checkpoint_every: int = 250
    log_every: int = 50

    def rate(self, step: int) -> float:
        """Learning rate of a step: constant, then a cosine down to `final_rate`."""
        progress = max(0.0, step / max(1, self.steps) - self.constant_share) / (1 - self.constant_share)
        share = (1 + math.cos(math.pi * progress)) / 2
        return self.final_rate + (self.learning_rate - self.final_rate) * share

    def noise_level(self, step: int) -> float:
        """Latent noise of a step, as a share of each frame's rms."""
        return self.noise * min(1.0, step / self.noise_steps)


class Trainer(ResumableTraining):
    """Model, optimizer and random state of one training; goes on from `out`'s checkpoint if it has one."""

    def __init__(self, out: Path, pairs: PairSource, config: TrainingConfig, size: ModelConfig) -> None:
        super().__init__(out / CHECKPOINT, config.steps)
        self.out, self.pairs, self.config, self.model_config = out, pairs, config, size
        torch.manual_seed(config.seed)
        self.model: SmallRAVE = build_model(size)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(parameters, config.learning_rate, betas=(0.5, 0.9))
        out.mkdir(parents=True, exist_ok=True)
        self.resume()

    def is_due(self) -> bool:
        return self.step % self.config.checkpoint_every == 0

    def after_step(self, values: dict[str, float], last: int) -> None:
        if self.step % self.config.log_every == 0 or self.step in (1, last):
            self.log(self.out / LOG, values | {"seconds_per_step": self.pace()})

    def train_step(self) -> dict[str, float]:
        config, model = self.config, self.model
        rng = np.random.default_rng((config.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = config.rate(self.step)
        a, b = self.pairs.pair(rng, config.samples)
        with torch.no_grad():
            audio = torch.stack([a, b, a + b])
            bands = model.bands(audio)
            full = model.audio(bands)
        with self._precision():
            z = model.encoder(bands).float()
        additive = additivity_error(z[0], z[1], z[2])
        scale = scale_penalty(z, audio)
        codes = torch.cat([z, z[:1] + z[1:2]])
        noise = torch.randn_like(codes) * codes.detach().square().mean(1, keepdim=True).sqrt()
        with self._precision():
            decoded = model.decoder(codes + config.noise_level(self.step) * noise).float()
        target = torch.cat([bands, bands[2:]])
        multiband = spectral_distance(
            decoded.flatten(0, 1), target.flatten(0, 1), BAND_SCALES, log_epsilon=LOG_FLOOR
        )
        sound, full_target = model.audio(decoded)[:, 0], torch.cat([full, full[2:]])[:, 0]
        fullband = spectral_distance(sound, full_target, FULL_SCALES, log_epsilon=LOG_FLOOR)
        waveform = waveform_distance(decoded, target)
        level = level_error(sound, full_target)
        loss = multiband + fullband + config.waveform_weight * waveform + config.level_weight * level
        loss = loss + config.additivity_weight * additive + config.scale_weight * scale
        self.optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        parts = {
            "loss": loss,
            "multiband": multiband,
            "fullband": fullband,
            "waveform": waveform,
            "level": level,
        }
        figures = _latent_figures(z.detach(), additive)
        return {name: float(part.detach()) for name, part in parts.items()} | figures

    def _precision(self) -> torch.autocast:
        """Convolutions in bfloat16, a quarter faster on processors that have it; losses and weights stay float32."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.config.bfloat16)

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "config": asdict(self.config),
            "model_config": asdict(self.model_config),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        settings = TrainingConfig(**state["config"]), ModelConfig(**state["model_config"])
        if settings != (self.config, self.model_config):
            raise DrawstopError(f"{self.path} was trained with other settings: give another --out")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])


def _latent_figures(z: Tensor, additive: Tensor) -> dict[str, float]:
    rms = z.square().mean((0, 2)).sqrt()
    return {
        "additivity": float(additive.detach()),
        "z_rms": float(z.square().mean().sqrt()),
        "dimensions": float((rms > 0.1 * rms.max()).sum()),
    }


def main() -> None:
    """Command line: train on `OUT/corpus`."""
    parser = argparse.ArgumentParser(description="Train the example RAVE.")
    parser.add_argument("--out", type=Path, default=Path("runs/demo"))
    parser.add_argument("--steps", type=int, default=18000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--capacity", type=int, default=ModelConfig.capacity)
    parser.add_argument("--until", type=int, default=None, help="stop early, at this step")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = TrainingConfig(steps=arguments.steps, seed=arguments.seed)
    pairs = CorpusPairs.open(arguments.out / "corpus")
    Trainer(arguments.out, pairs, config, ModelConfig(capacity=arguments.capacity)).run(arguments.until)


if __name__ == "__main__":
    main()
