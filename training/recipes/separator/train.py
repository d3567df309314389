"""Trains the shipped separator: python -m training.recipes.separator.train RUN --corpus FOLDER ... --steps N (resumable)."""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from training.recipes.separator.corpus.mixtures import Corpus, MixtureMaker
from training.separation.listening import STEP, WINDOWS, Listening, power_spectrum, windows_of
from training.separation.loss import separation_loss, share_loss
from training.separation.mdct import HOP
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
BATCHES_AHEAD = 32
SOUNDING = 1 / 3
"""Share of a batch's mixtures whose parts are made to sound, in the steps that do so."""
MOST_CLIPS = 3
"""Clips of a mixture, at most."""
FRAMES = 1032
"""Frames of a crop, about 3 s."""


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training.

    Attributes:
        steps: number of steps.
        listening: number of first steps in which only the trunk learns to classify, at half the cost of a step.
        sounding: share of the last steps, whose loss includes the parts' sound; they take half as long again.
        batch: mixtures a step, each with three questions.
        rate: learning rate; constant for `constant` of the steps, then down on a cosine.
        queries: factor of the queries' learning rate: few mixtures ask for each of them.
        presence: weight of the easier questions beside the separation loss.
        present_weight: weight of a concept that sounds, relative to one that doesn't: few of all sound.
        average: decay of the averaged weights, which are the result.
        bfloat16: matrix products in bfloat16: a third less time where the processor has it, and slower where it hasn't.
    """

    steps: int = 6000
    listening: int = 400
    sounding: float = 0.3
    batch: int = 12
    rate: float = 2e-3
    constant: float = 0.4
    queries: float = 3.0
    average: float = 0.998
    presence: float = 10.0
    present_weight: float = 4.0
    seed: int = 0
    bfloat16: bool = False


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


class Optimizer:
    """Muon (torch.optim.Muon; K. Jordan 2024) for the matrices of trunk, detail and head, Adam for everything else.

    Told which concepts sound, the trunk was after 225 of Muon's steps where Adam's wasn't after 900.
    """

    def __init__(self, model: Questions, options: TrainingOptions) -> None:
        self.weights = [
            each
            for part in (model.separator.trunk, model.separator.detail, model.separator.head)
            for each in part.parameters()
            if each.ndim > 1
        ]
        self.matrices = [nn.Parameter(each.detach().flatten(1)) for each in self.weights]
        queries = [*model.embeddings.parameters(), *model.to_query.parameters()]
        others = {id(each) for each in (*self.weights, *queries)}
        groups = [
            {"params": [each for each in model.parameters() if id(each) not in others], "times": 1.0},
            {"params": queries, "times": options.queries},
        ]
        self.adam = torch.optim.Adam(groups, betas=(0.9, 0.99))
        self.muon = torch.optim.Muon(self.matrices, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")

    def step(self, rate: float) -> None:
        """One step with the gradients that the model has."""
        for matrix, weight in zip(self.matrices, self.weights, strict=True):
            matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
        for group in (*self.adam.param_groups, *self.muon.param_groups):
            group["lr"] = group.get("times", 1.0) * rate
        self.adam.step()
        self.muon.step()

    def state_dict(self) -> dict[str, Any]:
        """The state that a training resumes from."""
        return {"adam": self.adam.state_dict(), "muon": self.muon.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a training's state."""
        self.adam.load_state_dict(state["adam"])
        self.muon.load_state_dict(state["muon"])


def learning_rate(step: int, options: TrainingOptions) -> float:
    """The learning rate at a step: constant, then a half cosine to a hundredth."""
    begin = options.constant * options.steps
    part = min(1.0, max(0.0, step - begin) / max(1.0, options.steps - begin))
    return options.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part))) * min(1.0, (step + 1) / 100)


class Batch(NamedTuple):
    """A batch of mixtures with questions.

    Attributes:
        latents: the mixtures' latents, `[batch, 128, frames]`.
        targets: the part of each question of the first few mixtures, `[few, 3, 128, frames]`; none where only shares are learned.
        own, rest: the power of each question's part, and of what isn't its part, in the long window's bands,
            `[batch, 3, steps, bands]`.
        questions: their concepts, `[batch, 3]`.
        present, sure: whether each concept sounds at MOMENTS, and whether that is sure: `[batch, moments, concepts]`.
    """

    latents: Tensor
    targets: Tensor | None
    own: Tensor
    rest: Tensor
    questions: Tensor
    present: Tensor
    sure: Tensor


def batch_of(maker: MixtureMaker, listening: Listening, options: TrainingOptions, step: int) -> Batch:
    """The batch of a step, which depends on the seed and the step alone."""
    sounds, belongs, questions, presence = [], [], [], []
    ends = [STEP * (moment + 1) for moment in MOMENTS]
    for item in range(options.batch):
        drawn = maker.draw(np.random.default_rng((options.seed, step, item)), FRAMES * HOP)
        silent = MOST_CLIPS - len(drawn.clips)
        sounds.append(torch.from_numpy(np.pad(drawn.clips, ((0, silent), (0, 0)))))
        belongs.append(torch.from_numpy(np.pad(drawn.belongs, ((0, 0), (0, silent))).astype(np.float32)))
        questions.append(drawn.concepts)
        presence.append(maker.presence(drawn, ends))
    clips, shares = torch.stack(sounds), torch.stack(belongs)
    targets = None
    if makes_sound(step, options):
        few = max(1, round(SOUNDING * options.batch))
        parts = (shares[:few] @ clips[:few]).flatten(0, 1)
        targets = listening.mdct(parts[:, None]).unflatten(0, (few, -1))
    latents = listening.mdct(clips.sum(1, keepdim=True))
    own, rest = band_powers(clips, shares, listening)
    present, sure = (torch.from_numpy(np.stack(each)).float() for each in zip(*presence, strict=True))
    return Batch(latents, targets, own, rest, torch.tensor(questions), present, sure)


