"""One of several processes that train the same SAEs, started by tests/training/sae/test_distributed.py.

    RANK=0 WORLD_SIZE=2 … python sae_worker.py FOLDER

The first one leaves each architecture's weights in FOLDER. Then the last one kills itself in the middle of a training, and
the others report that in their last line.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch

from drawstop.errors import DrawstopError
from training.sae.config import Architecture, SAEConfig
from training.sae.distributed import ProcessGroup, end, process_group
from training.sae.train import train

CONFIG = SAEConfig(
    16, 64, 4, steps=200, batch_size=66, dead_after_steps=4, checkpoint_every=10, precision="float64"
)


def frames() -> torch.Tensor:
    return torch.randn(600, CONFIG.d_in, generator=torch.Generator().manual_seed(0)) * 3 + 2


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    group = process_group()
    for architecture in get_args(Architecture):
        sae = train(frames(), replace(CONFIG, architecture=architecture), group=group)
        if group.is_first:
            torch.save(sae.state_dict(), folder / f"{architecture}.pt")
    try:
        train(frames(), CONFIG, group=group, progress=lambda step, loss: _die(group, step))
    except DrawstopError as error:
        sys.stderr.write(f"drawstop: {error}\n")
        end(2)


def _die(group: ProcessGroup, step: int) -> None:
    if step == 13 and group.rank == group.size - 1:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
