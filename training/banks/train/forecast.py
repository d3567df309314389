"""Forecast of a training on many recordings before it begins: disk, memory and hours, here and on other machines.

Recordings are only listed and their headers read; a short trial measures the model and the SAE on this machine.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from drawstop.audio.files import list_audio
from drawstop.errors import DrawstopError
from drawstop.files import free_bytes
from drawstop.units import hours, size
from training.activations.shards import Dtype, number_bytes
from training.activations.streamed_frames import ModelFrames
from training.banks.train.cost import Cost, MeasuredRates, cost_of, frames_rate, steps_rate
from training.banks.train.train import TrainOptions
from training.data.recordings import TRAIN_SHARE, Recording, split_of
from training.models.threads import fixed_threads

TRIAL_SECONDS = 3.0


@dataclass(frozen=True)
class Machines:
    """Other machines with one accelerator each; a rate that isn't given is taken from this machine.

    Attributes:
        count: number of accelerators.
        frames_per_s: frames that the model gives on one of them, all sites in one pass.
        steps_per_s: training steps of the widest site's SAE on one of them.
    """

    count: int
    frames_per_s: float | None = None
    steps_per_s: float | None = None

    def __post_init__(self) -> None:
        rates = [rate for rate in (self.frames_per_s, self.steps_per_s) if rate is not None]
        if self.count < 1 or any(rate <= 0 for rate in rates):
            raise DrawstopError(
                f"expected at least one GPU and rates above 0, got {self.count} GPUs and rates {rates}"
            )


@dataclass(frozen=True)
class Forecast:
    """What a training will take: bytes, hours, and the rates that the trial measured.

    Attributes:
        worker_bytes: the most memory that this process took up to the end of the model's trial.
        here: the cost on this machine with one worker.
    """

    recordings: int
    sound_hours: float
    frames: int
    widths: dict[str, int]
    dtype: Dtype
    store_bytes: int
    free_bytes: int
    worker_bytes: int
    workers: int
    rates: MeasuredRates
    here: Cost
    stream: bool

    @property
    def disk_bytes(self) -> int:
        """The most that is on disk while it runs."""
        stored = 0 if self.stream else self.store_bytes
        return stored + self.here.checkpoint_bytes + self.here.bank_bytes

    @property
    def extraction_hours(self) -> float:
        """Hours of extraction, with all workers side by side."""
        return self.here.model_hours / self.workers

    @property
    def memory_bytes(self) -> int:
        """The larger of the memory for extraction and the memory for training."""
        processes = self.workers + (self.workers > 1)
        return max(
            processes * self.worker_bytes,
            self.worker_bytes + self.here.weights_bytes + self.here.buffer_bytes,
        )

    def hours_on(self, machines: Machines) -> tuple[float, float]:
        """Hours of extraction and of training on other machines.

        Each is this machine's hours times its rate over theirs, divided by their number.
        """
        frames_per_s = machines.frames_per_s or self.rates.frames_per_s
        steps_per_s = machines.steps_per_s or self.rates.steps_per_s
        return (
            self.here.model_hours * self.rates.frames_per_s / frames_per_s / machines.count,
            self.here.training_hours * self.rates.steps_per_s / steps_per_s / machines.count,
        )

    def text(self) -> str:
        """The forecast in a few lines."""
        sites = ", ".join(f"{site} ({width} wide)" for site, width in self.widths.items())
        frames = "not stored" if self.stream else f"{size(self.store_bytes)} as {self.dtype}"
        cost = self.here
        return "\n".join(
            [
                f"data: {self.recordings} recordings, {self.sound_hours:.2f} h of sound, {self.frames} frames of {sites}",
                f"disk: {size(self.disk_bytes)} at most: frames {frames}, checkpoints {size(cost.checkpoint_bytes)}, banks "
                f"{size(cost.bank_bytes)}; {size(self.free_bytes)} free",
                f"memory: about {size(self.memory_bytes)}: {size(self.worker_bytes)} for each process with the model (measured), "
                f"{size(cost.weights_bytes)} SAEs in training, {size(cost.buffer_bytes)} shuffle buffer",
                f"time here: about {hours(self.extraction_hours + cost.training_hours)}: frames "
                f"{hours(self.extraction_hours)} ({self.rates.frames_per_s:.0f} frames/s measured, x {self.workers} workers), "
                f"{cost.steps} steps {hours(cost.training_hours)} ({self.rates.steps_per_s:.1f} steps/s of the widest site "
                f"measured)",
            ]
        )

    def text_on(self, machines: Machines) -> str:
        """The line for other machines."""
        extraction, training = self.hours_on(machines)
        stated = [
            f"{value or here:.0f} {what}/s ({'stated' if value else 'as here'})"
            for value, here, what in (
                (machines.frames_per_s, self.rates.frames_per_s, "frames"),
                (machines.steps_per_s, self.rates.steps_per_s, "steps"),
            )
        ]
        return (
            f"time on {machines.count} GPUs: about {hours(extraction + training)}: frames {hours(extraction)}, steps "
            f"{hours(training)} (arithmetic, not measured: {' and '.join(stated)} on each, no loss between them)"
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, and what follows from it."""
        return asdict(self) | {
            "disk_bytes": self.disk_bytes,
            "memory_bytes": self.memory_bytes,
            "extraction_hours": self.extraction_hours,
            "training_hours": self.here.training_hours,
        }

    def require_room(self, folder: Path) -> None:
        """Raises DrawstopError where the disk wouldn't hold it."""
        if self.disk_bytes > self.free_bytes:
            raise DrawstopError(
                f"the disk of {folder} would not hold it: {size(self.disk_bytes)} are needed, {size(self.free_bytes)} are free; "
                f"store frames as bfloat16 (--dtype), train with --stream, take fewer sites, or give another --out"
            )


