"""A RAVE `.ts` as a steerable model: its rates, its latents without noise, its delay, its state.

The exported `.ts` draws random numbers in `encode` (the posterior) and in `decode` (the latents that
fidelity cut off).
SAEs and stops are made on the deterministic part: the latent mean in, zeros in the place of what was cut off.
`RaveCore` is that part, TorchScript-able, so that the baked instrument runs the same code.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from drawstop.base.errors import DrawstopError
from drawstop.base.files import sha256_file
from training.models.rave_delay import delay_samples

VARIATIONAL = "VariationalScriptedRAVE"
WASSERSTEIN = "WasserteinScriptedRAVE"  # acids-rave's own spelling
STEERABLE = {VARIATIONAL: "variational", WASSERSTEIN: "wasserstein"}


class RaveCore(nn.Module):
    """The loaded RAVE and its deterministic twin, for TorchScript.

    Shape: audio `[batch, channels, samples]` with samples a multiple of the ratio; latents `[batch, latents,
    frames]`.
    """

    def __init__(self, rave: torch.jit.ScriptModule, variational: bool, noise_dimensions: int) -> None:
        super().__init__()
        self.rave = rave
        self.variational: bool = variational
        self.noise_dimensions: int = noise_dimensions
        self.latent_size: int = int(rave.encode_params[2])
        self.channels: int = int(rave.decode_params[2])

    def forward(self, audio: Tensor) -> Tensor:
        return self.decode_mean(self.encode_mean(audio))

    @torch.jit.export
    def encode(self, audio: Tensor) -> Tensor:
        """The RAVE's own `encode`: for a variational one, a random draw from the posterior."""
        z: Tensor = self.rave.encode(audio)
        return z

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        """The RAVE's own `decode`: latents that fidelity cut off are filled with noise."""
        audio: Tensor = self.rave.decode(z)
        return audio

    @torch.jit.export
    def encode_mean(self, audio: Tensor) -> Tensor:
        """The latents without the posterior's noise, from the RAVE's own children."""
        bands = self.rave.pqmf(audio.reshape(-1, 1, audio.shape[-1]))
        bands = bands.reshape(audio.shape[0], -1, bands.shape[-1])
        z: Tensor = self.rave.encoder(bands)
        if self.variational:
            z = z.chunk(2, 1)[0] - self.rave.latent_mean.unsqueeze(-1)
            z = nn.functional.conv1d(z, self.rave.latent_pca.unsqueeze(-1))
            z = z[:, : self.latent_size]
        return z

    @torch.jit.export
    def decode_mean(self, z: Tensor) -> Tensor:
        """Audio from latents, with zeros in the place of the noise that `decode` draws."""
        if self.noise_dimensions > 0:
            z = torch.cat([z, torch.zeros(z.shape[0], self.noise_dimensions, z.shape[-1]).type_as(z)], 1)
        if self.variational:
            z = nn.functional.conv1d(z, self.rave.latent_pca.t().unsqueeze(-1))
            z = z + self.rave.latent_mean.unsqueeze(-1)
        bands = self.rave.decoder(z)
        audio: Tensor = self.rave.pqmf.inverse(
            bands.reshape(bands.shape[0] * self.channels, -1, bands.shape[-1])
        )
        return audio.reshape(z.shape[0], self.channels, -1)


@dataclass(frozen=True)
class Rates:
    """What a RAVE says of itself: rates in Hz, delay in samples at its input's rate."""

    sample_rate: int
    channels: int
    ratio: int
    latent_size: int
    delay_samples: int


