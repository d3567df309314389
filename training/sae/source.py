"""The frames that a training reads: a store's splits, or a tensor that is all for training."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from drawstop.base.errors import DrawstopError
from training.activations import ActivationStore
from training.sae.config import SAEConfig

_MEASURED_FRAMES = 65536  # figures of three digits, thresholds of features that fire once in 10 000


@dataclass(frozen=True)
class Source:
    """Frames and the rows of them to train on and to validate on."""

    frames: npt.NDArray[np.float32]
    training: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """The frames of some rows: `[rows, d_in]`."""
        return torch.from_numpy(np.ascontiguousarray(self.frames[rows], dtype=np.float32))


def source_of(source: ActivationStore | torch.Tensor, config: SAEConfig) -> Source:
    """The frames to train on; DrawstopError where their width is another or there are none."""
    if isinstance(source, ActivationStore):
        data = Source(source.frames, source.rows("train"), source.rows("validation"))
    else:
        frames = source.detach().cpu().to(torch.float32).numpy()
        data = Source(frames, np.arange(len(frames), dtype=np.int64), np.empty(0, dtype=np.int64))
    if data.frames.ndim != 2 or data.frames.shape[1] != config.d_in:
        raise DrawstopError(f"expected frames [frames, {config.d_in}], got shape {list(data.frames.shape)}")
    if len(data.training) == 0:
        raise DrawstopError(
            "expected frames to train on, got none; add recordings until the train split has some"
        )
    return data


def thinned(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most `_MEASURED_FRAMES` of the rows, evenly spread."""
    if len(rows) <= _MEASURED_FRAMES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, _MEASURED_FRAMES).astype(np.int64)]
