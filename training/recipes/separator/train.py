"""Trains the shipped separator: python -m training.recipes.separator.train RUN --corpus FOLDER ... --steps N (resumable)."""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.recipes.separator.mixtures import Corpus, MixtureMaker
from training.separation.loss import separation_loss
from training.separation.mdct import HOP, Mdct
from training.separation.separator import Separator, SeparatorConfig

SAMPLE_RATE = 44100
SECONDS_BETWEEN_CHECKPOINTS = 240.0
FRAMES = 1032
"""Frames of a crop, about 3 s."""


@dataclass(frozen=True)
class TrainingOptions:
    """One training.

    Attributes:
        steps: of Adam.
        batch: mixtures a step, each with three questions.
        rate: learning rate; constant for `constant` of the steps, then down on a cosine.
        queries: how many times faster the queries learn, each of which few mixtures ask for.
        average: decay of the averaged weights, which are the result.
    """

    steps: int = 6000
    batch: int = 12
    rate: float = 2e-3
    constant: float = 0.4
    queries: float = 3.0
    average: float = 0.998
    seed: int = 0


class Questions(nn.Module):
    """A separator and the queries of the concepts that it is trained on."""

    def __init__(self, config: SeparatorConfig, concepts: int) -> None:
        super().__init__()
        self.separator = Separator(config, SAMPLE_RATE)
        self.queries = nn.Embedding(concepts, config.query_size)
        nn.init.normal_(self.queries.weight, std=0.3)


def learning_rate(step: int, options: TrainingOptions) -> float:
    """Constant, then a half cosine to a hundredth."""
    begin = options.constant * options.steps
    part = min(1.0, max(0.0, step - begin) / max(1.0, options.steps - begin))
    return options.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part))) * min(1.0, (step + 1) / 100)


def batch_of(
    maker: MixtureMaker, mdct: Mdct, options: TrainingOptions, step: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Latents `[batch, 128, frames]`, targets `[batch, 3, 128, frames]` and questions `[batch, 3]` of a step."""
    mixtures, targets, questions = [], [], []
    for item in range(options.batch):
        drawn = maker.draw(np.random.default_rng((options.seed, step, item)), FRAMES * HOP)
        sounds = torch.from_numpy(drawn.clips)
        mixtures.append(sounds.sum(0))
        targets.append(torch.from_numpy(drawn.belongs.astype(np.float32)) @ sounds)
        questions.append(drawn.concepts)
    audio = torch.cat([torch.stack(mixtures)[:, None], torch.stack(targets)], 1)
    latents = mdct(audio.flatten(0, 1)[:, None]).unflatten(0, (options.batch, 4))
    return latents[:, 0], latents[:, 1:], torch.tensor(questions)


def train(run: Path, corpus: list[Path], options: TrainingOptions, config: SeparatorConfig) -> None:
    """Train to the last step; the newest checkpoint of `run` is gone on from."""
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    maker = MixtureMaker(Corpus(corpus, ("train",)))
    model, mdct = Questions(config, len(maker.concepts)), Mdct()
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(options.average), use_buffers=True
    )
    groups = [
        {"params": model.separator.parameters(), "times": 1.0},
        {"params": model.queries.parameters(), "times": options.queries},
    ]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    step, path = 0, run / "checkpoint.pt"
    if path.exists():
        saved = torch.load(path, weights_only=True)
        if saved["concepts"] != [each.name for each in maker.concepts]:
            raise ValueError(f"{path} was trained on other concepts: give another folder")
        model.load_state_dict(saved["model"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]

    def save() -> None:
        part = path.with_suffix(".part")
        state = {
            "model": model.state_dict(),
            "averaged": averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "concepts": [each.name for each in maker.concepts],
        }
        torch.save(state, part)
        os.replace(part, path)

    written, started, losses = time.monotonic(), time.monotonic(), []
    while step < options.steps:
        for group in optimizer.param_groups:
            group["lr"] = group["times"] * learning_rate(step, options)
        latents, targets, questions = batch_of(maker, mdct, options, step)
        heard = model.separator.listen(latents)
        loss = torch.zeros(())
        for q in range(3):
            part = model.separator.part(heard, model.queries(questions[:, q]))
            loss = loss + separation_loss(part, targets[:, q], latents) / 3
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        averaged.update_parameters(model)
        step += 1
        losses.append(loss.item())
        if step % 25 == 0:
            line = {"step": step, "loss": float(np.mean(losses[-25:])), "seconds": time.monotonic() - started}
            with (run / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
        if time.monotonic() - written > SECONDS_BETWEEN_CHECKPOINTS:
            save()
            written = time.monotonic()
    save()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=TrainingOptions.steps)
    parser.add_argument("--batch", type=int, default=TrainingOptions.batch)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = TrainingOptions(steps=arguments.steps, batch=arguments.batch, seed=arguments.seed)
    train(arguments.run, arguments.corpus, options, SeparatorConfig())


if __name__ == "__main__":
    main()