class RaveModel:
    """A RAVE `.ts` opened for training: frames from recordings, sound from frames.

    Every call starts from fresh caches, so that a recording's frames depend on that recording alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script = load_script(path)
        self.core = script_core(self.script, path)
        self.rates = read_rates(self.script, path)
        self.fingerprint = sha256_file(path)
        for parameter in self.core.parameters():
            parameter.requires_grad_(False)
        self._state = [buffer.clone() for buffer in cache_buffers(self.script)]

    def reset(self) -> None:
        """Puts every streaming cache back to what the file holds; cuts any gradient graph kept in one."""
        for buffer, saved in zip(cache_buffers(self.script), self._state, strict=True):
            buffer.detach_()
            buffer.copy_(saved)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Tensor:
        """Latent means of whole recordings. `[batch, channels, samples]` -> `[batch, latents, frames]`.

        The end is padded with silence to a whole number of frames. The batch is at most the voices that the
        file has caches for.
        """
        self.reset()
        missing = -audio.shape[-1] % self.rates.ratio
        z: Tensor = self.core.encode_mean(nn.functional.pad(audio, (0, missing)))
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Audio of latents, from fresh caches; gradients flow to `z`. `[batch, latents, frames]` -> `[batch,
        channels, samples]`."""
        self.reset()
        audio: Tensor = self.core.decode_mean(z)
        return audio

    def voices(self) -> int:
        """How many streams the file has caches for: the largest batch."""
        sizes = [buffer.shape[0] for buffer in cache_buffers(self.script) if buffer.numel()]
        return min(sizes) if sizes else 1


def load_script(path: Path) -> torch.jit.ScriptModule:
    """Loads a TorchScript file. Raises DrawstopError for a missing, truncated or foreign file."""
    if not path.is_file():
        raise DrawstopError(f"expected a RAVE .ts file, found no file at {path}: check the path")
    try:
        script = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        raise DrawstopError(
            f"{path} is no readable TorchScript file (truncated or corrupt): export or download it again"
        ) from error
    script.eval()
    return script


def script_core(script: torch.jit.ScriptModule, path: Path) -> RaveCore:
    """The steerable core of a loaded RAVE. Raises DrawstopError, with the reason, for what can't be steered
    at the latent."""
    kind = str(getattr(script, "original_name", ""))
    children = {name for name, _ in script.named_children()}
    if not {"encoder", "decoder"} <= children or not hasattr(script, "encode_params"):
        raise DrawstopError(
            f"{path} is no RAVE (it has no encoder, decoder and encode_params): expected one exported by "
            f"acids-rave"
        )
    if kind not in STEERABLE:
        known = " and ".join(sorted(STEERABLE.values()))
        raise DrawstopError(
            f"{path} is a {kind}: its latents can't be edited by addition; {known} RAVEs can be steered"
        )
    if "pqmf" not in children or getattr(script, "input_mode", "pqmf") != "pqmf":
        raise DrawstopError(
            f"{path} has no PQMF input: expected a RAVE that reads and writes multiband sound"
        )
    if getattr(script, "resampler", None) is not None:
        raise DrawstopError(f"{path} was exported with a resampler: export it at its own rate (without --sr)")
    if int(script.encode_params[0]) != int(script.decode_params[2]):
        raise DrawstopError(
            f"{path} was exported with other output channels than inputs: export it without --channels"
        )
    variational = kind == VARIATIONAL
    if variational:
        noise_dimensions = int(script.latent_pca.shape[0]) - int(script.encode_params[2])
    else:
        noise_dimensions = int(getattr(script.encoder, "noise_augmentation", 0))
    return RaveCore(script, variational, noise_dimensions)


def read_rates(script: torch.jit.ScriptModule, path: Path) -> Rates:
    """Reads the rates and declares the delay from the filters."""
    channels, _, latent_size, ratio = (int(value) for value in script.encode_params)
    sample_rate = int(getattr(script, "sr", 0) or 0)
    if sample_rate <= 0:
        raise DrawstopError(f"{path} doesn't state its sample rate: export it with acids-rave 2.3 or later")
    return Rates(sample_rate, channels, ratio, latent_size, delay_samples(script))


def cache_buffers(module: nn.Module) -> list[Tensor]:
    """The streaming caches of cached_conv inside a module, in a fixed order (buffers named `pad` or
    `cache`)."""
    return [buffer for name, buffer in module.named_buffers() if name.rsplit(".", 1)[-1] in ("pad", "cache")]


@contextlib.contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Runs the block with a fixed number of torch threads: bits depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
