"""A small real model with two layers of one rate and one of another, for tests of what reads layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from drawstop.audio.files import write_audio

RATE, RATIO = 8000, 80


@dataclass(frozen=True)
class WaveRates:
    width: int
    ratio: int


class LayeredWaves(nn.Module):
    """Strided convolutions of noise-initialised weights: `a` and `b` every 80 samples, `fast` every 40."""

    fingerprint = "waves"
    sample_rate = RATE
    channels = 1
    centred = True

    def __init__(self, piece_frames: int | None = 50) -> None:
        super().__init__()
        self.piece_frames = piece_frames
        self.calls = 0
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.fast = nn.Conv1d(1, 6, 40, stride=40)
            self.a = nn.Conv1d(6, 8, 2, stride=2)
            self.b = nn.Conv1d(8, 12, 3, padding=1)

    def sites(self) -> dict[str, WaveRates]:
        return {"fast": WaveRates(6, RATIO // 2), "a": WaveRates(8, RATIO), "b": WaveRates(12, RATIO)}

    @torch.no_grad()
    def frames(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        self.calls += 1
        fast = torch.tanh(self.fast(audio))
        a = torch.tanh(self.a(fast))
        every = {"fast": fast, "a": a, "b": torch.tanh(self.b(a))}
        return {site: every[site] for site in sites}


def write_waves(folder: Path, count: int = 14, seconds: float = 1.3) -> Path:
    """Noisy tones, a sub-folder for even and one for odd ones."""
    for i in range(count):
        rng = np.random.default_rng(i)
        time = np.arange(int(seconds * RATE)) / RATE
        tone = np.sin(2 * np.pi * rng.uniform(200, 400) * (1 + 3 * (i % 2)) * time)
        path = folder / ("even", "odd")[i % 2] / f"{i:02}.wav"
        write_audio(path, 0.3 * tone[None] + 0.2 * rng.standard_normal((1, len(time))), RATE)
    return folder
