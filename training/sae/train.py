"""Training SAEs: the same seed gives the same bits, and so does a training that was killed and resumed.

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
from training.sae.distributed import ALONE, Ranks, refuse_too_many
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.trainer import Run

Progress = Callable[[int, float], None]
"""Called after each step with the number of steps done and the loss (of several sites: their mean)."""


@dataclass(frozen=True)
class Machine:
    """What a training runs on. It changes how sums are rounded, and nothing else of the SAE."""

    device: str = "cpu"
    """A torch device. Bit-for-bit equality holds on one device with one number of threads."""
    ranks: Ranks = ALONE
    """The processes that train together; each calls the same function with the same arguments."""
    frames_at_once: int | None = None
    """Of a process's share of a step, see `Run`."""


_CHUNK_FRAMES = 4096
_CHUNK_NUMBERS = 1 << 20  # features at once: 4 MB, held several times, however wide the dictionary is
_ROUNDING_POWER = 1e-13  # relative to the mean's: float32 frames that vary less only vary by rounding


def train(
    source: ActivationStore | torch.Tensor,
    config: SAEConfig,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    device: str = "cpu",
    ranks: Ranks = ALONE,
    frames_at_once: int | None = None,
) -> SAE:
    """Train an SAE on a store's train split, or on frames x `[frames, d_in]`; `sae.metrics` tells how it
    went.

    Args:
        source: a store or frames; not normalised.
        config: what to train.
        checkpoint: a file to resume from if it's there, and to write every `config.checkpoint_every` steps
        and at the
            end; None trains in one go.
        progress: called after each step. What it raises ends the training; the checkpoint stays.
        device, ranks, frames_at_once: see `Machine`.

    Raises:
        DrawstopError: frames of another width, constant or not finite; a checkpoint of another training; a
        loss that
            isn't finite.
    """
    data = source_of(source)
    site = next(iter(data.widths))
    checkpoints = {} if checkpoint is None else {site: Path(checkpoint)}
    machine = Machine(device, ranks, frames_at_once)
    return _train(data, {site: config}, None, checkpoints, progress, machine)[site]


def train_sites(
    source: Source,
    config: SAEConfig,
    *,
    buffer_frames: int | None = None,
    checkpoints: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
    device: str = "cpu",
    ranks: Ranks = ALONE,
    frames_at_once: int | None = None,
) -> dict[str, SAE]:
    """`train` for all sites of a source side by side, in one pass over its frames.

    Mean, scale and first directions come from the first buffer-full. Stored and streamed frames in the same order give
    the same weights.

    Of as many sites as processes, or more, each process trains its share, bit for bit as one process would, and the first one is
    given all SAEs, the others their own. Progress is that of the first one's sites then.

    Args:
        config: what to train; `d_in` is each site's own.
        buffer_frames: rows that are held and shuffled together, see `ShuffledRows`; None: all.
        checkpoints: a file for each site, as `train`'s. The place in the stream is the step: a resumed run fills the
            buffer anew. A site that was saved before the run was killed waits for the others. A site's first process
            writes its file, all its processes read it.
        device, ranks, frames_at_once: see `Machine`.

    Raises:
        DrawstopError: as `train`, or a buffer smaller than a batch.
    """
    configs = {site: replace(config, d_in=width) for site, width in source.widths.items()}
    machine, kept = Machine(device, ranks, frames_at_once), checkpoints or {}
    if not 1 < ranks.count <= len(configs):
        return _train(source, configs, buffer_frames, kept, progress, machine)
    own = sorted(configs, key=lambda site: -configs[site].d_in)[ranks.rank :: ranks.count]
    found = ranks.gather(
        _train(
            SomeSites(source, own),
            {site: configs[site] for site in configs if site in own},
            buffer_frames,
            {site: path for site, path in kept.items() if site in own},
            progress,
            replace(machine, ranks=ALONE),
        )
    )
    return {site: found[site] for site in configs if site in found}


def _train(
    source: Source,
    configs: Mapping[str, SAEConfig],
    buffer_frames: int | None,
    checkpoints: Mapping[str, Path],
    progress: Progress | None,
    machine: Machine,
) -> dict[str, SAE]:
    _refuse_unfit(source, configs)
    shared, ranks = next(iter(configs.values())), machine.ranks
    refuse_too_many(ranks.count, shared.batch_size)
    batches = Batches(source, shared.batch_size, shared.seed, buffer_frames)
    runs = {
        site: _begin(batches, site, config, checkpoints.get(site), machine)
        for site, config in configs.items()
    }
    steps = range(min(run.step for run in runs.values()), shared.steps)
    with closing(batches.stream(steps, ranks, machine.device)) as frames:
        for step in steps:
            losses = []
            for site, x in islice(frames, len(runs)):
                if runs[site].step == step:
                    losses.append(runs[site].advance(x))
            if ranks.first and ((step + 1) % shared.checkpoint_every == 0 or step + 1 == shared.steps):
                for site, path in checkpoints.items():
                    runs[site].save(path)
            if progress is not None:
                progress(step + 1, float(torch.stack(losses).mean()))
    return _finished(batches, runs, shared.steps)


def _begin(batches: Batches, site: str, config: SAEConfig, checkpoint: Path | None, machine: Machine) -> Run:
    """A run at its checkpoint, or at step 0, normalised by the first window."""
    run = Run(SAE(config), machine.device, batches.source.identity, machine.ranks, machine.frames_at_once)
    if checkpoint is not None and checkpoint.exists():
        run.load(checkpoint)
        return run
    batches.enter(0)
    _fit_normalisation(run.sae, batches, site)
    _start_from_frames(run.sae, batches, site)
    machine.ranks.take_first(*(tensor.detach() for tensor in run.sae.state_dict().values()))
    return run


def _finished(batches: Batches, runs: Mapping[str, Run], steps: int) -> dict[str, SAE]:
    """The trained SAEs with thresholds and figures: of the last window, then of the validation split."""
    batches.enter(steps - 1)
    chosen = thinned(len(batches))
    for site, run in runs.items():
        z = _normalised(run.sae, batches, site, chosen)
        if run.sae.config.architecture == "topk-jumprelu":
            run.sae.threshold.copy_(run.topk_view().to_jumprelu(z).threshold)
        run.sae.metrics = _measure(run.sae, z)
    count = batches.enter_validation()
    for site, run in runs.items():
        if count and run.sae.metrics is not None:
            explained = measure(run.sae, _normalised(run.sae, batches, site, np.arange(count)))[0]
            run.sae.metrics = replace(run.sae.metrics, validation_fraction_of_variance_explained=explained)
    return {site: run.sae.to("cpu", torch.float32) for site, run in runs.items()}


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
    places = rng.choice(len(batches), count, replace=len(batches) < count)
    z = _normalised(sae, batches, site, places)
    sae.start_from(z)
    sae.fit_encoder_gain(z)


def _normalised(sae: SAE, batches: Batches, site: str, places: Rows) -> torch.Tensor:
    return sae.normalise(batches.take(site, places).to(sae.scale.device))


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
