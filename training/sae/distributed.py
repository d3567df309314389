"""The processes of one training: how they share sites or batches, and what they exchange.

If there are at least as many sites as processes, each process trains its share of the sites alone. Else every process
holds the whole SAE and takes its share of each batch; gradients and batch statistics are summed over all processes, so
their weights are the same. A checkpoint doesn't depend on the number of processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import torch
from torch import distributed

from drawstop.errors import DrawstopError
from training.activations.shuffle import Rows

T = TypeVar("T")

STEP_TIMEOUT = timedelta(minutes=30)
"""A process of another machine counts as dead after so long without an answer; one of this machine does at once."""
_FRAMES_TIMEOUT = timedelta(days=7)  # the others wait while the first one writes a model's frames

_SENT_AS_ONE = 1 << 20  # numbers in a tensor; larger ones aren't copied into one to be sent at once


class ProcessGroup:
    """A group of one process: nothing is exchanged.

    Attributes:
        rank: this process's number in the group.  size: the number of processes.
        device: the device it computes on; None: any.
    """

    rank, size = 0, 1
    device: str | None = None

    @property
    def is_first(self) -> bool:
        """Says whether this is the process that writes files and messages."""
        return self.rank == 0

    def share(self, indices: Rows) -> Rows:
        """This process's part of a batch: consecutive indices, of which each process has equally many, give or take one."""
        count = len(indices)
        return indices[self.rank * count // self.size : (self.rank + 1) * count // self.size]

    def all_reduce(self, *tensors: torch.Tensor) -> None:
        """Sums tensors of one type over all processes, in place."""

    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensors of all processes, of one shape, end to end."""
        return tensor

    def broadcast(self, *tensors: torch.Tensor) -> None:
        """Overwrites tensors with those of process 0."""

    def gather(self, results: dict[str, T]) -> dict[str, T]:
        """The results of all processes, for the first one; for another, its own. Waits for days."""
        return results

    def barrier(self) -> None:
        """Returns when all processes have called it, even days later."""

    def leave(self) -> None:
        """Ends the connections to the others, once all have come here."""


ONE_PROCESS = ProcessGroup()


class TorchProcessGroup(ProcessGroup):
    """One of several processes that `torchrun`, or on GPUs `accelerate launch`, started: gloo on CPUs, NCCL on GPUs.

    Args:
        device: `cpu`, or another kind, of which each process takes the one that has its number on the machine.

    Raises:
        DrawstopError: at any call, when another process has gone.
    """

    def __init__(self, device: str = "cpu") -> None:
        from accelerate import PartialState  # type: ignore[import-untyped]

        with _one_line():
            state = PartialState(cpu=device == "cpu", timeout=STEP_TIMEOUT)
            self.rank, self.size = state.process_index, state.num_processes
            self.device = str(state.device)
            self._state = state
            self._waiting = distributed.new_group(backend="gloo", timeout=_FRAMES_TIMEOUT)

    def all_reduce(self, *tensors: torch.Tensor) -> None:
        small = [tensor for tensor in tensors if tensor.numel() < _SENT_AS_ONE]
        joined = torch.cat([tensor.flatten() for tensor in small])
        with _one_line():
            for tensor in (joined, *(each for each in tensors if each.numel() >= _SENT_AS_ONE)):
                distributed.all_reduce(tensor)
        for tensor, total in zip(small, joined.split([each.numel() for each in small]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        with _one_line():
            distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    def broadcast(self, *tensors: torch.Tensor) -> None:
        with _one_line():
            for tensor in tensors:
                distributed.broadcast(tensor, src=0)

    def gather(self, results: dict[str, T]) -> dict[str, T]:
        parts: list[Any] | None = [None] * self.size if self.is_first else None
        with _one_line():
            distributed.gather_object(results, parts, group=self._waiting)
        return results if parts is None else {name: value for part in parts for name, value in part.items()}

    def barrier(self) -> None:
        with _one_line():
            distributed.barrier(group=self._waiting)

    def leave(self) -> None:
        self.barrier()
        self._state.destroy_process_group()


def process_group(device: str = "cpu") -> ProcessGroup:
    """The group of the processes that this one was started with; `ONE_PROCESS` if there are no others."""
    return TorchProcessGroup(device) if int(os.environ.get("WORLD_SIZE", "1")) > 1 else ONE_PROCESS


def end(code: int) -> NoReturn:
    """End this process after its group failed, without the interpreter's normal exit.

    The backend's threads may still wait for a dead process, and could abort this one (SIGABRT) before it returns its code.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def refuse_too_many(processes: int, batch_size: int) -> None:
    """Raises DrawstopError where a process would have no frame of a batch."""
    if not 1 <= processes <= batch_size:
        raise DrawstopError(
            f"expected 1 to {batch_size} processes, one frame of a batch or more for each, got {processes}"
        )


def smallest_of_all(group: ProcessGroup, values: Sequence[torch.Tensor]) -> torch.Tensor:
    """The smallest of the values `[]` of all processes: `[]`."""
    return group.all_gather(torch.stack(list(values)).amin()[None]).amin()


@contextmanager
def _one_line() -> Iterator[None]:
    """Turns the backends' errors when a process has died into a DrawstopError of one line."""
    try:
        yield
    except RuntimeError as error:
        raise DrawstopError(
            "another process of this training has gone; start it again: it goes on from its checkpoint, on any number of "
            "processes"
        ) from error
