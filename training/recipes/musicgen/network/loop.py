"""How the demo's MusicGen parts are trained: schedule, averaged weights, and a resumable loop."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from drawstop.progress import StepReport
from training.models.resumable_training import ResumableTraining


@dataclass(frozen=True)
class Schedule:
    """Settings of a training, besides its data and its model; saved in its checkpoints."""

    steps: int
    learning_rate: float
    final_rate: float
    betas: tuple[float, float]
    batch: int
    seed: int = 0
    restart: int = 0
    """The step at which the learning rate rises a second time; 0: it doesn't."""
    warm_up: int = 50
    clip_norm: float = 1.0
    average: float = 0.99
    """Decay of the averaged weights per step; the average is exported."""
    checkpoint_every: int = 100
    log_every: int = 25

    def rate(self, step: int) -> float:
        """Learning rate of a step: a short rise, then a cosine down to `final_rate`; again from `restart` on."""
        first, last = (0, self.restart) if step < self.restart else (self.restart, self.steps)
        share = (1 + math.cos(math.pi * (step - first) / (last - first))) / 2
        rate = self.final_rate + (self.learning_rate - self.final_rate) * share
        return rate * min(1.0, (step - first + 1) / self.warm_up)


class Training(ResumableTraining):
    """A model, its optimizer and the random state; goes on from `path` if that is there."""

    def __init__(self, path: Path, model: nn.Module, schedule: Schedule) -> None:
        super().__init__(path, schedule.steps, clock=time.process_time)
        self.model, self.schedule, self.log_path = model, schedule, path.with_suffix(".log")
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            model.parameters(), schedule.learning_rate, betas=schedule.betas, weight_decay=0.01
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        self.resume()

    @abstractmethod
    def loss(self, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one drawn batch, and values for the log. All chance comes from `rng` and torch's generator."""

    def generators(self) -> list[torch.Generator]:
        """The model's own random generators, which are saved too."""
        return []

    def run(self, until: int | None = None, progress: StepReport | None = None) -> None:
        """Train to the end (or only to step `until`), with checkpoints and a log line every so many steps."""
        self.model.train()
        super().run(until, progress)

    def is_due(self) -> bool:
        return self.step % self.schedule.checkpoint_every == 0

    def after_step(self, values: dict[str, float], last: int) -> None:
        if self.step % self.schedule.log_every == 0:
            self.log(self.log_path, values | {"cpu_seconds_per_step": self.pace()})

    def train_step(self) -> dict[str, float]:
        rng = np.random.default_rng((self.schedule.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        loss, values = self.loss(rng)
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip_norm)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        self._average()
        return {"loss": float(loss.detach())} | {
            name: float(value.detach()) for name, value in values.items()
        }

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the averaged parameters on; buffers (the codebooks, averages already) are taken as they are."""
        weight = min(self.schedule.average, (1 + self.step) / (10 + self.step))
        parameters = dict(self.model.named_parameters())
        for name, value in self.model.state_dict().items():
            if name in parameters:
                self.average[name].lerp_(value, 1 - weight)
            else:
                self.average[name].copy_(value)

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "generators": [generator.get_state() for generator in self.generators()],
            "schedule": asdict(self.schedule),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        if state["schedule"] != asdict(self.schedule):
            raise DrawstopError(
                f"{self.path} was trained with other settings: remove it, or give another --run"
            )
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        for generator, saved in zip(self.generators(), state["generators"], strict=True):
            generator.set_state(saved)
