"""The processes that train together: which sites or which part of a batch is whose, and what they tell each other.

Where there are as many sites as processes or more, each trains its share of the sites, alone. Else every process holds the
whole SAE and takes its share of each batch; gradients and what concerns the whole batch are summed over all of them. Weights and
decisions are then the same everywhere. A checkpoint knows nothing of the number of processes.
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
"""A process that is silent for so long has gone, on a machine that can't say so; one that dies here is noticed at once."""
_FRAMES_TIMEOUT = timedelta(days=7)  # the others wait while the first one writes a model's frames

_SENT_TOGETHER = 1 << 20  # numbers in a tensor; larger ones aren't copied together to be sent at once


class Ranks:
    """One process that trains alone.

    Attributes:
        rank: this process's number.  count: of the processes.
        device: where it computes, or None to leave that open.
    """

    rank, count = 0, 1
    device: str | None = None

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, places: Rows) -> Rows:
        """This process's part of a batch: consecutive places, of which each process has equally many, give or take one."""
        size = len(places)
        return places[self.rank * size // self.count : (self.rank + 1) * size // self.count]

    def add(self, *tensors: torch.Tensor) -> None:
        """Sums tensors of one type over all processes, in place."""

    def collect(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensors of all processes, of one shape, end to end."""
        return tensor

    def take_first(self, *tensors: torch.Tensor) -> None:
        """Overwrites tensors with those of process 0."""

    def gather(self, found: dict[str, T]) -> dict[str, T]:
        """What all processes have found, for the first one; for another, its own. Waits for days."""
        return found

    def wait(self) -> None:
        """Returns when all processes have called it, be it days later."""

    def leave(self) -> None:
        """Ends the connections to the others, once nothing more is to be told."""


ALONE = Ranks()


class Together(Ranks):
    """One of several processes that `torchrun`, or on GPUs `accelerate launch`, started: gloo on CPUs, NCCL on GPUs.

    Args:
        device: `cpu`, or another kind, of which each process takes the one that has its number on the machine.

    Raises:
        DrawstopError: at any call, when another process has gone.
    """

    def __init__(self, device: str = "cpu") -> None:
        from accelerate import PartialState  # type: ignore[import-untyped]

        with _told():
            state = PartialState(cpu=device == "cpu", timeout=STEP_TIMEOUT)
            self.rank, self.count = state.process_index, state.num_processes
            self.device = str(state.device)
            self._state = state
            self._waiting = distributed.new_group(backend="gloo", timeout=_FRAMES_TIMEOUT)

    def add(self, *tensors: torch.Tensor) -> None:
        small = [tensor for tensor in tensors if tensor.numel() < _SENT_TOGETHER]
        joined = torch.cat([tensor.flatten() for tensor in small])
        with _told():
            for tensor in (joined, *(each for each in tensors if each.numel() >= _SENT_TOGETHER)):
                distributed.all_reduce(tensor)
        for tensor, found in zip(small, joined.split([each.numel() for each in small]), strict=True):
            tensor.copy_(found.view_as(tensor))

    def collect(self, tensor: torch.Tensor) -> torch.Tensor:
        found = [torch.empty_like(tensor) for _ in range(self.count)]
        with _told():
            distributed.all_gather(found, tensor.contiguous())
        return torch.cat(found)

    def take_first(self, *tensors: torch.Tensor) -> None:
        with _told():
            for tensor in tensors:
                distributed.broadcast(tensor, src=0)

    def gather(self, found: dict[str, T]) -> dict[str, T]:
        parts: list[Any] | None = [None] * self.count if self.first else None
        with _told():
            distributed.gather_object(found, parts, group=self._waiting)
        return found if parts is None else {name: value for part in parts for name, value in part.items()}

    def wait(self) -> None:
        with _told():
            distributed.barrier(group=self._waiting)

    def leave(self) -> None:
        self.wait()
        self._state.destroy_process_group()


def ranks_here(device: str = "cpu") -> Ranks:
    """The processes that this one was started with; `ALONE` where nothing says that there are others."""
    return Together(device) if int(os.environ.get("WORLD_SIZE", "1")) > 1 else ALONE


def end(code: int) -> NoReturn:
    """Ends a process that failed beside others. The interpreter's own end is passed by: there the backend's threads, which may
    still wait for a process that has gone, could abort this one (SIGABRT) before it gives its code."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def refuse_too_many(processes: int, batch_size: int) -> None:
    """Raises DrawstopError where a process would have no frame of a batch."""
    if not 1 <= processes <= batch_size:
        raise DrawstopError(
            f"expected 1 to {batch_size} processes, one frame of a batch or more for each, got {processes}"
        )


def least(ranks: Ranks, values: Sequence[torch.Tensor]) -> torch.Tensor:
    """The smallest of values `[]` of all processes: `[]`."""
    return ranks.collect(torch.stack(list(values)).amin()[None]).amin()


@contextmanager
def _told() -> Iterator[None]:
    """The backends' errors when a process has gone, as one line."""
    try:
        yield
    except RuntimeError as error:
        raise DrawstopError(
            "another process of this training has gone; start it again: it goes on from its checkpoint, on any number of "
            "processes"
        ) from error
