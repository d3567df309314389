"""A RAVE `.ts` taken apart at its layers, so that stops can act at the latent and at any layer.

An exported `.ts` draws random numbers in `encode` (the posterior), in `decode` (the latents that fidelity cut off) and in a
noise synthesiser. Every step here takes `random`: true gives the RAVE's own bits, false the deterministic counterpart that SAEs
and stops are made on: the latent mean, zeros in the place of what was cut off, steady noise.
"""

from typing import Final

import torch
from torch import Tensor, nn

from training.models.rave.noise import NoiseBranch, mod_sigmoid


class RaveCore(nn.Module):
    """A loaded RAVE as a sequence of steps: bands, encoder layers, latents, decoder input, decoder layers, tail, audio.

    Shape: audio `[voices, channels, samples]` with samples a multiple of the ratio; latents `[voices, latents, frames]`;
    the output of a layer `[voices, width, frames]`, with as many frames as the layer makes.
    """

    def __init__(self, rave: torch.jit.ScriptModule, variational: bool, noise_dimensions: int) -> None:
        super().__init__()
        self.rave = rave
        self.variational: bool = variational
        self.noise_dimensions: int = noise_dimensions
        self.latent_size: int = int(rave.encode_params[2])
        self.channels: int = int(rave.decode_params[2])
        self.encoder_layers = nn.ModuleList(rave.encoder.encoder.net.children())
        self.decoder_layers = nn.ModuleList(rave.decoder.net.children())
        self.voices: int = _cached_voices(rave, self.channels)
        self.tail: nn.Module = make_tail(rave.decoder, self.voices)

    def forward(self, audio: Tensor) -> Tensor:
        return self.decode(self.encode(audio, False), False)

    @torch.jit.export
    def encode(self, audio: Tensor, random: bool) -> Tensor:
        """Latents of audio."""
        x = self.bands(audio)
        for layer in self.encoder_layers:
            x = layer(x)
        return self.latents(x, random)

    @torch.jit.export
    def decode(self, z: Tensor, random: bool) -> Tensor:
        """Audio of latents."""
        x = self.decoder_input(z, random)
        for layer in self.decoder_layers:
            x = layer(x)
        return self.audio(self.tail(x, random))

    @torch.jit.export
    def bands(self, audio: Tensor) -> Tensor:
        """The PQMF bands that the encoder reads."""
        bands = self.rave.pqmf(audio.reshape(-1, 1, audio.shape[-1]))
        split: Tensor = bands.reshape(audio.shape[0], -1, bands.shape[-1])
        return split

    @torch.jit.export
    def latents(self, x: Tensor, random: bool) -> Tensor:
        """Latents of the encoder's last layer: a draw from the posterior, or its mean."""
        if random:
            z: Tensor = self.rave.post_process_latent(x)
            return z
        if self.variational:
            x = x.chunk(2, 1)[0] - self.rave.latent_mean.unsqueeze(-1)
            x = nn.functional.conv1d(x, self.rave.latent_pca.unsqueeze(-1))
            x = x[:, : self.latent_size]
        return x

    @torch.jit.export
    def decoder_input(self, z: Tensor, random: bool) -> Tensor:
        """The input of the decoder's first layer: latents, and noise or zeros where the RAVE draws noise."""
        if random:
            x: Tensor = self.rave.pre_process_latent(z)
            return x
        if self.noise_dimensions > 0:
            z = torch.cat([z, torch.zeros(z.shape[0], self.noise_dimensions, z.shape[-1]).type_as(z)], 1)
        if self.variational:
            z = nn.functional.conv1d(z, self.rave.latent_pca.t().unsqueeze(-1))
            z = z + self.rave.latent_mean.unsqueeze(-1)
        return z

    @torch.jit.export
    def audio(self, bands: Tensor) -> Tensor:
        """Audio of PQMF bands."""
        sound: Tensor = self.rave.pqmf.inverse(
            bands.reshape(bands.shape[0] * self.channels, -1, bands.shape[-1])
        )
        return sound.reshape(bands.shape[0], self.channels, -1)


