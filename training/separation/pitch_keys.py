"""Pitch saliences of the last 4096 samples: the key by which sounds of the same notes are looked up."""

import torch
from torch import Tensor, nn

WINDOW = 4096
PITCHES = 180
LOWEST_HZ, PER_OCTAVE = 70.0, 36
HARMONICS = 5
FALL = 0.8
"""Weight of each harmonic over the one below it."""


class PitchKeys(nn.Module):
    """Pitch saliences: the spectrum summed over five harmonics of each pitch (Klapuri 2006), squared, of norm 1.

    Shape: windows of sound `[..., 4096]` -> keys `[..., 180]`, levels (root mean squares) `[...]`.
    """

    window: Tensor
    bins: Tensor
    between: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        pitches = LOWEST_HZ * 2 ** (torch.arange(PITCHES) / PER_OCTAVE)
        places = pitches * torch.arange(1, HARMONICS + 1)[:, None] / (sample_rate / (2 * WINDOW))
        places = places.clamp(max=WINDOW - 1)
        self.register_buffer("window", torch.hann_window(WINDOW))
        self.register_buffer("bins", places.long())
        self.register_buffer("between", places - places.floor())
        self.size: int = 2 * WINDOW
        self.fall: float = FALL

    def forward(self, sound: Tensor) -> tuple[Tensor, Tensor]:
        spectrum = torch.fft.rfft(sound * self.window, self.size).abs()
        spectrum = spectrum / (spectrum.norm(2, dim=-1, keepdim=True) + 1e-6)
        salience = torch.zeros_like(spectrum[..., : self.bins.shape[1]])
        for harmonic in range(self.bins.shape[0]):
            low, share = self.bins[harmonic], self.between[harmonic]
            level = (1 - share) * spectrum.index_select(-1, low) + share * spectrum.index_select(-1, low + 1)
            salience = salience + level * self.fall**harmonic
        keys = salience.square()
        keys = keys / (keys.norm(2, dim=-1, keepdim=True) + 1e-9)
        return keys, (sound * self.window).square().mean(-1).sqrt()
