"""A training on several processes of this machine: started here, watched, and ended together.

`torchrun -m drawstop train …`, or on GPUs `accelerate launch`, starts them from outside, on many machines too; see `ranks_here`.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import torch

from drawstop.errors import DrawstopError
from training.sae.config import SAEConfig
from training.sae.dataset import Source
from training.sae.distributed import end, ranks_here, refuse_too_many
from training.sae.files import load_sae, save_sae
from training.sae.model import SAE
from training.sae.train import Progress, train_sites

FAILURE, INTERRUPTED = 2, 130
_ENDED_BY_US = -signal.SIGTERM
_PORTS = range(20000, 32768)  # below those that systems hand out by themselves


@dataclass(frozen=True)
class _Job:
    """What a process is told: everything that goes to `train_sites`, and where the first one leaves the SAEs."""

    source: Source
    config: SAEConfig
    options: dict[str, Any]
    device: str
    results: Path
    threads: int


def train_on(
    processes: int,
    source: Source,
    config: SAEConfig,
    *,
    buffer_frames: int | None = None,
    checkpoints: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
    device: str = "cpu",
    frames_at_once: int | None = None,
) -> dict[str, SAE]:
    """`train_sites` on so many processes of this machine, each with its share of the sites or of every batch, and of this one's
    threads.

    Args:
        processes: how many; 1 trains in this one.
        source: is sent to each: stores as their folders' names.

    Raises:
        DrawstopError: as `train_sites`; or a process was killed. The others then end, and the checkpoints stay.
        ModuleNotFoundError: several processes, and no accelerate.
    """
    refuse_too_many(processes, config.batch_size)
    options: dict[str, Any] = {
        "buffer_frames": buffer_frames,
        "checkpoints": checkpoints,
        "frames_at_once": frames_at_once,
    }
    if processes == 1:
        return train_sites(source, config, progress=progress, device=device, **options)
    if not source.random_access:
        raise DrawstopError(
            "expected stored frames for several processes, got a stream, which each would compute anew; store the frames "
            "first (train without --stream)"
        )
    if find_spec("accelerate") is None:
        raise ModuleNotFoundError("several processes need accelerate", name="accelerate")
    with tempfile.TemporaryDirectory() as folder:
        threads = max(1, torch.get_num_threads() // processes)
        job = _Job(source, config, options, device, Path(folder), threads)
        _run(processes, job, progress)
        return {site: load_sae(_place(job, site)) for site in source.widths}


def _run(processes: int, job: _Job, progress: Progress | None) -> None:
    """Starts the processes and returns when all have ended well; ends all of them when one has not, or `progress` raises."""
    context = torch.multiprocessing.get_context("spawn")
    receiver, sender = Pipe(duplex=False)
    with _environment(processes):
        started = [
            context.Process(target=_train_as, args=(rank, job, sender), daemon=True)
            for rank in range(processes)
        ]
        for process in started:
            process.start()
    sender.close()
    failed = ""
    try:
        running = {process.sentinel: process for process in started}
        while running and not any(process.exitcode for process in started):
            for ready in wait([receiver, *running] if not receiver.closed else list(running)):
                if ready is receiver:
                    failed = _hear(receiver, progress) or failed
                elif isinstance(ready, int):
                    running.pop(ready).join()
    finally:
        for process in started:
            process.terminate()
            process.join()
    while not receiver.closed:
        failed = _hear(receiver, None) or failed
    _refuse_ended([process.exitcode or 0 for process in started], failed)


def _hear(receiver: Connection, progress: Progress | None) -> str:
    """Takes one message: progress, or the reason of a failure, which is given back."""
    try:
        said = receiver.recv()
    except EOFError:
        receiver.close()
        return ""
    if isinstance(said, str):
        return said
    if progress is not None:
        progress(*said)
    return ""


def _refuse_ended(codes: list[int], failed: str) -> None:
    killed = [rank for rank, code in enumerate(codes) if code < 0 and code != _ENDED_BY_US]
    if killed:
        name = signal.Signals(-codes[killed[0]]).name
        raise DrawstopError(
            f"process {killed[0] + 1} of {len(codes)} was ended by {name} (too little memory?); start the training again: it "
            "goes on from its checkpoint, on any number of processes"
        )
    if failed or any(codes):
        raise DrawstopError(failed or f"a process of the training ended with code {max(codes)}; see above")


def _train_as(rank: int, job: _Job, sender: Connection) -> None:
    """One process's whole life."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["RANK"] = os.environ["LOCAL_RANK"] = str(rank)
    torch.set_num_threads(job.threads)
    try:
        ranks = ranks_here(job.device)
        device = ranks.device or job.device
        report = (lambda step, loss: sender.send((step, loss))) if ranks.first else None
        saes = train_sites(job.source, job.config, progress=report, device=device, ranks=ranks, **job.options)
        if ranks.first:
            for site, sae in saes.items():
                save_sae(_place(job, site), sae)
        ranks.leave()
    except DrawstopError as error:
        sender.send(str(error))
        end(FAILURE)
    except (KeyboardInterrupt, BrokenPipeError):  # we are interrupted, or the one that started us is gone
        sys.exit(INTERRUPTED)


def _place(job: _Job, site: str) -> Path:
    return job.results / f"site {list(job.source.widths).index(site)}"


def launched_as(processes: int) -> dict[str, str]:
    """The environment that `torchrun` gives so many processes of this machine, but for each one's RANK and LOCAL_RANK."""
    return {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def _free_port() -> int:
    """A port that is free now, and that no connection will be given before the first process listens on it."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def _environment(processes: int) -> Iterator[None]:
    """What `torchrun` says to its processes, for those that are started meanwhile."""
    said = launched_as(processes)
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