def cache_buffers(module: nn.Module) -> list[Tensor]:
    """The streaming caches of cached_conv inside a module, in a fixed order (buffers named `pad` or
    `cache`)."""
    return [buffer for name, buffer in module.named_buffers() if name.rsplit(".", 1)[-1] in ("pad", "cache")]


def _cached_voices(rave: nn.Module, channels: int) -> int:
    """How many streams a RAVE has caches for: its PQMF takes every channel of a voice as a stream."""
    sizes = [buffer.shape[0] for buffer in cache_buffers(rave) if buffer.numel()]
    return max(1, min(sizes) // channels) if sizes else 1


def make_tail(decoder: torch.jit.ScriptModule, voices: int) -> nn.Module:
    """The part of a decoder after its `net`; ValueError for an unknown class of decoder."""
    kind = str(decoder.original_name)
    if kind == "GeneratorV2":
        return TailV2(decoder, voices)
    if kind == "Generator":
        return TailV1(decoder, voices)
    if kind == "LinearDecoder":
        return LinearTail()
    raise ValueError(f"a {kind}")


class TailV2(nn.Module):
    """The end of acids-rave's `GeneratorV2`: amplitude modulation, perhaps noise, tanh."""

    has_noise: Final[bool]

    def __init__(self, decoder: torch.jit.ScriptModule, voices: int) -> None:
        super().__init__()
        self.amplitude_modulation: bool = bool(decoder.amplitude_modulation)
        self.has_noise = decoder.noise_module is not None
        if self.has_noise:
            self.noise = NoiseBranch(decoder.noise_module, voices)
            self.waveform = decoder.waveform_module

    def forward(self, x: Tensor, random: bool) -> Tensor:
        noise = torch.zeros(1)
        if self.has_noise:
            noise = self.noise(x, random)
            x = self.waveform(x)
        if self.amplitude_modulation:
            x, amplitude = x.split(x.shape[1] // 2, 1)
            x = x * torch.sigmoid(amplitude)
        return torch.tanh(x + noise)


class LinearTail(nn.Module):
    """The end of the linear codec, which does nothing."""

    def forward(self, x: Tensor, random: bool) -> Tensor:
        return x


class TailV1(nn.Module):
    """The end of acids-rave's first `Generator`: waveform times loudness, and noise once it is trained."""

    has_noise: Final[bool]

    def __init__(self, decoder: torch.jit.ScriptModule, voices: int) -> None:
        super().__init__()
        branches = list(decoder.synth.branches.children())
        # only a streaming one has to wait for its slowest branch
        aligned = hasattr(decoder.synth, "paddings")
        self.delays = nn.ModuleList(
            decoder.synth.paddings.children() if aligned else [nn.Identity() for _ in branches]
        )
        self.waveform, self.loudness = branches[0], branches[1]
        self.loud_stride: int = int(decoder.loud_stride)
        self.has_noise = bool(decoder.use_noise)
        self.noise_is_heard: bool = bool(decoder.warmed_up)
        if self.has_noise:
            self.noise = NoiseBranch(branches[2], voices)

    def forward(self, x: Tensor, random: bool) -> Tensor:
        waveform = self.waveform(self.delays[0](x))
        loudness = self.loudness(self.delays[1](x))
        if self.loud_stride != 1:
            loudness = loudness.repeat_interleave(self.loud_stride)
        loudness = loudness.reshape(x.shape[0], 1, -1)
        sound: Tensor = torch.tanh(waveform) * mod_sigmoid(loudness)
        if self.has_noise:
            noise = self.noise(self.delays[2](x), random)  # also unheard: the RAVE draws its numbers then too
            if self.noise_is_heard:
                sound = sound + noise
        return sound
