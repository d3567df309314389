"""Trains SAEs: the same seed gives the same bits, also if the training was killed and resumed.

Batch, learning rate and first weights are functions of (config, step) alone; the checkpoint holds everything
else. Several sites are trained side by side, on the same rows; each comes out as it would alone.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from drawstop.errors import DrawstopError
from training.activations.shuffle import Rows
from training.activations.store import ActivationStore
from training.sae.config import SAEConfig, TrainingMetrics
from training.sae.dataset import Batches, SomeSites, Source, source_of, thinned
from training.sae.distributed import ONE_PROCESS, ProcessGroup, refuse_too_many
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.trainer import SAETrainer

StepProgress = Callable[[int, float], None]
"""Called after each step with the number of steps done and the loss (of several sites: their mean)."""


@dataclass(frozen=True)
class Machine:
    """The device and processes of a training. They change how sums are rounded, and nothing else of the SAE."""

    device: str = "cpu"
    """A torch device. Bit-for-bit equality holds on one device with one number of threads."""
    group: ProcessGroup = ONE_PROCESS
    """The processes that train together; each calls the same function with the same arguments."""
    frames_at_once: int | None = None
    """Frames of a process's share of a step that are computed at once; None: all."""


_CHUNK_FRAMES = 4096
_CHUNK_NUMBERS = 1 << 20  # numbers at once: 4 MB, held several times, however wide the dictionary is
_ROUNDING_POWER = 1e-13  # relative to the mean's: float32 frames that vary less only vary by rounding


def train(
    source: ActivationStore | torch.Tensor,
    config: SAEConfig,
    *,
    checkpoint: Path | None = None,
    progress: StepProgress | None = None,
    device: str = "cpu",
    group: ProcessGroup = ONE_PROCESS,
    frames_at_once: int | None = None,
) -> SAE:
    """Train an SAE on a store's train split, or on frames x `[frames, d_in]`; `sae.metrics` has its metrics.

    Args:
        source: a store or frames, not normalised.
        config: settings of the SAE and its training.
        checkpoint: a file to resume from if it's there, and to write every `config.checkpoint_every` steps and at the end;
            None trains in one go.
        progress: called after each step. If it raises, the training ends and the checkpoint stays.
        device, group, frames_at_once: where and how it is computed; the fields of `Machine`.

    Raises:
        DrawstopError: frames of another width, constant or not finite; a checkpoint of another training; a loss that isn't
            finite.
    """
    data = source_of(source)
    site = next(iter(data.widths))
    checkpoints = {} if checkpoint is None else {site: Path(checkpoint)}
    machine = Machine(device, group, frames_at_once)
    return _train(data, {site: config}, None, checkpoints, progress, machine)[site]


def train_sites(
    source: Source,
    config: SAEConfig,
    *,
    buffer_frames: int | None = None,
    checkpoints: Mapping[str, Path] | None = None,
    progress: StepProgress | None = None,
    device: str = "cpu",
    group: ProcessGroup = ONE_PROCESS,
    frames_at_once: int | None = None,
) -> dict[str, SAE]:
    """`train` for all sites of a source side by side, in one pass over its frames.

    Mean, scale and first directions come from the first buffer-full. Stored and streamed frames in the same order give
    the same weights.

    If there are at least as many sites as processes, each process trains its share, bit for bit as one process would;
    the first one returns all SAEs, the others those that they trained. Progress then is that of the first one's sites.

    Args:
        config: settings of each SAE and its training; `d_in` is each site's own.
        buffer_frames: rows that are shuffled together, see `ShuffledRows`; None: all rows.
        checkpoints: a file for each site, as `train`'s. The step says where in the stream it is: a resumed training fills the
            buffer anew. A site that was saved before the others when it was killed waits for them. A site's first process
            writes its file, all its processes read it.
        device, group, frames_at_once: where and how it is computed; the fields of `Machine`.

    Raises:
        DrawstopError: as `train`, or a buffer smaller than a batch.
    """
    configs = {site: replace(config, d_in=width) for site, width in source.widths.items()}
    machine, checkpoints = Machine(device, group, frames_at_once), checkpoints or {}
    if not 1 < group.size <= len(configs):
        return _train(source, configs, buffer_frames, checkpoints, progress, machine)
    mine = sorted(configs, key=lambda site: -configs[site].d_in)[group.rank :: group.size]
    saes = group.gather(
        _train(
            SomeSites(source, mine),
            {site: configs[site] for site in configs if site in mine},
            buffer_frames,
            {site: path for site, path in checkpoints.items() if site in mine},
            progress,
            replace(machine, group=ONE_PROCESS),
        )
    )
    return {site: saes[site] for site in configs if site in saes}


def _train(
    source: Source,
    configs: Mapping[str, SAEConfig],
    buffer_frames: int | None,
    checkpoints: Mapping[str, Path],
    progress: StepProgress | None,
    machine: Machine,
) -> dict[str, SAE]:
    _refuse_unfit(source, configs)
    shared, group = next(iter(configs.values())), machine.group
    refuse_too_many(group.size, shared.batch_size)
    batches = Batches(source, shared.batch_size, shared.seed, buffer_frames)
    trainers = {
        site: _begin(batches, site, config, checkpoints.get(site), machine)
        for site, config in configs.items()
    }
    steps = range(min(trainer.step for trainer in trainers.values()), shared.steps)
    with closing(batches.stream(steps, group, machine.device)) as frames:
        for step in steps:
            losses = []
            for site, x in islice(frames, len(trainers)):
                if trainers[site].step == step:
                    losses.append(trainers[site].train_step(x))
            if group.is_first and ((step + 1) % shared.checkpoint_every == 0 or step + 1 == shared.steps):
                for site, path in checkpoints.items():
                    trainers[site].save(path)
            if progress is not None:
                progress(step + 1, float(torch.stack(losses).mean()))
    return _finished(batches, trainers, shared.steps)


