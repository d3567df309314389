"""A training that can be killed: what it holds is saved every so many steps, and it goes on from there, bit for bit."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Schedule:
    """What decides a training besides its data and its model; saved in its checkpoints."""

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
    """How much of the averaged weights stays at each step; what is exported is the average."""
    checkpoint_every: int = 100
    log_every: int = 25

    def rate(self, step: int) -> float:
        """Learning rate of a step: a short rise, then a cosine down to `final_rate`; again from `restart` on."""
        first, last = (0, self.restart) if step < self.restart else (self.restart, self.steps)
        share = (1 + math.cos(math.pi * (step - first) / (last - first))) / 2
        rate = self.final_rate + (self.learning_rate - self.final_rate) * share
        return rate * min(1.0, (step - first + 1) / self.warm_up)


class Training(ABC):
    """A model, its optimizer and the random state; goes on from `path` if that is there."""

    def __init__(self, path: Path, model: nn.Module, schedule: Schedule) -> None:
        self.path, self.model, self.schedule = path, model, schedule
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            model.parameters(), schedule.learning_rate, betas=schedule.betas, weight_decay=0.01
        )
        self.step = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._resume()

    @abstractmethod
    def loss(self, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one drawn batch, and figures for the log. All chance comes from `rng` and torch's generator."""

    def generators(self) -> list[torch.Generator]:
        """The model's own random generators, which are saved too."""
        return []

    def run(self, until: int | None = None) -> None:
        """Train to the end (or only to step `until`), with checkpoints and a log line every so many steps."""
        last = self.schedule.steps if until is None else until
        self.model.train()
        started, first = time.process_time(), self.step
        while self.step < last:
            figures = self._train_step()
            self.step += 1
            if self.step % self.schedule.log_every == 0:
                pace = (time.process_time() - started) / (self.step - first)
                self._log(figures | {"cpu_seconds_per_step": pace})
            if self.step % self.schedule.checkpoint_every == 0 or self.step == last:
                self._save()

    def _train_step(self) -> dict[str, float]:
        rng = np.random.default_rng((self.schedule.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        loss, figures = self.loss(rng)
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip_norm)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        self._average()
        return {"loss": float(loss.detach())} | {
            name: float(value.detach()) for name, value in figures.items()
        }

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the averaged parameters on; buffers (the codebooks, averages already) are taken as they are."""
        kept = min(self.schedule.average, (1 + self.step) / (10 + self.step))
        parameters = dict(self.model.named_parameters())
        for name, value in self.model.state_dict().items():
            if name in parameters:
                self.average[name].lerp_(value, 1 - kept)
            else:
                self.average[name].copy_(value)

    def _log(self, figures: dict[str, float]) -> None:
        line = f"step {self.step} " + " ".join(f"{name} {value:.4g}" for name, value in figures.items())
        with self.path.with_suffix(".log").open("a") as file:
            file.write(line + "\n")

    def _save(self) -> None:
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "generators": [generator.get_state() for generator in self.generators()],
            "schedule": asdict(self.schedule),
        }
        temporary = self.path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(self.path)

    def _resume(self) -> None:
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        if state["schedule"] != asdict(self.schedule):
            raise ValueError(f"{self.path} was trained with other settings: remove it, or give another --run")
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        for generator, saved in zip(self.generators(), state["generators"], strict=True):
            generator.set_state(saved)
        self.step = int(state["step"])
