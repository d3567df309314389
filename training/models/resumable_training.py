"""A training that saves its state to a file now and then, and resumes from it bit for bit after it was killed."""

from __future__ import annotations

import io
import pickle
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from drawstop.errors import DrawstopError, reason_of
from drawstop.files import atomic_file
from drawstop.progress import StepReport


class ResumableTraining(ABC):
    """A loop of steps that saves its state, and logs.

    Args:
        path: the state's file; None saves nothing.
        steps: the number of steps.
        clock: gives seconds, to measure the time of a step.

    Attributes:
        step: steps done so far.
    """

    def __init__(self, path: Path | None, steps: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self.steps, self.step, self.clock = path, steps, 0, clock
        self._begun, self._first = 0.0, 0

    @abstractmethod
    def train_step(self) -> dict[str, float]:
        """One step; gives its losses, by name. It is counted by `run`."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything that a later process needs to resume, besides the step: tensors and plain values."""

    @abstractmethod
    def load_state(self, state: dict[str, Any]) -> None:
        """Restores a state that `state` gave. Raises DrawstopError for one of another training."""

    def is_due(self) -> bool:
        """Whether the state is to be saved after this step; after the last step it always is."""
        return False

    def after_step(self, values: dict[str, float], last: int) -> None:  # noqa: B027 (does nothing unless replaced)
        """Called after each step with its values and the number of the last step."""

    def resume(self) -> bool:
        """Goes on from the file, if it is there; says whether it was.

        Raises:
            DrawstopError: damaged, or of another training.
        """
        if self.path is None or not self.path.is_file():
            return False
        state = read_state(self.path)
        try:
            self.load_state(state)
            self.step = int(state["step"])
        except DrawstopError:
            raise
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise DrawstopError(f"{self.path} is damaged; delete it to train from the start") from error
        return True

    def run(self, until: int | None = None, progress: StepReport | None = None) -> None:
        """Train to the end, or to step `until`; `progress` is called after each step with the steps done and to do."""
        last = self.steps if until is None else min(until, self.steps)
        self._begun, self._first = self.clock(), self.step
        while self.step < last:
            values = self.train_step()
            self.step += 1
            if self.step == last or self.is_due():
                self.save()
            self.after_step(values, last)
            if progress is not None:
                progress(self.step, self.steps)

    def save(self) -> None:
        """Writes the state, whole or not at all."""
        if self.path is not None:
            write_state(self.path, {"step": self.step} | self.state())

    def pace(self) -> float:
        """Mean seconds per step since `run` was called."""
        return (self.clock() - self._begun) / max(1, self.step - self._first)

    def log(self, path: Path, values: dict[str, float]) -> None:
        """Adds a line to a log."""
        line = f"step {self.step} " + " ".join(f"{name} {value:.4g}" for name, value in values.items())
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def write_state(path: Path, state: dict[str, Any]) -> None:
    """`torch.save`, whole or not at all; a full disk is a DrawstopError."""
    buffer = io.BytesIO()  # so that a full disk is an OSError that atomic_file can report
    torch.save(state, buffer)
    with atomic_file(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read_state(path: Path) -> dict[str, Any]:
    """Reads what `torch.save` wrote, tensors and plain values only.

    Raises:
        DrawstopError: not readable, or it holds other objects.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DrawstopError(f"can't read {path}: {reason_of(error)}") from error
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise DrawstopError(f"{path} is damaged, or holds more than tensors and plain values") from error
    if not isinstance(state, dict):
        raise DrawstopError(f"{path} is no checkpoint: expected a dictionary, got {type(state).__name__}")
    return state