def forecast(
    frames: ModelFrames,
    options: TrainOptions,
    out: Path,
    *,
    dtype: Dtype = "float32",
    workers: int = 1,
    sound_hours: float | None = None,
    trial_s: float | None = None,
) -> Forecast:
    """Run a short trial and compute the forecast.

    Args:
        frames: those of the recordings that there are, see `listed`.
        out: where frames and banks will be written, for the free space on that disk.
        workers: processes that compute frames; more than there are cores don't help.
        sound_hours: forecast for this much sound of the same kind instead of what is there.
        trial_s: how long the model and the SAE are measured, each; None: TRIAL_SECONDS.

    Raises:
        DrawstopError: no workers, no hours, or recordings that the model can't read.
    """
    if workers < 1 or (sound_hours is not None and sound_hours <= 0):
        raise DrawstopError(
            f"expected at least one worker and more than 0 hours, got {workers} and {sound_hours}"
        )
    trial_s = TRIAL_SECONDS if trial_s is None else trial_s
    total = frames.recordings[-1].stop
    if sound_hours is not None:
        total = max(1, round(sound_hours * 3600 * frames.frame_rate))
    with fixed_threads(1):
        frames_per_s = frames_rate(frames, trial_s)
    worker_bytes = peak_bytes()
    config = options.config(frames.model.centred)
    rates = MeasuredRates(
        frames_per_s, steps_rate(max(frames.widths.values()), config, options.device, trial_s)
    )
    widths = list(frames.widths.values())
    trained = [range(max(1, round(TRAIN_SHARE * total)))]
    return Forecast(
        recordings=len(frames.sources),
        sound_hours=total / frames.frame_rate / 3600,
        frames=total,
        widths=dict(frames.widths),
        dtype=dtype,
        store_bytes=total * sum(widths) * number_bytes(dtype),
        free_bytes=free_bytes(out),
        worker_bytes=worker_bytes,
        workers=min(workers, os.cpu_count() or 1),
        rates=rates,
        here=cost_of(
            trained,
            total,
            widths,
            config,
            rates,
            stream=options.stream,
            buffer_frames=options.buffer_frames,
        ),
        stream=options.stream,
    )


def listed(folder: Path) -> list[Recording]:
    """The recordings of a folder by their names alone: nothing is read, so that thousands of hours are listed at once.

    Their hashes are those of their paths: splits are as large as the true ones, and others.

    Raises:
        DrawstopError: no such folder, or no sound file in it.
    """
    recordings = []
    for path in list_audio(folder):
        hash = hashlib.sha256(path.as_posix().encode()).hexdigest()
        recordings.append(Recording(path, path.parent.relative_to(folder).as_posix(), hash, split_of(hash)))
    return recordings


def peak_bytes() -> int:
    """The most memory that this process has held."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # Linux counts kilobytes
