"""Trains the shipped separator: python -m training.recipes.separator.train RUN --corpus FOLDER ... --steps N (resumable)."""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from training.recipes.separator.mixtures import Corpus, MixtureMaker
from training.separation.listening import STEP
from training.separation.loss import separation_loss
from training.separation.mdct import HOP, Mdct
from training.separation.separator import Separator, SeparatorConfig

SAMPLE_RATE = 44100
SECONDS_BETWEEN_CHECKPOINTS = 240.0
CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"
EMBEDDING = 64
"""Numbers of a concept, of which its query is made."""
QUERY_STD = 0.3
CLASS_SCALE = 20.0
"""Weights of classes are about a twentieth."""
MOMENTS = tuple(range(40, 258, 16))
"""Steps of the trunk at which presence is asked, after its half a second of warming up."""
FRAMES = 1032
"""Frames of a crop, about 3 s."""


@dataclass(frozen=True)
class TrainingOptions:
    """One training.

    Attributes:
        steps: of Adam.
        listening: of these, the first, in which the trunk alone learns what is what, at half the cost of a step.
        batch: mixtures a step, each with three questions.
        rate: learning rate; constant for `constant` of the steps, then down on a cosine.
        queries: how many times faster the queries learn, each of which few mixtures ask for.
        presence: weight of the easier questions beside the separation loss.
        present_weight: what a concept that sounds counts beside one that doesn't: few of all do.
        average: decay of the averaged weights, which are the result.
    """

    steps: int = 6000
    listening: int = 1000
    batch: int = 12
    rate: float = 2e-3
    constant: float = 0.4
    queries: float = 3.0
    average: float = 0.998
    presence: float = 10.0
    present_weight: float = 4.0
    seed: int = 0


class Questions(nn.Module):
    """A separator and the queries of the concepts that it is trained on, each a linear map of fewer numbers.

    Two easier questions teach the trunk and the queries what is what; the instrument needs neither. `classes` says from the trunk
    which of all concepts sound, `presence` says from the head whether the concept that is asked for does.
    """

    def __init__(self, config: SeparatorConfig, concepts: int) -> None:
        super().__init__()
        self.separator = Separator(config, SAMPLE_RATE)
        self.classes = nn.Linear(config.channels, concepts)
        self.presence = nn.Linear(config.hidden, 1)
        self.embeddings = nn.Embedding(concepts, EMBEDDING)
        self.to_query = nn.Linear(EMBEDDING, config.query_size, bias=False)
        nn.init.normal_(self.to_query.weight, std=QUERY_STD / math.sqrt(EMBEDDING))

    def queries(self) -> Tensor:
        """Every concept's query, `[concepts, query_size]`.

        Its first numbers scale the trunk's channels: what tells the concept's class from the trunk is added to them.
        """
        queries = self.to_query(self.embeddings.weight)
        classes = CLASS_SCALE * self.classes.weight
        return torch.cat([queries[:, : classes.shape[1]] + classes, queries[:, classes.shape[1] :]], 1)


def learning_rate(step: int, options: TrainingOptions) -> float:
    """Constant, then a half cosine to a hundredth."""
    begin = options.constant * options.steps
    part = min(1.0, max(0.0, step - begin) / max(1.0, options.steps - begin))
    return options.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part))) * min(1.0, (step + 1) / 100)


class Batch(NamedTuple):
    """What a step learns from.

    Attributes:
        latents: of the mixtures, `[batch, 128, frames]`.
        targets: the part of each question, `[batch, 3, 128, frames]`.
        questions: their concepts, `[batch, 3]`.
        present, sure: which concepts sound at MOMENTS, and where that is sure: `[batch, moments, concepts]`.
    """

    latents: Tensor
    targets: Tensor
    questions: Tensor
    present: Tensor
    sure: Tensor


