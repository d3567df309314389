"""Trains, from a model and recordings, a bank for each of some sites, resumable: frames streamed, or on disk until it is done."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from training.activations.extraction import ExtractOptions, extract
from training.activations.job import OtherStoreError
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.activations.workers import OpenModel
from training.banks.bank import StopBank
from training.banks.bank_folders import is_ours, save_banks
from training.banks.train.cost import Cost, cost_of, trial
from training.sae.config import SAEConfig
from training.sae.dataset import Source, StoredFrames
from training.sae.distributed import ONE_PROCESS, ProcessGroup, refuse_too_many
from training.sae.launcher import train_on
from training.sae.model import SAE
from training.sae.train import StepProgress, train_sites

STREAM_BUFFER_FRAMES = 65536
"""Streamed frames that are shuffled together, by default."""


def held_frames(stream: bool, asked: int | None) -> int | None:
    """The `buffer_frames` of a command.

    `asked` if given; else STREAM_BUFFER_FRAMES for streamed frames and None for stored ones.
    """
    return STREAM_BUFFER_FRAMES if stream and asked is None else asked


def training_device(frames: ModelFrames) -> str:
    """A MusicGen's SAEs are trained where it is; a RAVE's on the CPU, bit for bit."""
    return str(getattr(getattr(frames.model, "musicgen", None), "device", "cpu"))


@dataclass(frozen=True)
class TrainOptions:
    """How SAEs are trained on the frames of some sites."""

    sae: SAEConfig = field(default_factory=lambda: SAEConfig(d_in=1))
    """What to train; `d_in`, `centre`, `bias` and `checkpoint_every` follow from the frames and the steps."""
    stream: bool = False
    """Frames are computed as they are needed, and never stored."""
    buffer_frames: int | None = None
    """Frames shuffled together.

    None shuffles all frames: stored ones are then read as they are needed, streamed ones are all held in memory.
    """
    device: str = "cpu"
    """Where the SAEs are trained."""
    processes: int = 1
    """Processes of this machine, each with its share of the sites or of every batch."""
    frames_at_once: int | None = None
    """Frames of a process's share of a step that are computed at once; None: all."""
    frames: str | None = None
    """A folder or URL of stored frames, as `write_frames` lays them out; None computes them."""

    def config(self, centred: bool) -> SAEConfig:
        """The SAEs' configuration; `centred`: the frames' mean is subtracted. `d_in` is each site's."""
        every = min(SAEConfig.checkpoint_every, self.sae.steps)
        return replace(self.sae, centre=centred, bias=centred, checkpoint_every=every)


def train_banks(
    frames: ModelFrames,
    out: Path,
    options: TrainOptions,
    model_name: str,
    progress: StepProgress | None = None,
    on_cost: Callable[[Cost], None] | None = None,
    group: ProcessGroup = ONE_PROCESS,
) -> list[StopBank]:
    """Trains the SAEs of all sites of `frames` side by side, and writes them as banks without stops.

    Interrupted, the same call goes on from `OUT.checkpoint`; stored frames lie in `OUT.frames` meanwhile.

    Args:
        on_cost: called with the cost before anything that takes long begins.
        group: processes that were started together and all call this; the first one writes frames and banks.

    Raises:
        DrawstopError: `out` holds something else; or as `train_sites` and `train_on`.
    """
    if options.stream and options.frames is not None:
        raise DrawstopError("expected frames that are stored or a stream, got both; leave --stream away")
    if group.is_first and not is_ours(out):
        kind = "holds files that aren't ours to replace" if out.is_dir() else "is a file"
        raise DrawstopError(f"{out} {kind}; give another folder")
    config = options.config(frames.model.centred)
    if group.size * options.processes != 1:
        _refuse_shared(group, options, config)
    if on_cost is not None and group.is_first:
        on_cost(expected_cost(frames, config, options))
    beside, checkpoint = Path(f"{out}.frames"), Path(f"{out}.checkpoint")
    source = _source(frames, beside, options, group)
    saes = _trained(source, config, checkpoint, options, progress, group)
    provenance = {
        "model": model_name,
        "recordings": len(frames.sources),
        "frames": frames.recordings[-1].stop,
        "seed": options.sae.seed,
        "streamed": options.stream,
    }
    banks = [StopBank(sae, (), frames.model.fingerprint, site, provenance) for site, sae in saes.items()]
    if not group.is_first:
        return banks
    save_banks(out, banks)
    for leftover in (beside, checkpoint):
        shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)
    return banks