def band_powers(clips: Tensor, belongs: Tensor, listening: Listening) -> tuple[Tensor, Tensor]:
    """Power of what belongs to each question, and of the rest, as the trunk hears it, a frame late.

    Shape: clips `[batch, clips, samples]`, belongs `[batch, questions, clips]` -> `[batch, questions, steps, bands]`, twice.
    """
    late = nn.functional.pad(clips.flatten(0, 1), (HOP, -HOP))
    power = power_spectrum(windows_of(late, WINDOWS[0]), listening.long_window) @ listening.long_bands
    power = power.unflatten(0, clips.shape[:2])
    own, rest = (torch.einsum("bqc,bcsf->bqsf", part, power) for part in (belongs, 1 - belongs))
    return own, rest


def makes_sound(step: int, options: TrainingOptions) -> bool:
    """Whether a step's loss is of the parts' sound too."""
    return step >= (1 - options.sounding) * options.steps


class Batches(Dataset[Batch]):
    """The batch of each step."""

    def __init__(self, maker: MixtureMaker, options: TrainingOptions) -> None:
        self.maker, self.options = maker, options
        self.listening = Listening(SeparatorConfig().bands, SAMPLE_RATE)

    def __getitem__(self, step: int) -> Batch:
        return batch_of(self.maker, self.listening, self.options, step)


def yield_to_training(_: int) -> None:
    """Let the process that draws batches run on any core, where nothing else would."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.nice(19)


def class_loss(model: Questions, batch: Batch, options: TrainingOptions) -> Tensor:
    """The loss of classifying from the trunk which of all concepts sound: cross entropy in nats."""
    levels, _ = model.separator.listening(batch.latents)
    with quick(options):
        logits = model.classes(model.separator.trunk(levels).transpose(1, 2)[:, torch.tensor(MOMENTS)])
    return cross_entropy(logits, batch.present, batch.sure, options.present_weight)


def loss_of(model: Questions, batch: Batch, options: TrainingOptions) -> tuple[Tensor, Tensor]:
    """The loss of shares and of the parts' sound in dB, and those of both easier questions (cross entropy, in nats)."""
    separator, (levels, power) = model.separator, model.separator.listening(batch.latents)
    with quick(options):
        trunk, detail = separator.trunk_and_detail(levels)
        queries = model.queries()
        classes = model.classes(trunk[:, torch.tensor(MOMENTS)])
    few = 0 if batch.targets is None else len(batch.targets)
    analysis = (
        separator.analysis_of(batch.latents[:few], power[:few], trunk[:few], detail[:few]) if few else None
    )
    separation = torch.zeros(())
    known = cross_entropy(classes, batch.present, batch.sure, options.present_weight)
    for q in range(3):
        asked = batch.questions[:, q]
        with quick(options):
            shares, hidden = separator.head(trunk, detail, queries[asked])
            answers = model.presence(hidden[:, torch.tensor(MOMENTS)])
        loss = share_loss(shares.float(), batch.own[:, q], batch.rest[:, q])
        if analysis is not None and batch.targets is not None:
            part = separator.filtered(analysis, shares[:few].float())
            loss = (loss + separation_loss(part, batch.targets[:, q], batch.latents[:few])) / 2
        separation = separation + loss / 3
        chosen = asked[:, None, None].expand(-1, len(MOMENTS), 1)
        known = (
            known
            + cross_entropy(answers, batch.present.gather(2, chosen), batch.sure.gather(2, chosen), 1.0) / 3
        )
    return separation, known


def quick(options: TrainingOptions) -> torch.autocast:
    """Matrix products of the trunk and the head in bfloat16, if the options say so."""
    return torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16)


def cross_entropy(logits: Tensor, present: Tensor, sure: Tensor, present_weight: float) -> Tensor:
    """Mean over what is sure; what sounds counts `present_weight` times. All of one shape."""
    weight = torch.where(present > 0, present_weight, 1.0) * sure
    losses = nn.functional.binary_cross_entropy_with_logits(logits.float(), present, weight, reduction="sum")
    return losses / weight.sum().clamp(min=1.0)


def train(run: Path, corpus: list[Path], options: TrainingOptions, config: SeparatorConfig) -> None:
    """Train to the last step; the newest checkpoint of `run` is gone on from."""
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    maker = MixtureMaker(Corpus(corpus, ("train",)))
    model = Questions(config, len(maker.concepts))
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(options.average), use_buffers=True
    )
    optimizer = Optimizer(model, options)
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
    coming = range(step, options.steps)
    batches = DataLoader(
        Batches(maker, options),
        batch_size=None,
        sampler=coming,
        num_workers=1,
        prefetch_factor=BATCHES_AHEAD,
        worker_init_fn=yield_to_training,
    )
    for batch in batches:
        if step < options.listening:
            separation, presence = torch.zeros(()), class_loss(model, batch, options)
        else:
            separation, presence = loss_of(model, batch, options)
        loss = separation + options.presence * presence
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 20.0)
        optimizer.step(learning_rate(step, options))
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
    parser.add_argument("--bfloat16", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = TrainingOptions(
        steps=arguments.steps,
        listening=arguments.listening,
        batch=arguments.batch,
        seed=arguments.seed,
        bfloat16=arguments.bfloat16,
    )
    train(arguments.run, arguments.corpus, options, SeparatorConfig())


if __name__ == "__main__":
    main()
