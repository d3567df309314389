"""Writes the shipped RAVE: the MDCT behind acids-rave's contract, by acids-rave's own export class.

    python -m training.recipes.separator.codec OUT.ts

It has RAVE's methods, rates and file format, and none of RAVE's networks: its encoder is one strided convolution, its decoder
one transposed convolution, and nothing in it was trained. Run it as a process of its own: acids-rave's export script turns
gradients off.
"""

import argparse
from pathlib import Path

import cached_conv
import torch
from torch import Tensor, nn

from training.recipes.rave.export_rave import export
from training.separation.mdct import HOP, REFERENCE_RMS, mdct_rows

SAMPLE_RATE = 44100


class OneBand(nn.Module):
    """A filter bank of one band, which changes nothing: acids-rave's export calls one."""

    hk: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("hk", torch.ones(1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def inverse(self, x: Tensor) -> Tensor:
        return x


class LinearEncoder(nn.Module):
    """One strided convolution. Audio `[batch, 1, 128 * frames]` -> latents `[batch, 128, frames]`."""

    def __init__(self, n_channels: int = 1) -> None:
        super().__init__()
        analysis = cached_conv.Conv1d(n_channels, HOP, 2 * HOP, stride=HOP, padding=(HOP, 0), bias=False)
        analysis.weight.data = mdct_rows(HOP).unsqueeze(1) / REFERENCE_RMS
        self.net = nn.Sequential(analysis)

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = self.net(x)
        return z


class LinearDecoder(nn.Module):
    """One transposed convolution, a frame late. Latents `[batch, 128, frames]` -> audio `[batch, 1, 128 * frames]`."""

    def __init__(self) -> None:
        super().__init__()
        synthesis = cached_conv.ConvTranspose1d(HOP, 1, 2 * HOP, stride=HOP, padding=HOP // 2, bias=False)
        synthesis.weight.data = mdct_rows(HOP).unsqueeze(1) * REFERENCE_RMS
        # cached_conv counts from the middle of a frame; the encoder's frame ends with its last sample
        synthesis.cumulative_delay = HOP
        self.net = nn.Sequential(synthesis)

    def forward(self, x: Tensor) -> Tensor:
        audio: Tensor = self.net(x)
        return audio


class Codec(nn.Module):
    """The parts and attributes that acids-rave's export expects of a trained RAVE."""

    latent_pca: Tensor
    latent_mean: Tensor
    fidelity: Tensor

    def __init__(self) -> None:
        from rave.blocks import WasserteinEncoder

        super().__init__()
        self.pqmf = OneBand()
        self.encoder = WasserteinEncoder(LinearEncoder, noise_augmentation=0)
        self.decoder = LinearDecoder()
        self.sr, self.n_channels, self.latent_size = SAMPLE_RATE, 1, HOP
        self.spectrogram, self.input_mode, self.output_mode = None, "pqmf", "pqmf"
        self.register_buffer("latent_pca", torch.eye(HOP))
        self.register_buffer("latent_mean", torch.zeros(HOP))
        self.register_buffer("fidelity", torch.ones(HOP))


def main() -> None:
    """Command line: OUT."""
    parser = argparse.ArgumentParser(description="Write the shipped codec.")
    parser.add_argument("out", type=Path, help="the .ts to write")
    cached_conv.use_cached_conv(True)
    export(Codec().eval(), parser.parse_args().out)


if __name__ == "__main__":
    main()
