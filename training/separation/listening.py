"""The input of the separator's trunk: mel-band levels of the sound so far, in a long and a short window."""

import math

import torch
from torch import Tensor, nn

from training.separation.mdct import HOP, Mdct

WINDOWS = (2048, 512)
"""Samples of the windows: the long one resolves the harmonics of low notes, the short one follows the present sound."""
STEP = 512
FLOOR = 1e-9
"""Power below which levels don't fall: about 100 dB below loud music, summed over a band."""
LOWEST_HZ = 30.0


class Listening(nn.Module):
    """Mel-band levels of latents turned back into sound, one step every 512 samples; the last row is their mean.

    The sound is late by one frame, since each frame overlaps with the next one. A step ends with the sound of its last
    frame.

    Shape: latents `[batch, 128, frames]` -> levels `[batch, sum(bands) + 1, frames // 4]`, and the long window's power
    spectrum `[batch, frames // 4, bins]`.
    """

    long_window: Tensor
    long_bands: Tensor
    short_bands: Tensor

    def __init__(self, bands: tuple[int, int], sample_rate: int) -> None:
        super().__init__()
        self.mdct = Mdct(HOP)
        for name, window, count in zip(("long", "short"), WINDOWS, bands, strict=True):
            self.register_buffer(f"{name}_window", torch.hann_window(window))
            self.register_buffer(f"{name}_bands", mel_bands(window, count, sample_rate))

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        audio = self.mdct.inverse(latents)[:, 0]
        long, short = (
            power_spectrum(windows_of(audio, length), getattr(self, f"{name}_window"))
            for name, length in zip(("long", "short"), WINDOWS, strict=True)
        )
        levels = relative_levels(band_levels(long, self.long_bands), band_levels(short, self.short_bands))
        return levels.transpose(1, 2), long


def windows_of(audio: Tensor, length: int) -> Tensor:
    """The sound's last samples at every step, from silence on. `[batch, samples]` -> `[batch, samples // 512, length]`."""
    return nn.functional.pad(audio, (length - STEP, 0)).unfold(1, length, STEP)


def power_spectrum(sound: Tensor, window: Tensor) -> Tensor:
    """Power in each bin of windowed sound. `[..., samples]`, `[samples]` -> `[..., samples // 2 + 1]`."""
    spectrum = torch.fft.rfft(sound * window)
    return (spectrum.real.square() + spectrum.imag.square()) / window.square().sum()


def band_levels(power: Tensor, bands: Tensor, floor: float = FLOOR) -> Tensor:
    """Logarithms of band energies. `[..., bins]`, `[bins, bands]` -> `[..., bands]`."""
    return torch.log(power @ bands + floor)


def relative_levels(long: Tensor, short: Tensor) -> Tensor:
    """Band levels minus the long window's mean level, and that mean last: loudness says little about what plays.

    Shape: `[..., long bands]`, `[..., short bands]` -> `[..., long bands + short bands + 1]`.
    """
    mean = long.mean(-1, keepdim=True)
    return torch.cat([long - mean, short - mean, mean], -1)


def mel_bands(window: int, count: int, sample_rate: int) -> Tensor:
    """Triangular mel filters of unit height. `[window // 2 + 1, count]`; a band narrower than a bin takes the nearest one."""
    lowest, highest = (2595 * math.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, sample_rate / 2))
    edges = 700 * (10 ** (torch.linspace(lowest, highest, count + 2) / 2595) - 1)
    hertz = torch.linspace(0, sample_rate / 2, window // 2 + 1)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    bands = torch.minimum(rising, falling).clamp(min=0)
    for empty in torch.nonzero(bands.sum(0) == 0).flatten().tolist():
        bands[int((hertz[:, 0] - edges[1 + empty]).abs().argmin()), empty] = 1.0
    return bands
