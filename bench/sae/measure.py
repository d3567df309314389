"""What measurements of SAE training share: planted frames, contenders that take turns, and memory in a process of its own."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from training.recipes.planted.planted import (
    SIGNAL_TO_NOISE_DB,
    STRONGEST,
    WEAKEST,
    planted_directions,
)
from training.sae.config import SAEConfig

T = TypeVar("T")
Step = Callable[[Tensor], object]


def planted(config: SAEConfig, count: int, seed: int = 0) -> Tensor:
    """Frames of k active directions each out of half as many as there are features: power 1, mean 0."""
    directions = planted_directions(
        torch.Generator().manual_seed(0), max(1, config.n_features // 2), config.d_in
    )
    generator = torch.Generator().manual_seed(seed + 1)
    chosen = torch.randint(len(directions), (count, config.k), generator=generator)
    strengths = WEAKEST + (STRONGEST - WEAKEST) * torch.rand(count, config.k, generator=generator)
    clean = functional.embedding_bag(chosen, directions, per_sample_weights=strengths, mode="sum")
    noise = (
        torch.randn(clean.shape, generator=generator)
        * clean.square().mean().sqrt()
        * 10 ** (-SIGNAL_TO_NOISE_DB / 20)
    )
    frames = clean + noise
    frames -= frames.mean(0)
    return frames / frames.square().mean().sqrt()


def batches(config: SAEConfig, count: int) -> list[Tensor]:
    """Batches of planted frames."""
    return list(torch.split(planted(config, count * config.batch_size), config.batch_size))


def in_turns(steps: dict[str, Step], frames: list[Tensor], count: int) -> dict[str, float]:
    """Median CPU seconds of a step, after two that aren't measured."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for index in range(count + 2):
        for name, step in steps.items():
            start = time.process_time()
            step(frames[index % len(frames)])
            if index >= 2:
                times[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def in_new_process(call: Callable[..., T], *arguments: object) -> T:
    """What a call gives in a process of its own, started anew: a forked one would reuse what this one has freed."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def resident_peak_mb(call: Callable[[], object]) -> float:
    """The most memory that this process held during a call beyond what it held before it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten (man 5 proc)
    before = memory_mb("VmRSS")
    call()
    return memory_mb("VmHWM") - before


def memory_mb(which: str) -> float:
    """A line of /proc/self/status."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{which}:")) / 1024


def described(config: SAEConfig) -> str:
    """An SAE in a line."""
    return f"TopK, d_in {config.d_in}, {config.n_features} features, k {config.k}, {config.batch_size} frames a step"
