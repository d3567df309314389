"""A model's frames to disk: shard by shard, by one process or several, on one machine or several, to the same bytes.

Which recordings lie in which shard follows from the recordings alone. Whoever computes a shard writes the same file; what is
there already is checked and kept, so that the same command goes on after an interruption, and mends what was damaged.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import ClassVar

from drawstop.errors import DrawstopError
from drawstop.files import free_bytes, sha256_file, write_json
from drawstop.progress import track
from drawstop.units import size
from training.activations.index import INDEX_FILE, SHARD_FRAMES, StoreIndex, cut_shards, differs, read_index
from training.activations.lock import ALL, LOCKS, Part, writing
from training.activations.shards import Dtype, ShardWriter, copy_shard, is_whole, number_bytes, read_receipt
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import Recording
from training.models.protocols import LayeredModel
from training.models.rave.model import fixed_threads

_FRUITLESS_ROUNDS = 2  # in a row, until we give up: a worker dies with its round


@dataclass(frozen=True)
class _Work:
    """What every worker is told."""

    job: Job
    found: tuple[Recording, ...]
    sites: tuple[str, ...]
    openings: tuple[Opening, ...]


class _Worker:
    """What a worker process holds from shard to shard."""

    job: ClassVar[Job]
    frames: ClassVar[ModelFrames]


def compute_in_processes(
    job: Job, numbers: Sequence[int], frames: ModelFrames, workers: int, openings: Sequence[Opening]
) -> None:
    """Computes some shards, each by whichever worker is free.

    Raises:
        DrawstopError: workers die and nothing gets done any more; or as `Job.compute`.
    """
    if not openings:
        raise DrawstopError("several workers need a way to open the model: expected at least one, got none")
    work = _Work(job, tuple(frames.found), tuple(frames.widths), tuple(openings))
    missing, fruitless = list(numbers), 0
    while missing:
        try:
            _round(work, missing, min(workers, len(missing)))
            return
        except BrokenProcessPool as error:
            left = [number for number in missing if not job.is_whole(number)]
            fruitless = fruitless + 1 if len(left) == len(missing) else 0
            if fruitless == _FRUITLESS_ROUNDS:
                raise DrawstopError(
                    f"workers died before they finished a shard (killed, or out of memory): {len(left)} shards are left; give "
                    f"the same command again, with fewer --workers if memory is short"
                ) from error
            missing = left


def _round(work: _Work, numbers: Sequence[int], workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    with _pool(work, workers, context) as pool:
        futures = [pool.submit(_compute, number) for number in numbers]
        for future in track(as_completed(futures), "reading frames", len(futures)):
            future.result()


@contextmanager
def _pool(work: _Work, workers: int, context: SpawnContext) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end at once when the block raises."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, _start, (work, context.Value("i", 0)))
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _start(work: _Work, started: Synchronized[int]) -> None:
    """Begins a worker: opens the model; ends with the process that began it, and without a word at Ctrl-C."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with started.get_lock():
        slot, started.value = started.value, started.value + 1
    model = work.openings[slot % len(work.openings)]()
    _Worker.job, _Worker.frames = work.job, ModelFrames(model, work.found, work.sites)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _compute(number: int) -> None:
    _Worker.job.compute(number, _Worker.frames)


Opening = Callable[[], LayeredModel]


class OtherStoreError(DrawstopError):
    """A store that isn't the one that was to be gone on with."""


@dataclass(frozen=True)
class ExtractOptions:
    """How frames are stored, and by whom."""

    dtype: Dtype = "float32"
    """Of the stored numbers."""
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
    openings: Sequence[Opening] = (),
    others: Sequence[Path] = (),
) -> list[ActivationStore]:
    """Writes what is missing of a part of a model's frames, or all of them.

    Args:
        out: the folder that holds all sites' stores; writers of parts that overlap are kept out of it.
        folders: each site's store: `out` itself, or a folder in it.
        openings: how a worker opens the model, which must be picklable; worker i takes the i-th, round and round.
        others: folders with the same layout, written elsewhere, whose finished shards are copied first.

    Returns:
        The stores; none where shards of other parts are still missing.

    Raises:
        DrawstopError: another writer is at it, another store is there, the disk is full, a recording changed, or a worker died.
    """
    options = options or ExtractOptions()
    with writing(out, options.part):
        plans = {site: begun(folders[site], planned(frames, site, options)) for site in frames.widths}
        job = Job(dict(folders), plans)
        mine = [number for number in options.part.of(job.shards) if not job.is_whole(number)]
        mine = [number for number in mine if not any(job.copied(number, other, out) for other in others)]
        require_room(out, job.bytes_of(mine))
        if options.workers > 1 and len(mine) > 1:
            pass

            compute_in_processes(job, mine, frames, options.workers, openings)
        else:
            for number in track(mine, "reading frames", len(mine)):
                job.compute(number, frames)
        return job.finished()


