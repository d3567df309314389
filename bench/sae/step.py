"""SAE training: our step beside SAELens's own, in turns; the time that each takes to explain as much; peak memory of both.

    python -m bench.sae.step [--quick] [--json FILE]

Frames lie in memory for both. Ratios of CPU time measured in turns hold on a busy machine too; frames per second don't.
Each memory is measured in a process of its own: its peak less what it held before the SAE was made. How time and memory grow with
frames, features and layers: bench.sae.growth.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from bench.sae.measure import Step, batches, described, in_new_process, in_turns, planted, resident_peak_mb
from bench.sae.saelens import saelens_step
from drawstop.files import write_json
from training.sae.config import SAEConfig
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.sparse_features import k_largest
from training.sae.trainer import SAETrainer

Shape = tuple[int, int, int, int]
SHAPES: tuple[Shape, ...] = (
    (64, 512, 16, 1024),
    (128, 1024, 16, 1024),
    (64, 4096, 16, 1024),
    (512, 4096, 32, 1024),
    (768, 8192, 32, 1024),
)
"""d_in, features, k, frames per step: our defaults, the shipped bank's, a wide one of a RAVE, a MusicGen's layers."""
STEPS, QUICK_STEPS, QUICK_RACE = 30, 9, 250
RACES = (SAEConfig(64, 512, 16, steps=1500), SAEConfig(128, 2048, 8, batch_size=512, steps=600))
"""Trained to the end by both: our defaults, and a wider one."""
RACE_RATES = (3e-3, 6e-3, 1e-2, 2e-2)
"""At each of which both are trained: the same number isn't the same step where rows have another length."""
_HELD_OUT, _LOOKED_AT_STEPS = 4096, 10


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
    return SAETrainer(SAE(config), "cpu", "").train_step


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
    parser = argparse.ArgumentParser(
        prog="python -m bench.sae.step", description="What training an SAE costs."
    )
    parser.add_argument("--quick", action="store_true", help="fewer and smaller points, fewer steps")
    parser.add_argument("--json", type=Path, help="write the measurements")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=140)
    shapes = SHAPES[:4] if arguments.quick else SHAPES
    _warm_up()
    peaks = {shape: peaks_mb(_config(shape)) for shape in shapes}
    times = {}
    for shape in shapes:
        config, count = _config(shape), QUICK_STEPS if arguments.quick else STEPS
        made = {name: make() for name, make in contenders(config).items()}
        times[shape] = in_turns(made, batches(config, 4), count)
    console.print(speeds(peaks, times))
    console.print(selections(shapes))
    races = []
    for config in RACES:
        races.append(race(replace(config, steps=QUICK_RACE) if arguments.quick else config))
        console.print(shown(races[-1]))
    if arguments.json:
        write_json(arguments.json, as_json(peaks, times, races))


def peaks_mb(config: SAEConfig) -> dict[str, float]:
    """Peak memory of every contender's first steps."""
    return {name: in_new_process(peak_mb, name, config) for name in contenders(config)}


def peak_mb(name: str, config: SAEConfig) -> float:
    """Peak memory of a contender's first steps, beyond what the libraries hold."""
    torch.set_num_threads(1)
    _warm_up()
    return resident_peak_mb(partial(run_steps, contenders(config)[name], config))


def speeds(peaks: dict[Shape, dict[str, float]], times: dict[Shape, dict[str, float]]) -> Table:
    """Frames per CPU second of every contender and shape, in turns; and peak memory."""
    table = Table("", "k frames/s", "x SAELens", "peak MB", title="a step; one thread, float32, TopK")
    for shape, seconds in times.items():
        config = _config(shape)
        table.add_section()
        how = "rows" if config.sparse else "matrices"
        table.add_row(f"d_in {shape[0]}, {shape[1]} features, k {shape[2]}, {shape[3]} frames: {how}")
        for name, taken in seconds.items():
            rate, ratio = config.batch_size / taken / 1e3, seconds["SAELens"] / taken
            table.add_row(f"  {name}", f"{rate:.2f}", f"{ratio:.2f}", f"{peaks[shape][name]:.0f}")
    return table


def selections(shapes: Sequence[Shape]) -> Table:
    """Finding each frame's k largest: by groups, as we do, beside torch.topk, in turns."""
    table = Table("ms for", "k_largest", "torch.topk", "x", title="k of so many features, one thread")
    for features, k, frames in dict.fromkeys(shape[1:] for shape in shapes):
        values = list(torch.randn(4, frames, features, generator=torch.Generator().manual_seed(0)))
        contestants: dict[str, Step] = {
            "ours": partial(k_largest, k=k),
            "torch": partial(torch.topk, k=k, sorted=False),
        }
        seconds = in_turns(contestants, values, STEPS)
        times = (f"{1e3 * seconds['ours']:.2f}", f"{1e3 * seconds['torch']:.2f}")
        table.add_row(
            f"{k} of {features}, {frames} frames", *times, f"{seconds['torch'] / seconds['ours']:.2f}"
        )
    return table


