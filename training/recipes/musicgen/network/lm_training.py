"""Trains the small language model on the codes, one core, resumably.

python -m training.recipes.musicgen.network.lm_training --run runs/musicgen
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from audiocraft.modules.conditioners import ConditioningAttributes
from torch import Tensor

from training.recipes.musicgen.network.codes import codes_path
from training.recipes.musicgen.network.loop import Schedule, Training
from training.recipes.musicgen.network.models import CODEBOOKS, FRAME_RATE, new_language_model
from training.recipes.musicgen.sounds.corpus import TEXTS

STEPS = 6000
CHECKPOINT = "lm.pt"
SECONDS = 5
FRAMES = SECONDS * FRAME_RATE


class LanguageModelTraining(Training):
    """Cross entropy of the codes of phrases that begin anywhere: a phrase is turned round, its end before its start."""

    def __init__(self, run: Path, schedule: Schedule) -> None:
        self.codes = {
            split: {text: np.load(codes_path(run, split, text)) for text in TEXTS}
            for split in ("train", "validation")
        }
        torch.manual_seed(schedule.seed)
        self.language_model = new_language_model()
        super().__init__(run / CHECKPOINT, self.language_model, schedule)

    def generators(self) -> list[torch.Generator]:
        """Random generators that drop the texts: audiocraft's models have generators of their own."""
        return [self.language_model.cfg_dropout.rng, self.language_model.att_dropout.rng]

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        loss = self._cross_entropy(rng, "train").mean()
        if (self.step + 1) % self.schedule.log_every:
            return loss, {}
        with torch.no_grad():
            held_out = self._cross_entropy(np.random.default_rng(0), "validation")
        return loss, {f"validation_{book}": value for book, value in enumerate(held_out)}

    def _cross_entropy(self, rng: np.random.Generator, split: str) -> Tensor:
        """Cross entropy in nats per code, `[codebooks]`; audiocraft's model drops conditions as in training."""
        texts = [str(text) for text in rng.choice(list(TEXTS), self.schedule.batch)]
        codes = torch.stack([self._window(rng, self.codes[split][text]) for text in texts])
        conditions = [ConditioningAttributes(text={"description": text}) for text in texts]
        output = self.language_model.compute_predictions(codes, conditions)
        books = [
            torch.nn.functional.cross_entropy(
                output.logits[:, book][output.mask[:, book]], codes[:, book][output.mask[:, book]]
            )
            for book in range(CODEBOOKS)
        ]
        return torch.stack(books)

    def _window(
        self, rng: np.random.Generator, phrases: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    ) -> Tensor:
        phrase = np.roll(phrases[rng.integers(len(phrases))], rng.integers(phrases.shape[-1]), axis=-1)
        return torch.from_numpy(phrase[:, :FRAMES].astype(np.int64))


def schedule(steps: int, seed: int) -> Schedule:
    """Schedule of the training of the small language model."""
    return Schedule(steps, 2e-3, 5e-5, (0.9, 0.95), batch=8, seed=seed)


def main() -> None:
    """Command line: train to the end."""
    parser = argparse.ArgumentParser(description="Train the small language model.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    LanguageModelTraining(options.run, schedule(options.steps, options.seed)).run()


if __name__ == "__main__":
    main()
