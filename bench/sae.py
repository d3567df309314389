"""SAE training: our step beside SAELens's own, in turns, in one run; peak memory of both; and how time and memory grow.

    python -m bench.sae [--quick]

Frames lie in memory for both. Ratios of CPU time measured in turns hold on a busy machine too; frames per second don't.
Each memory is measured in a process of its own: its peak less what it held before the SAE was made.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional

from bench.sae_rivals import saelens_step
from training.activations import Frames
from training.evidence.planted import SIGNAL_TO_NOISE_DB, STRONGEST, WEAKEST, planted_directions
from training.order import Rows
from training.recordings import Split
from training.sae.config import SAEConfig
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.run import Run
from training.sae.source import Batches

Step = Callable[[Tensor], object]
Shape = tuple[int, int, int, int]
SHAPES: tuple[Shape, ...] = (
    (64, 512, 16, 1024),
    (128, 1024, 16, 1024),
    (64, 4096, 16, 1024),
    (512, 4096, 32, 1024),
    (768, 8192, 32, 1024),
)
"""d_in, features, k, frames per step: our defaults, the shipped bank's, a wide one of a RAVE, a MusicGen's layers."""
GROWN = SAEConfig(256, 2048, 32, batch_size=512)
WIDTHS, LAYERS, FRAMES = (512, 1024, 2048, 4096, 8192, 16384), (1, 2, 4, 8), (10**5, 10**6, 10**7)
STEPS, MOST_STEPS = 30, 200
BUFFER_FRAMES = 65536
EXPLAINED = SAEConfig(128, 2048, 8, batch_size=512, steps=400)
_HELD_OUT = 4096


class Matrices(SAEConfig):
    """Our step by whole matrices, whatever the rule says."""

    @property
    def sparse(self) -> bool:
        return False


class Gathered(SAEConfig):
    """Our step by gathered rows, whatever the rule says."""

    @property
    def sparse(self) -> bool:
        return True


def our_step(config: SAEConfig) -> Step:
    """A step of our training."""
    return Run(SAE(config), "cpu", "").advance


def contenders(config: SAEConfig) -> dict[str, Callable[[], Step]]:
    """Makers of everything that is compared."""
    fields = {name: getattr(config, name) for name in SAEConfig.__dataclass_fields__}
    return {
        "ours": lambda: our_step(config),
        "ours, matrices": lambda: our_step(Matrices(**fields)),
        "ours, rows": lambda: our_step(Gathered(**fields)),
        "SAELens": lambda: saelens_step(config)[0],
        "SAELens, sparse": lambda: saelens_step(config, sparse=True)[0],
    }


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.sae", description="What training an SAE costs.")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller points, fewer steps")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    console = Console(width=140)
    shapes = SHAPES[:4] if quick else SHAPES
    _warm_up()
    memory = {
        shape: memory_mb(_config(shape)) for shape in shapes
    }  # first: a process inherits what this one has freed
    console.print(
        growth(WIDTHS[:4] if quick else WIDTHS, LAYERS[:3] if quick else LAYERS, 10 if quick else MOST_STEPS)
    )
    console.print(frames_growth(FRAMES[:2] if quick else FRAMES))
    console.print(speeds(memory, 5 if quick else STEPS))
    console.print(explained(EXPLAINED if not quick else replace(EXPLAINED, steps=100)))


def memory_mb(config: SAEConfig) -> dict[str, float]:
    """Peak memory of every contender's first steps."""
    return {
        name: in_process(partial(run_steps, make, config))[1] for name, make in contenders(config).items()
    }


def speeds(memory: dict[Shape, dict[str, float]], steps: int) -> Table:
    """Frames per CPU second of every contender and shape, in turns; and peak memory."""
    title = f"a step, medians of {steps}; one thread, float32, TopK"
    table = Table("", "k frames/s", "x SAELens", "peak MB", title=title)
    for shape, peaks in memory.items():
        config = _config(shape)
        table.add_section()
        how = "rows" if config.sparse else "matrices"
        table.add_row(f"d_in {shape[0]}, {shape[1]} features, k {shape[2]}, {shape[3]} frames: {how}")
        times = in_turns(
            {name: make() for name, make in contenders(config).items()}, batches(config, 4), steps
        )
        for name, seconds in times.items():
            rate, ratio = config.batch_size / seconds / 1e3, times["SAELens"] / seconds
            table.add_row(f"  {name}", f"{rate:.2f}", f"{ratio:.2f}", f"{peaks[name]:.0f}")
    return table


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


