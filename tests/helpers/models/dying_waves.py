"""LayeredWaves whose process is killed in the middle of its work, as the kernel's out-of-memory killer would."""

import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from torch import Tensor

from tests.helpers.models.layered_waves import LayeredWaves
from training.activations.workers import OpenModel


class DyingWaves(LayeredWaves):
    """Kills its process at the `at`-th call if the file `armed` exists; removes the file first, so that it dies once."""

    def __init__(self, armed: Path, at: int) -> None:
        super().__init__()
        self._armed, self._at = armed, at

    def frames(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        if self.calls + 1 >= self._at and self._armed.exists():
            self._armed.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().frames(audio, sites)


def dying(armed: Path, at: int) -> OpenModel:
    """A function that opens a DyingWaves in a worker process."""
    return partial(DyingWaves, armed, at)


class DeadWaves(LayeredWaves):
    """Kills its process at every call."""

    def frames(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")
