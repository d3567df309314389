"""An instrument in which every change of a stop sounds at its very sample: a constant at a gain, delayed.

    y[t + DELAY] = (x[t] + 0.25) * (1 + sum over stops of value[frame of t] / (2 stops))

There is no noise and no ramp; a frame's value is the mean of its samples, as a real instrument's is.
"""

import subprocess
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from drawstop.instrument_description import (
    EXTRA_FILE,
    InstrumentDescription,
    MethodDescription,
    StopDescription,
)

RATE, RATIO, DELAY = 44100, 64, 937
"""The demo's rate and ratio; a delay near its own that no frame divides."""
LEVEL = 0.25
SLUGS = ("one", "two", "three")


class Gain(nn.Module):
    """The instrument that this file's first lines describe."""

    def __init__(self) -> None:
        super().__init__()
        self.stops, self.ratio, self.delay, self.level = len(SLUGS), RATIO, DELAY, LEVEL
        self.past = torch.zeros(1, 1, DELAY)
        self.resting = torch.zeros(1, len(SLUGS), 1)

    @torch.jit.export
    def play(self, x: Tensor) -> Tensor:
        values = functional.avg_pool1d(x[:, 1:] + self.resting, self.ratio).mean(1, keepdim=True)
        gain = (1.0 + 0.5 * values).repeat_interleave(self.ratio, dim=2)
        joined = torch.cat([self.past, (x[:, :1] + self.level) * gain], dim=2)
        self.past = joined[:, :, -self.delay :]
        return joined[:, :, : -self.delay]

    def forward(self, x: Tensor) -> Tensor:
        return self.play(torch.cat([x, torch.zeros(1, self.stops, x.shape[2])], dim=1))

    @torch.jit.export
    def set_one(self, value: float) -> int:
        self.resting[0, 0, 0] = value
        return 0

    @torch.jit.export
    def set_two(self, value: float) -> int:
        self.resting[0, 1, 0] = value
        return 0

    @torch.jit.export
    def set_three(self, value: float) -> int:
        self.resting[0, 2, 0] = value
        return 0

    @torch.jit.export
    def set_reset(self, value: int) -> int:
        self.past = torch.zeros(1, 1, self.delay)
        return 0


def save_gain(path: Path) -> Path:
    """Save the instrument to a file."""
    stops = tuple(StopDescription(slug, slug, slug) for slug in SLUGS)
    play = MethodDescription("play", ("sound", *SLUGS), 1, ("sound",), 1, DELAY)
    description = InstrumentDescription(path.stem, "1", RATE, 1, 1, RATIO, 1, DELAY, stops, (play,), "", "")
    scripted = torch.jit.script(Gain().eval())
    torch.jit.save(scripted, str(path), _extra_files={EXTRA_FILE: description.to_json()})
    return path


def make_gain(folder: Path) -> Path:
    """Save it from a process of its own: the live process never imports torch."""
    code = "import pathlib, sys; from bench.controllers.instrument import save_gain; save_gain(pathlib.Path(sys.argv[1]))"
    path = folder / "gain.ts"
    subprocess.run([sys.executable, "-c", code, path], check=True)
    return path