def explained(config: SAEConfig) -> Table:
    """Variance explained of held-out planted frames after equally many steps of equal batches and rates."""
    frames = planted(config, config.steps // 4 * config.batch_size + _HELD_OUT)
    held_out, training = frames[:_HELD_OUT], list(torch.split(frames[_HELD_OUT:], config.batch_size))
    ours = Run(SAE(config), "cpu", "")
    ours.sae.start_from(frames[_HELD_OUT : _HELD_OUT + config.n_features])
    step, theirs = saelens_step(config)
    times = in_turns({"ours": ours.advance, "SAELens": step}, training, config.steps - 2)
    with torch.no_grad():
        found = {"ours": ours.sae(held_out), "SAELens": theirs(held_out)}
    title = f"{_of(config)}: after {config.steps} steps, dead features' loss included"
    table = Table("", "variance explained, held out", "k frames/s", "x SAELens", title=title)
    for name, z_hat in found.items():
        rate, ratio = config.batch_size / times[name] / 1e3, times["SAELens"] / times[name]
        said = float(fraction_of_variance_explained(held_out, z_hat))
        table.add_row(name, f"{said:.4f}", f"{rate:.2f}", f"{ratio:.2f}")
    return table


def planted(config: SAEConfig, count: int) -> Tensor:
    """Frames of k active directions each out of half as many as there are features: power 1, mean 0."""
    generator = torch.Generator().manual_seed(0)
    directions = planted_directions(generator, config.n_features // 2, config.d_in)
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


def growth(widths: tuple[int, ...], layers: tuple[int, ...], most_steps: int) -> Table:
    """One axis at a time; the last point of each by the most steps."""
    table = Table("", "layers", "features", "ms a step", "k frames/s", "peak MB", "steps", title=_of(GROWN))
    for axis, points in (
        ("features", [(1, width) for width in widths]),
        ("layers", [(count, GROWN.n_features) for count in layers]),
    ):
        table.add_section()
        for point in points:
            config, count = (
                replace(GROWN, n_features=point[1]),
                most_steps if point == points[-1] else min(STEPS, most_steps),
            )
            seconds, memory = in_process(partial(layer_steps, config, point[0], count))
            rate = config.batch_size / seconds / 1e3
            table.add_row(
                axis, *map(str, point), f"{1e3 * seconds:.1f}", f"{rate:.2f}", f"{memory:.0f}", str(count)
            )
    return table


def layer_steps(config: SAEConfig, layers: int, count: int) -> float:
    """Median CPU seconds of a step of all layers, side by side on the same frames."""
    runs = [Run(SAE(replace(config, seed=layer)), "cpu", "") for layer in range(layers)]
    return in_turns({"all": lambda x: [run.advance(x) for run in runs]}, batches(config, 4), count)["all"]


def frames_growth(counts: tuple[int, ...]) -> Table:
    """Memory of a training on ever more frames, that come through a shuffle buffer."""
    table = Table(
        "frames", "ms a step", "peak MB", title=f"{_of(GROWN)}, through a buffer of {BUFFER_FRAMES} frames"
    )
    for count in counts:
        seconds, memory = in_process(partial(buffered_steps, count))
        table.add_row(f"{count:.0e}", f"{1e3 * seconds:.1f}", f"{memory:.0f}")
    return table


def buffered_steps(count: int) -> float:
    """CPU seconds of a step, reading included, over a buffer and a half."""
    run = Run(SAE(GROWN), "cpu", "")
    stream = Batches(Computed(count, GROWN.d_in), GROWN.batch_size, 0, BUFFER_FRAMES)
    start, steps = time.process_time(), BUFFER_FRAMES * 3 // 2 // GROWN.batch_size
    for step in range(steps):
        for _, x in stream.batch(step):
            run.advance(x)
    return (time.process_time() - start) / steps


@dataclass
class Computed:
    """So many frames of which none is kept, in pieces of a thousand, as a model would give them."""

    count: int
    width: int
    random_access: bool = False
    identity: str = "computed"

    def __post_init__(self) -> None:
        self.widths = {"site": self.width}
        self.table = np.random.default_rng(0).standard_normal((997, self.width), dtype=np.float32)

    def pieces(self, split: Split | None = None) -> list[range]:
        """Of a thousand frames each."""
        return [range(first, first + 1000) for first in range(0, self.count, 1000)]

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Rows of a table, again and again."""
        np.take(self.table, rows % len(self.table), axis=0, out=into["site"])


def batches(config: SAEConfig, count: int) -> list[Tensor]:
    """Batches of planted frames."""
    return list(torch.split(planted(config, count * config.batch_size), config.batch_size))


def run_steps(make: Callable[[], Step], config: SAEConfig) -> float:
    """A few steps, for their memory."""
    step = make()
    for x in batches(config, 3):
        step(x)
    return 0.0


def in_process(call: Callable[[], float]) -> tuple[float, float]:
    """What a call gives, and the MB that it needed at most."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measured, args=(call, sender))
    process.start()
    sender.close()
    said: tuple[float, float] = receiver.recv()
    process.join()
    return said


def _measured(call: Callable[[], float], sender: Connection) -> None:
    before = _held_mb()
    value = call()
    sender.send((value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before))


def _held_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def _warm_up() -> None:
    """Whatever the libraries hold from their first step on is no contender's."""
    config = SAEConfig(8, 32, 2, batch_size=16)
    for make in contenders(config).values():
        run_steps(make, config)


def _config(shape: Shape) -> SAEConfig:
    return SAEConfig(*shape[:3], batch_size=shape[3])


def _of(config: SAEConfig) -> str:
    return f"TopK, d_in {config.d_in}, {config.n_features} features, k {config.k}, {config.batch_size} frames a step"


if __name__ == "__main__":
    main()
