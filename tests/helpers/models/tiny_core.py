"""The smallest RAVE that an instrument can be made of: a frame of sound is a frame of latents, plus a bit of the frame before."""

import torch
from torch import Tensor, nn

RATIO, CHANNELS = 64, 1
MEMORY = 0.25


class TinyCore(nn.Module):
    """Has the steps of a `RaveCore`. Every number of its output is one sum, so that blocks of any length give the same bits.

    y[t] = tanh(x[t] + MEMORY x[t - RATIO])
    """

    def __init__(self, voices: int = 2) -> None:
        super().__init__()
        self.channels: int = CHANNELS
        self.latent_size: int = RATIO * CHANNELS
        self.voices: int = voices
        self.memory: float = MEMORY
        self.encoder_layers, self.decoder_layers = (
            nn.ModuleList([nn.Identity()]),
            nn.ModuleList([nn.Identity()]),
        )
        self.register_buffer("pad", torch.zeros(voices, self.latent_size, 1))

    @torch.jit.export
    def bands(self, audio: Tensor) -> Tensor:
        return audio.reshape(audio.shape[0], -1, self.latent_size).transpose(1, 2)

    @torch.jit.export
    def latents(self, x: Tensor, random: bool) -> Tensor:
        joined = torch.cat([self.pad[: x.shape[0]], x], -1)
        self.pad[: x.shape[0]].copy_(x[..., -1:])
        return x + self.memory * joined[..., :-1]

    @torch.jit.export
    def decoder_input(self, z: Tensor, random: bool) -> Tensor:
        return z

    @torch.jit.export
    def tail(self, x: Tensor, random: bool) -> Tensor:
        return torch.tanh(x)

    @torch.jit.export
    def audio(self, bands: Tensor) -> Tensor:
        return bands.transpose(1, 2).reshape(bands.shape[0], 1, -1)