def as_json(
    peaks: dict[Shape, dict[str, float]], times: dict[Shape, dict[str, float]], races: list[Race]
) -> dict[str, Any]:
    """All measurements, as JSON holds them."""
    return {
        "steps": [
            {"sae": described(_config(shape)), "step_s": times[shape], "peak_mb": peaks[shape]}
            for shape in times
        ],
        "races": [
            {"sae": described(each.config), "steps": each.config.steps, "step_s": each.times}
            | {"level": each.level, "rates": each.rates, "curves": each.curves}
            for each in races
        ],
    }


@dataclass(frozen=True)
class Race:
    """Trainings of equal batches, steps and precision, in turns: each trainer's, at each of several peak learning rates.

    Attributes:
        curves: of each trainer and rate, after some of the steps: CPU seconds so far, and variance explained of held-out frames.
        times: median CPU seconds of a trainer's step.
    """

    config: SAEConfig
    curves: dict[str, dict[float, list[tuple[float, float]]]]
    times: dict[str, float]

    @property
    def rates(self) -> dict[str, float]:
        """The learning rate at which each trainer explains most of the variance at the end."""
        return {
            name: max(curves, key=lambda rate: curves[rate][-1][1]) for name, curves in self.curves.items()
        }

    @property
    def level(self) -> float:
        """What the one that explains less in the end explains, each at its best rate."""
        return min(self.curves[name][rate][-1][1] for name, rate in self.rates.items())

    def seconds_to(self, name: str, level: float) -> float:
        """CPU seconds until a training at its best rate first explained so much: between two looks on a straight line."""
        before = (0.0, 0.0)
        for at in self.curves[name][self.rates[name]]:
            if at[1] >= level:
                return before[0] + (at[0] - before[0]) * (level - before[1]) / (at[1] - before[1])
            before = at
        raise ValueError(f"{name} never explained {level}")


def race(config: SAEConfig) -> Race:
    """Trains both to the end, at every rate. Looking at what they explain isn't counted."""
    frames = planted(config, config.steps // 4 * config.batch_size + _HELD_OUT)
    held_out, training = frames[:_HELD_OUT], list(torch.split(frames[_HELD_OUT:], config.batch_size))
    contestants: dict[tuple[str, float], tuple[Step, Any]] = {}
    for rate in RACE_RATES:
        at_rate = replace(config, learning_rate=rate)
        ours = SAETrainer(SAE(at_rate), "cpu", "")
        first = frames[_HELD_OUT : _HELD_OUT + config.n_features]
        ours.sae.start_from(first)
        ours.sae.fit_encoder_gain(first)
        contestants["ours", rate] = ours.train_step, ours.sae
        contestants["SAELens", rate] = saelens_step(at_rate)
    times: dict[tuple[str, float], list[float]] = {each: [] for each in contestants}
    curves: dict[str, dict[float, list[tuple[float, float]]]] = {
        name: {rate: [] for rate in RACE_RATES} for name, _ in contestants
    }
    for index in range(config.steps):
        for (name, rate), (advance, sae) in contestants.items():
            start = time.process_time()
            advance(training[index % len(training)])
            times[name, rate].append(time.process_time() - start)
            if (index + 1) % _LOOKED_AT_STEPS == 0:
                with torch.no_grad():
                    explained = float(fraction_of_variance_explained(held_out, sae(held_out)))
                curves[name][rate].append((sum(times[name, rate]), explained))
    medians = {name: statistics.median(chain(*(times[name, rate] for rate in RACE_RATES))) for name in curves}
    return Race(config, curves, medians)


def shown(race: Race) -> Table:
    """A race's ends, and when each was as far as the slower one in the end, at its best rate."""
    title = f"{described(race.config)}, {race.config.steps} steps; dead features' loss included"
    explained = [f"explained at {rate:g}" for rate in RACE_RATES]
    table = Table(
        "", *explained, f"s to {race.level:.4f}", "x SAELens", "ms a step", "x SAELens", title=title
    )
    seconds = {name: race.seconds_to(name, race.level) for name in race.curves}
    for name, curves in race.curves.items():
        table.add_row(
            name,
            *(f"{curve[-1][1]:.4f}" for curve in curves.values()),
            f"{seconds[name]:.1f}",
            f"{seconds['SAELens'] / seconds[name]:.2f}",
            f"{1e3 * race.times[name]:.1f}",
            f"{race.times['SAELens'] / race.times[name]:.2f}",
        )
    return table


def run_steps(make: Callable[[], Step], config: SAEConfig) -> None:
    """A few steps, for their memory."""
    step = make()
    for x in batches(config, 3):
        step(x)


def _warm_up() -> None:
    """Whatever the libraries hold from their first step on is no contender's."""
    config = SAEConfig(8, 32, 2, batch_size=16)
    for make in contenders(config).values():
        run_steps(make, config)


def _config(shape: Shape) -> SAEConfig:
    return SAEConfig(*shape[:3], batch_size=shape[3])


if __name__ == "__main__":
    main()
