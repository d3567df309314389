"""Does torch.compile pay for a training step on this CPU? A step as it is and compiled, in turns.

    python -m bench.sae.compile [--steps 20]

A C++ compiler is needed. The seconds of the first step are what compiling takes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import torch
from rich.console import Console
from rich.table import Table

from bench.sae.measure import Step, batches, described, in_turns
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.trainer import SAETrainer

CONFIGS = (SAEConfig(64, 512, 16), SAEConfig(128, 1024, 16), SAEConfig(512, 4096, 32))
"""Our defaults, the shipped bank's, a wide one."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.sae.compile", description="Does compiling pay?")
    parser.add_argument("--steps", type=int, default=20, help="that are measured")
    count = parser.parse_args().steps
    torch.set_num_threads(1)
    table = Table(
        "", "ms a step", "compiled", "x", "first step, s", title="a step, one thread", show_lines=False
    )
    for config in CONFIGS:
        frames = batches(config, 4)
        plain: Step = SAETrainer(SAE(config), "cpu", "").train_step
        compiled: Step = torch.compile(SAETrainer(SAE(replace(config)), "cpu", "").train_step)
        start = time.perf_counter()
        compiled(frames[0])
        first = time.perf_counter() - start
        found = in_turns({"plain": plain, "compiled": compiled}, frames, count)
        how = "rows" if config.sparse else "matrices"
        table.add_row(
            f"{described(config)}: {how}",
            f"{1e3 * found['plain']:.1f}",
            f"{1e3 * found['compiled']:.1f}",
            f"{found['plain'] / found['compiled']:.2f}",
            f"{first:.0f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
