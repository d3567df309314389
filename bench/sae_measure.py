"""What measurements of SAE training share: planted frames, contenders that take turns, and memory in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from training.evidence.planted import SIGNAL_TO_NOISE_DB, STRONGEST, WEAKEST, planted_directions
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


def in_process(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and the MB that it needed at most."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measured, args=(call, sender))
    process.start()
    sender.close()
    said: tuple[T, float] = receiver.recv()
    process.join()
    return said


def _measured(call: Callable[[], object], sender: Connection) -> None:
    with open("/proc/self/statm") as file:
        before = int(file.read().split()[1]) * resource.getpagesize() / 2**20
    value = call()
    sender.send((value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before))


def described(config: SAEConfig) -> str:
    """An SAE in a line."""
    return f"TopK, d_in {config.d_in}, {config.n_features} features, k {config.k}, {config.batch_size} frames a step"
