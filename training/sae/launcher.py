"""A training on several processes of this machine, started and ended together by `torch.multiprocessing`.

`torchrun -m drawstop train …`, or on GPUs `accelerate launch`, starts them from outside, on many machines too.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from drawstop.errors import DrawstopError
from training.sae.config import SAEConfig
from training.sae.dataset import Source
from training.sae.distributed import end, process_group, refuse_too_many
from training.sae.files.folder import load_sae, save_sae
from training.sae.model import SAE
from training.sae.train import StepProgress, train_sites

FAILURE, INTERRUPTED = 2, 130
_ENDED_BY_US = -signal.SIGTERM


@dataclass(frozen=True)
class _Job:
    """The data for a process: the arguments of `train_sites`, and the folder where the first one writes SAEs."""

    source: Source
    config: SAEConfig
    options: dict[str, Any]
    device: str
    results: Path
    threads: int
    environment: dict[str, str]

    def folder(self, site: str) -> Path:
        """The folder of a site's SAE."""
        return self.results / f"site {list(self.source.widths).index(site)}"


def train_on(
    processes: int,
    source: Source,
    config: SAEConfig,
    *,
    buffer_frames: int | None = None,
    checkpoints: Mapping[str, Path] | None = None,
    progress: StepProgress | None = None,
    device: str = "cpu",
    frames_at_once: int | None = None,
) -> dict[str, SAE]:
    """`train_sites` on several processes of this machine, each with its share of the sites or of every batch, and of
    this process's threads.

    Args:
        processes: their number; 1 trains in this process.
        source: it is sent to each process: stores as their folders' names.

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
    _store, environment = rendezvous(processes)  # the processes meet at the store: it must outlive them
    with tempfile.TemporaryDirectory() as folder:
        threads = max(1, torch.get_num_threads() // processes)
        job = _Job(source, config, options, device, Path(folder), threads, environment)
        _run(processes, job, progress)
        return {site: load_sae(job.folder(site)) for site in source.widths}


def rendezvous(processes: int) -> tuple[TCPStore, dict[str, str]]:
    """A store by which several processes of this machine find each other, and the environment that `torchrun` would
    give them, but for each one's RANK and LOCAL_RANK."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    return store, {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def _run(processes: int, job: _Job, progress: StepProgress | None) -> None:
    """Starts the processes and returns when all have ended well; ends all of them when one has not, or `progress` raises."""
    logging.getLogger(spawn.__module__).setLevel(logging.ERROR)  # it would say whom it ends
    receiver, sender = Pipe(duplex=False)
    context = spawn(_train_as, (job, sender), processes, join=False, daemon=True)
    sender.close()
    failure = ""
    try:
        while not context.join(0):
            wait([*([] if receiver.closed else [receiver]), *context.sentinels])
            failure = _receive(receiver, progress) or failure
    except ProcessRaisedException as error:
        sys.stderr.write(f"{error}\n")
    except ProcessExitedException:
        progress = None  # what the others did before they were ended is not of the result
    finally:
        for process in context.processes:
            process.terminate()
            process.join()
    failure = _receive(receiver, progress) or failure
    _refuse_ended([process.exitcode or 0 for process in context.processes], failure)


def _receive(receiver: Connection, progress: StepProgress | None) -> str:
    """Receives the messages so far: progress, or the reason of a failure, which is returned."""
    failure = ""
    while not receiver.closed and receiver.poll():
        try:
            message = receiver.recv()
        except EOFError:
            receiver.close()
            break
        if isinstance(message, str):
            failure = message
        elif progress is not None:
            progress(*message)
    return failure


def _refuse_ended(exit_codes: list[int], failure: str) -> None:
    """Raises DrawstopError unless all processes ended well."""
    killed = [rank for rank, code in enumerate(exit_codes) if code < 0 and code != _ENDED_BY_US]
    if killed:
        name = signal.Signals(-exit_codes[killed[0]]).name
        raise DrawstopError(
            f"process {killed[0] + 1} of {len(exit_codes)} was ended by {name} (too little memory?); start the training again: "
            "it goes on from its checkpoint, on any number of processes"
        )
    if failure or any(exit_codes):
        raise DrawstopError(
            failure or f"a process of the training ended with code {max(exit_codes)}; see above"
        )


def _train_as(rank: int, job: _Job, sender: Connection) -> None:
    """The main function of a process."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(job.environment, RANK=str(rank), LOCAL_RANK=str(rank))
    torch.set_num_threads(job.threads)
    try:
        group = process_group(job.device)
        device = group.device or job.device
        report = (lambda step, loss: sender.send((step, loss))) if group.is_first else None
        saes = train_sites(job.source, job.config, progress=report, device=device, group=group, **job.options)
        if group.is_first:
            for site, sae in saes.items():
                save_sae(job.folder(site), sae)
        group.leave()
    except DrawstopError as error:
        sender.send(str(error))
        end(FAILURE)
    except (KeyboardInterrupt, BrokenPipeError):  # we are interrupted, or the one that started us is gone
        sys.exit(INTERRUPTED)
