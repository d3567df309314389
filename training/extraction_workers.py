"""Shards computed by several processes of one machine; what a killed one was at is done again by others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import Synchronized
from typing import ClassVar

from drawstop.base.errors import DrawstopError
from drawstop.base.progress import track
from training.extraction import Job, Opening
from training.model_frames import ModelFrames
from training.recordings import Recording

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
