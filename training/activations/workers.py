"""Worker processes of an extraction: each opens the model once and computes shards until none are left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import Synchronized
from typing import ClassVar

from drawstop.errors import DrawstopError
from drawstop.progress import track
from training.activations.job import Job
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import Recording
from training.models.protocols import LayeredModel

OpenModel = Callable[[], LayeredModel]
"""How a worker opens the model; it is sent to the worker's process."""

_FRUITLESS_ROUNDS = 2  # in a row, until we give up: a worker dies with its round


@dataclass(frozen=True)
class _Work:
    """The data that every worker process gets."""

    job: Job
    recordings: tuple[Recording, ...]
    sites: tuple[str, ...]
    open_model: tuple[OpenModel, ...]


class _Worker:
    """State of a worker process that lasts from shard to shard."""

    job: ClassVar[Job]
    frames: ClassVar[ModelFrames]


def compute_in_processes(
    job: Job, numbers: Sequence[int], frames: ModelFrames, workers: int, open_model: Sequence[OpenModel]
) -> None:
    """Computes some shards, each by whichever worker is free.

    Raises:
        DrawstopError: workers die and nothing gets done any more; or as `Job.compute`.
    """
    if not open_model:
        raise DrawstopError("several workers need a way to open the model: expected at least one, got none")
    work = _Work(job, tuple(frames.sources), tuple(frames.widths), tuple(open_model))
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
    """Starts a worker: opens the model; the worker ends with the process that started it, and silently at Ctrl-C."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with started.get_lock():
        slot, started.value = started.value, started.value + 1
    model = work.open_model[slot % len(work.open_model)]()
    _Worker.job, _Worker.frames = work.job, ModelFrames(model, work.recordings, work.sites)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _compute(number: int) -> None:
    _Worker.job.compute(number, _Worker.frames)