def planned(frames: ModelFrames, site: str, options: ExtractOptions) -> StoreIndex:
    """What a site's store will be, without hashes."""
    return StoreIndex(
        site,
        frames.model.fingerprint,
        frames.widths[site],
        options.dtype,
        frames.model.piece_frames,
        frames.recordings,
        cut_shards(frames.recordings, options.shard_frames),
    )


@dataclass(frozen=True)
class Job:
    """The stores that are being written: a shard's number means the same recordings at every site."""

    folders: dict[str, Path]
    plans: dict[str, StoreIndex]

    @property
    def shards(self) -> int:
        """How many a site has."""
        return len(self._first.shards)

    @property
    def _first(self) -> StoreIndex:
        return next(iter(self.plans.values()))

    def files(self, number: int) -> list[Path]:
        """A shard's file at every site."""
        return [self.folders[site] / plan.shards[number].file for site, plan in self.plans.items()]

    def is_whole(self, number: int) -> bool:
        """Whether a shard is there at every site and holds what was written."""
        return all(is_whole(file) for file in self.files(number))

    def bytes_of(self, numbers: Sequence[int]) -> int:
        """What some shards take on disk."""
        rows = sum(self._first.shards[number].rows for number in numbers)
        return rows * sum(plan.width * number_bytes(plan.dtype) for plan in self.plans.values())

    def compute(self, number: int, frames: ModelFrames) -> None:
        """Computes a shard's frames and writes them at every site; on a CPU with one thread, whose bits don't depend on how
        many workers there are.

        Raises:
            DrawstopError: a recording whose bytes aren't those that were scanned; or as `ShardWriter`.
        """
        with fixed_threads(1), ExitStack() as opened:
            writers = {
                site: opened.enter_context(
                    ShardWriter(self.folders[site] / plan.shards[number].file, plan.width, plan.dtype)
                )
                for site, plan in self.plans.items()
            }
            for index in self._first.shards[number].recordings:
                require_unchanged(frames.found[index])
                for piece in frames.pieces_of(index):
                    for site, writer in writers.items():
                        writer.add(piece[site], frames.found[index].path)
            for writer in writers.values():
                writer.finish()

    def copied(self, number: int, other: Path, out: Path) -> bool:
        """Takes a shard over from another folder, where it is there and whole."""
        pairs = [(other / file.relative_to(out), file) for file in self.files(number)]
        if not all(is_whole(theirs) for theirs, _ in pairs):
            return False
        for site, folder in self.folders.items():
            _require_same(other / folder.relative_to(out), self.plans[site])
        for theirs, ours in pairs:
            copy_shard(theirs, ours)
        return True

    def finished(self) -> list[ActivationStore]:
        """Writes the shards' hashes into the indexes, if all are there; gives the stores, or none."""
        hashes = {
            site: [read_receipt(self.folders[site] / shard.file) for shard in plan.shards]
            for site, plan in self.plans.items()
        }
        known = {site: [hash for hash in found if hash is not None] for site, found in hashes.items()}
        if any(len(found) < self.shards for found in known.values()):
            return []
        for site, plan in self.plans.items():
            write_json(self.folders[site] / INDEX_FILE, plan.with_hashes(known[site]).as_json())
        return [ActivationStore.open(folder, verify=False) for folder in self.folders.values()]


def begun(folder: Path, plan: StoreIndex) -> StoreIndex:
    """The plan of the store in a folder, written there if the folder is new.

    Raises:
        OtherStoreError: the store there is of another model, other recordings, or stored otherwise.
        DrawstopError: the folder holds something else.
    """
    if _require_same(folder, plan):
        return plan
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
    strangers = sorted(
        there.difference(*[[path.name for path in folder.glob(kind)] for kind in (LOCKS, ".*")])
    )
    if strangers:
        raise DrawstopError(f"{folder} holds files that aren't ours ({strangers[0]}); give another folder")
    write_json(folder / INDEX_FILE, plan.as_json())
    return plan


def _require_same(folder: Path, plan: StoreIndex) -> bool:
    """Whether there is an index, which then must be of this plan; where the recordings lie doesn't matter."""
    path = folder / INDEX_FILE
    if not path.is_file():
        return False
    found = read_index(path.read_text(encoding="utf-8"), folder)
    difference = differs(found, plan)
    if difference:
        raise OtherStoreError(
            f"{folder} holds another store: {difference}; put that right, or give another --out"
        )
    return True


def require_unchanged(recording: Recording) -> None:
    """Raises DrawstopError where a recording's bytes aren't those that were scanned."""
    found = sha256_file(recording.path)
    if found != recording.hash:
        raise DrawstopError(
            f"the recording {recording.path} changed while its frames were being computed: expected SHA-256 "
            f"{recording.hash[:12]}…, got {found[:12]}…; put it back and give the same command again"
        )


def require_room(folder: Path, needed: int) -> None:
    """Raises DrawstopError where the disk of a folder hasn't this many bytes free."""
    free = free_bytes(folder)
    if needed > free:
        raise DrawstopError(
            f"the frames need {size(needed)} in {folder}, {size(free)} are free: make room, store them as float16 or bfloat16 "
            f"(--dtype), or take fewer sites or recordings"
        )