def _trained(
    source: Source,
    config: SAEConfig,
    checkpoint: Path,
    options: TrainOptions,
    progress: StepProgress | None,
    group: ProcessGroup,
) -> dict[str, SAE]:
    how: dict[str, Any] = {
        "buffer_frames": options.buffer_frames,
        "checkpoints": site_paths(list(source.widths), checkpoint, ".checkpoint"),
        "progress": progress if group.is_first else None,
        "device": group.device or options.device,
        "frames_at_once": options.frames_at_once,
    }
    if options.processes > 1:
        return train_on(options.processes, source, config, **how)
    return train_sites(source, config, group=group, **how)


def _source(frames: ModelFrames, folder: Path, options: TrainOptions, group: ProcessGroup) -> Source:
    """Streamed frames, given ones, or stored ones, which the first process writes while the others wait."""
    if options.stream:
        return frames
    if options.frames is not None:
        return open_frames(frames, options.frames)
    if group.is_first:
        store_frames(frames, folder)
    group.barrier()
    return StoredFrames(
        [ActivationStore.open(each) for each in site_paths(list(frames.widths), folder).values()]
    )


def open_frames(frames: ModelFrames, location: str) -> StoredFrames:
    """The frames of the same model, sites and recordings that lie in a folder or behind a URL.

    Raises:
        DrawstopError: no frames there, or those of something else.
    """
    sites = list(frames.widths)
    stored = StoredFrames(
        [ActivationStore.open(location if len(sites) == 1 else f"{location}/{site}") for site in sites]
    )
    if stored.widths != frames.widths or stored.identity != frames.identity:
        raise DrawstopError(
            f"{location} holds frames of another model, sites or recordings than these; give those that it was made of, or make "
            f"it anew (drawstop activations)"
        )
    return stored


def _refuse_shared(group: ProcessGroup, options: TrainOptions, config: SAEConfig) -> None:
    if group.size > 1 and options.processes > 1:
        raise DrawstopError(
            f"these are {group.size} processes already, started together; leave --processes away"
        )
    if options.stream:
        raise DrawstopError("expected stored frames for several processes; leave --stream away")
    refuse_too_many(group.size * options.processes, config.batch_size)


def expected_cost(frames: ModelFrames, config: SAEConfig, options: TrainOptions) -> Cost:
    """What a run will cost, from a short trial."""
    rates = trial(frames, config, options.device)
    if options.frames is not None:
        rates = replace(rates, frames_per_s=math.inf)
    cost = cost_of(
        frames.pieces("train") or frames.pieces(),
        frames.recordings[-1].stop,
        list(frames.widths.values()),
        config,
        rates,
        stream=options.stream,
        buffer_frames=options.buffer_frames,
    )
    return cost if options.frames is None else replace(cost, frames_bytes=0)


def write_frames(
    frames: ModelFrames,
    out: Path,
    options: ExtractOptions | None = None,
    open_model: Sequence[OpenModel] = (),
    others: Sequence[Path] = (),
) -> list[ActivationStore]:
    """All sites' frames on disk, in one pass: `out` is the store of one site, or the folder of several sites' stores.

    Arguments, result and errors are those of `extraction.extract`.
    """
    return extract(frames, out, site_paths(list(frames.widths), out), options, open_model, others)


def store_frames(frames: ModelFrames, folder: Path) -> list[ActivationStore]:
    """Writes frames into a folder: goes on where an interrupted training of these frames left off, else begins anew."""
    try:
        return write_frames(frames, folder)
    except OtherStoreError:
        shutil.rmtree(folder)
        return write_frames(frames, folder)


def site_paths(sites: list[str], path: Path, suffix: str = "") -> Mapping[str, Path]:
    """The path of each site's part: the path itself for one site, inside it for several."""
    if len(sites) == 1:
        return {sites[0]: path}
    return {site: path / f"{site}{suffix}" for site in sites}


def metrics_line(bank: StopBank) -> str:
    """How well a bank's SAE describes frames, in a line."""
    metrics = bank.sae.metrics
    assert metrics is not None
    validation = metrics.validation_fraction_of_variance_explained
    held_out = (
        "no validation recordings" if validation is None else f"{validation:.3f} on held-out recordings"
    )
    return (
        f"variance explained {metrics.fraction_of_variance_explained:.3f} ({held_out}), L0 {metrics.l0:.1f}, "
        f"dead {metrics.dead_features} of {bank.sae.config.n_features}"
    )