def batch_of(maker: MixtureMaker, mdct: Mdct, options: TrainingOptions, step: int) -> Batch:
    """The batch of a step, which depends on the seed and the step alone."""
    mixtures, targets, questions, presence = [], [], [], []
    ends = [STEP * (moment + 1) for moment in MOMENTS]
    for item in range(options.batch):
        drawn = maker.draw(np.random.default_rng((options.seed, step, item)), FRAMES * HOP)
        sounds = torch.from_numpy(drawn.clips)
        mixtures.append(sounds.sum(0))
        targets.append(torch.from_numpy(drawn.belongs.astype(np.float32)) @ sounds)
        questions.append(drawn.concepts)
        presence.append(maker.presence(drawn, ends))
    audio = torch.cat([torch.stack(mixtures)[:, None], torch.stack(targets)], 1)
    latents = mdct(audio.flatten(0, 1)[:, None]).unflatten(0, (options.batch, 4))
    present, sure = (torch.from_numpy(np.stack(each)).float() for each in zip(*presence, strict=True))
    return Batch(latents[:, 0], latents[:, 1:], torch.tensor(questions), present, sure)


def class_loss(model: Questions, batch: Batch, options: TrainingOptions) -> Tensor:
    """Which of all concepts sound, from the trunk: cross entropy in nats."""
    trunk = model.separator.trunk(model.separator.listening(batch.latents)).transpose(1, 2)
    logits = model.classes(trunk[:, torch.tensor(MOMENTS)])
    return cross_entropy(logits, batch.present, batch.sure, options.present_weight)


def loss_of(model: Questions, batch: Batch, options: TrainingOptions) -> tuple[Tensor, Tensor]:
    """The separation loss in dB, and the losses of both easier questions (cross entropy, in nats)."""
    heard = model.separator.listen(batch.latents)
    moments, queries = torch.tensor(MOMENTS), model.queries()
    present, sure = batch.present, batch.sure
    separation = torch.zeros(())
    known = cross_entropy(model.classes(heard.trunk[:, moments]), present, sure, options.present_weight)
    for q in range(3):
        asked = batch.questions[:, q]
        part = model.separator.part(heard, queries[asked])
        separation = separation + separation_loss(part, batch.targets[:, q], batch.latents) / 3
        hidden = model.separator.head.hidden(heard.trunk[:, moments], queries[asked].unsqueeze(1))
        chosen = asked[:, None, None].expand(-1, len(MOMENTS), 1)
        answers = cross_entropy(
            model.presence(hidden), present.gather(2, chosen), sure.gather(2, chosen), 1.0
        )
        known = known + answers / 3
    return separation, known


def cross_entropy(logits: Tensor, present: Tensor, sure: Tensor, present_weight: float) -> Tensor:
    """Mean over what is sure; what sounds counts `present_weight` times. All of one shape."""
    weight = torch.where(present > 0, present_weight, 1.0) * sure
    losses = nn.functional.binary_cross_entropy_with_logits(logits, present, weight, reduction="sum")
    return losses / weight.sum().clamp(min=1.0)


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
        {
            "params": [
                *model.separator.parameters(),
                *model.classes.parameters(),
                *model.presence.parameters(),
            ],
            "times": 1.0,
        },
        {"params": [*model.embeddings.parameters(), *model.to_query.parameters()], "times": options.queries},
    ]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    step, path = 0, run / CHECKPOINT
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
        batch = batch_of(maker, mdct, options, step)
        if step < options.listening:
            separation, presence = torch.zeros(()), class_loss(model, batch, options)
        else:
            separation, presence = loss_of(model, batch, options)
        loss = separation + options.presence * presence
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 20.0)
        optimizer.step()
        averaged.update_parameters(model)
        step += 1
        losses.append((separation.item(), presence.item()))
        if step % 25 == 0:
            separated, present = np.mean(losses[-25:], 0).tolist()
            seconds = time.monotonic() - started
            line = {"step": step, "separation": separated, "presence": present, "seconds": seconds}
            with (run / LOG).open("a") as log:
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
    parser.add_argument("--listening", type=int, default=TrainingOptions.listening)
    parser.add_argument("--batch", type=int, default=TrainingOptions.batch)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = TrainingOptions(
        steps=arguments.steps, listening=arguments.listening, batch=arguments.batch, seed=arguments.seed
    )
    train(arguments.run, arguments.corpus, options, SeparatorConfig())


if __name__ == "__main__":
    main()
