"""Writes a model's frames to disk, shard by shard: the same bytes by any number of processes and machines.

Which recordings lie in which shard follows from the recordings alone. Whoever computes a shard writes the same file; what is
there already is checked and used, so that the same command goes on after an interruption, and mends what was damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.files import free_bytes
from drawstop.progress import track
from drawstop.units import size
from training.activations.index import SHARD_FRAMES, StoreIndex, cut_shards
from training.activations.job import Job, begun
from training.activations.lock import ALL, Part, writing
from training.activations.shards import Dtype
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.activations.workers import OpenModel, compute_in_processes


@dataclass(frozen=True)
class ExtractOptions:
    """How frames are stored, and by whom."""

    dtype: Dtype = "float32"
    """Type of the stored numbers."""
    shard_frames: int = SHARD_FRAMES
    """Frames of a shard, at most; a longer recording has a shard of its own."""
    part: Part = ALL
    """Which shards to write: all, or every N-th of them."""
    workers: int = 1
    """Processes; each opens the model, and computes on one core where there is no accelerator."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise DrawstopError(f"expected at least one worker, got {self.workers}")


def extract(
    frames: ModelFrames,
    out: Path,
    folders: Mapping[str, Path],
    options: ExtractOptions | None = None,
    open_model: Sequence[OpenModel] = (),
    others: Sequence[Path] = (),
) -> list[ActivationStore]:
    """Writes what is missing of a part of a model's frames, or all of them.

    Args:
        out: the folder that holds all sites' stores; writers of parts that overlap are kept out of it.
        folders: each site's store: `out` itself, or a folder in it.
        open_model: functions that open the model, picklable; worker i takes the i-th, in turns.
        others: folders with the same layout, written elsewhere, whose finished shards are copied first.

    Returns:
        The stores; none where shards of other parts are still missing.

    Raises:
        DrawstopError: another writer or store is there, the disk is full, a recording changed, or a worker died.
    """
    options = options or ExtractOptions()
    with writing(out, options.part):
        plans = {site: begun(folders[site], planned(frames, site, options)) for site in frames.widths}
        job = Job(dict(folders), plans)
        mine = [number for number in options.part.of(job.shards) if not job.is_whole(number)]
        mine = [number for number in mine if not any(job.copied(number, other, out) for other in others)]
        require_room(out, job.bytes_of(mine))
        if options.workers > 1 and len(mine) > 1:
            compute_in_processes(job, mine, frames, options.workers, open_model)
        else:
            for number in track(mine, "reading frames", len(mine)):
                job.compute(number, frames)
        return job.finished()


def planned(frames: ModelFrames, site: str, options: ExtractOptions) -> StoreIndex:
    """The index of a site's store, without hashes."""
    return StoreIndex(
        site,
        frames.model.fingerprint,
        frames.widths[site],
        options.dtype,
        frames.model.piece_frames,
        frames.recordings,
        cut_shards(frames.recordings, options.shard_frames),
    )


def require_room(folder: Path, needed: int) -> None:
    """Raises DrawstopError if a folder's disk has fewer bytes free."""
    free = free_bytes(folder)
    if needed > free:
        raise DrawstopError(
            f"the frames need {size(needed)} in {folder}, {size(free)} are free: make room, store them as float16 or bfloat16 "
            f"(--dtype), or take fewer sites or recordings"
        )