def _begin(
    batches: Batches, site: str, config: SAEConfig, checkpoint: Path | None, machine: Machine
) -> SAETrainer:
    """A run at its checkpoint, or at step 0, normalised by the first window."""
    trainer = SAETrainer(
        SAE(config), machine.device, batches.source.identity, machine.group, machine.frames_at_once
    )
    if checkpoint is not None and checkpoint.exists():
        trainer.load(checkpoint)
        return trainer
    batches.enter(0)
    _fit_normalisation(trainer.sae, batches, site)
    _start_from_frames(trainer.sae, batches, site)
    machine.group.broadcast(*(tensor.detach() for tensor in trainer.sae.state_dict().values()))
    return trainer


def _finished(batches: Batches, trainers: Mapping[str, SAETrainer], steps: int) -> dict[str, SAE]:
    """The trained SAEs with thresholds, and metrics on the last window and on the validation split."""
    batches.enter(steps - 1)
    chosen = thinned(len(batches))
    for site, trainer in trainers.items():
        z = _normalised(trainer.sae, batches, site, chosen)
        if trainer.sae.config.architecture == "topk-jumprelu":
            trainer.sae.threshold.copy_(trainer.topk_view().to_jumprelu(z).threshold)
        trainer.sae.metrics = _measure(trainer.sae, z)
    count = batches.enter_validation()
    for site, trainer in trainers.items():
        if count and trainer.sae.metrics is not None:
            explained = measure(trainer.sae, _normalised(trainer.sae, batches, site, np.arange(count)))[0]
            trainer.sae.metrics = replace(
                trainer.sae.metrics, validation_fraction_of_variance_explained=explained
            )
    return {site: trainer.sae.to("cpu", torch.float32) for site, trainer in trainers.items()}


def _refuse_unfit(source: Source, configs: Mapping[str, SAEConfig]) -> None:
    for site, config in configs.items():
        if source.widths[site] != config.d_in:
            raise DrawstopError(
                f"expected frames [frames, {config.d_in}], got {source.widths[site]} numbers per frame"
            )
    if not sum(map(len, source.pieces("train"))):
        raise DrawstopError(
            "expected frames to train on, got none; add recordings until the train split has some"
        )


def _fit_normalisation(sae: SAE, batches: Batches, site: str) -> None:
    """Mean and scale of the window's frames, summed in float64: a chunk of frames in memory at a time."""
    count = len(batches)
    parts = [np.arange(first, min(first + _CHUNK_FRAMES, count)) for first in range(0, count, _CHUNK_FRAMES)]
    chunks = (batches.take(site, part).double() for part in parts)
    mean = sum((chunk.sum(0) for chunk in chunks), torch.zeros(sae.config.d_in, dtype=torch.float64)) / count
    if not sae.config.centre:
        mean = torch.zeros_like(mean)
    chunks = (batches.take(site, part).double() for part in parts)
    power = float(sum((chunk - mean).square().sum() for chunk in chunks)) / (count * sae.config.d_in)
    if not (np.isfinite(power) and power > _ROUNDING_POWER * float(mean.square().mean())):
        raise DrawstopError(
            f"expected frames that are finite and vary, got a mean power of {power}; check the recordings"
        )
    sae.mean.copy_(mean)
    sae.scale.fill_(power**0.5)


def _start_from_frames(sae: SAE, batches: Batches, site: str) -> None:
    rng, count = np.random.default_rng([sae.config.seed, 0x5AE]), sae.config.n_features
    indices = rng.choice(len(batches), count, replace=len(batches) < count)
    z = _normalised(sae, batches, site, indices)
    sae.start_from(z)
    sae.fit_encoder_gain(z)


def _normalised(sae: SAE, batches: Batches, site: str, indices: Rows) -> torch.Tensor:
    return sae.normalise(batches.take(site, indices).to(sae.scale.device))


def _measure(sae: SAE, z: torch.Tensor) -> TrainingMetrics:
    explained, active, fired = measure(sae, z)
    dead = sae.config.n_features - int(fired.sum())
    return TrainingMetrics(explained, None, active, dead, dead / sae.config.n_features, sae.config.steps)


@torch.no_grad()
def measure(sae: SAE, z: torch.Tensor) -> tuple[float, float, torch.Tensor]:
    """Fraction of variance explained, mean L0, and which features fired `[n_features]`, on normalised frames.

    Shape: z `[frames, d_in]`; a chunk of features in memory at a time.
    """
    z_hat, active = torch.empty_like(z), 0
    fired = torch.zeros(sae.config.n_features, dtype=torch.bool, device=z.device)
    at_once = max(1, min(_CHUNK_FRAMES, _CHUNK_NUMBERS // sae.config.n_features))
    for first in range(0, len(z), at_once):
        features = sae.encode(z[first : first + at_once])
        z_hat[first : first + at_once] = sae.decode(features)
        active += int((features > 0).sum())
        fired |= (features > 0).any(0)
    return float(fraction_of_variance_explained(z, z_hat)), active / len(z), fired
