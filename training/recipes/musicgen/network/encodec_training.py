"""Trains the small EnCodec on the recordings, one core, resumably.

python -m training.recipes.musicgen.network.encodec_training --run runs/musicgen
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.metrics.distances import spectral_distance
from training.recipes.musicgen.network.loop import Schedule, Training
from training.recipes.musicgen.network.models import new_encodec
from training.recipes.musicgen.sounds.corpus import SAMPLE_RATE, TEXTS, Recordings

STEPS = 14000
RESTART = 1200
CHECKPOINT = "encodec.pt"
SAMPLES = SAMPLE_RATE
SCALES = (2048, 512, 128)
LOG_FLOOR = 0.005
WAVEFORM_WEIGHT = 0.25
COMMITMENT_WEIGHT = 0.5
LEVELS_DB = (-9.0, 3.0)


class EncodecTraining(Training):
    """Crops of a second; a spectral and a waveform loss and the quantizer's commitment."""

    def __init__(self, run: Path, schedule: Schedule) -> None:
        self.recordings = Recordings(run / "corpus", "train")
        torch.manual_seed(schedule.seed)
        super().__init__(run / CHECKPOINT, new_encodec(), schedule)

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        target = torch.stack([self._crop(rng) for _ in range(self.schedule.batch)])
        result = self.model(target[:, None])
        sound = result.x[:, 0]
        spectral = spectral_distance(sound, target, SCALES, log_epsilon=LOG_FLOOR)
        waveform = (sound - target).square().sum() / target.square().sum()
        loss = spectral + WAVEFORM_WEIGHT * waveform + COMMITMENT_WEIGHT * result.penalty
        return loss, {"spectral": spectral, "waveform": waveform, "commitment": result.penalty}

    def _crop(self, rng: np.random.Generator) -> Tensor:
        phrase = self.recordings.sound(rng, rng.choice(list(TEXTS)))
        start = rng.integers(len(phrase) - SAMPLES + 1)
        gain = 10 ** (rng.uniform(*LEVELS_DB) / 20)
        return torch.from_numpy(phrase[start : start + SAMPLES] * np.float32(gain))


def schedule(steps: int, seed: int) -> Schedule:
    """Schedule of the training of the small EnCodec."""
    return Schedule(
        steps, 2e-3, 1e-4, (0.8, 0.99), batch=8, seed=seed, restart=min(RESTART, steps - 1), clip_norm=5.0
    )


def main() -> None:
    """Command line: train to the end."""
    parser = argparse.ArgumentParser(description="Train the small EnCodec.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    EncodecTraining(options.run, schedule(options.steps, options.seed)).run()


if __name__ == "__main__":
    main()
