"""A RAVE decoder's noise synthesiser with reproducible noise.

RAVE filters white noise band by band (DDSP's filtered noise) and draws it from torch's global generator, so no two renders
agree. Key idea: take the noise from the position in the stream instead, hashed; the same sound gives the same bits however
it is cut into blocks, and no period is audible.
"""

import torch
from torch import Tensor, nn


def hashed(x: Tensor) -> Tensor:
    """Mixes 32-bit counters, held in int64, until they look random: Wellons' hash (`hash-prospector`), with multipliers
    below 2^31, so that no product leaves int64. Any shape -> the same."""
    x = x & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x735A2D97) & 0xFFFFFFFF
    return x ^ (x >> 15)


class SteadyNoise(nn.Module):
    """White noise, uniform in -1..1, that depends on the position in the stream, the band and the voice alone.

    Shape: `(voices, frames, bands, size)` -> `[voices, frames, bands, size]`; a frame holds the next `size` samples.
    """

    cache: Tensor

    def __init__(self, voices: int) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(voices, 1, dtype=torch.int64))  # samples played so far

    def forward(self, voices: int, frames: int, bands: int, size: int) -> Tensor:
        start = self.cache[:voices].reshape(-1, 1, 1)
        when = hashed(start + torch.arange(frames * size).reshape(1, 1, -1))
        streams = hashed(torch.arange(1, voices * bands + 1)).reshape(voices, bands, 1)
        self.cache[:voices].copy_(self.cache[:voices] + frames * size)
        noise = hashed(when ^ streams).to(torch.float32) * 2.0**-31 - 1.0
        return noise.reshape(voices, bands, frames, size).transpose(1, 2)


class NoiseBranch(nn.Module):
    """A scripted `NoiseGenerator` of acids-rave, drawing its noise as it always did, or steadily.

    Shape: `[voices, channels, frames]` -> bands `[voices, bands, samples]`.
    """

    def __init__(self, generator: nn.Module, voices: int) -> None:
        super().__init__()
        self.generator = generator
        self.bands: int = int(generator.data_size) * int(getattr(generator, "n_channels", 1))  # type: ignore[arg-type]
        self.size: int = int(generator.target_size)  # type: ignore[arg-type]
        self.steady = SteadyNoise(voices)

    def forward(self, x: Tensor, random: bool) -> Tensor:
        if random:
            drawn: Tensor = self.generator(x)
            return drawn
        amplitudes = mod_sigmoid(self.generator.net(x) - 5).permute(0, 2, 1)  # type: ignore[operator]
        response = impulse_response(
            amplitudes.reshape(amplitudes.shape[0], amplitudes.shape[1], self.bands, -1), self.size
        )
        noise = self.steady(response.shape[0], response.shape[1], self.bands, self.size)
        sound = convolved(noise, response).permute(0, 2, 1, 3)
        return sound.reshape(sound.shape[0], sound.shape[1], -1)


def mod_sigmoid(x: Tensor) -> Tensor:
    """DDSP's positive nonlinearity, with acids-rave's constants."""
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


def impulse_response(amplitudes: Tensor, size: int) -> Tensor:
    """Zero-phase filters of these amplitudes, windowed (DDSP, section 3.3). `[..., bands]` -> `[..., size]`."""
    response = torch.fft.irfft(torch.complex(amplitudes, torch.zeros_like(amplitudes)))
    taps = response.shape[-1]
    response = torch.roll(response, taps // 2, -1) * torch.hann_window(taps, dtype=response.dtype)
    return torch.roll(nn.functional.pad(response, (0, size - taps)), -taps // 2, -1)


def convolved(signal: Tensor, response: Tensor) -> Tensor:
    """Each frame of a signal through its filter, cut at the frame's end. `[..., size]` twice -> `[..., size]`."""
    size = signal.shape[-1]
    spectrum = torch.fft.rfft(nn.functional.pad(signal, (0, size))) * torch.fft.rfft(
        nn.functional.pad(response, (size, 0))
    )
    return torch.fft.irfft(spectrum)[..., size:]
