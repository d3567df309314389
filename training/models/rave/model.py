"""A RAVE `.ts` as a steerable model: frames of its latent or of a layer, and sound from such frames."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.models.rave.core import cache_buffers
from training.models.rave.delay import Delays, read_delays
from training.models.rave.load import load_script, read_rates, script_core
from training.models.rave.pieces import in_pieces, joined, piece_length
from training.models.rave.site import LATENT, Site, read_site

PROBE_FRAMES = 2


@dataclass(frozen=True)
class Rates:
    """Rates and sizes of a RAVE: rates in Hz, delay in samples at its input's rate.

    Attributes:
        ratio: samples per frame of the model's site.
        width: numbers in such a frame; at the latent, the latents that the file gives.
        latent_ratio: samples per latent frame; a block of sound must be a multiple of it.
    """

    sample_rate: int
    channels: int
    ratio: int
    width: int
    latent_ratio: int
    delays: Delays


class RaveModel:
    """A RAVE `.ts` opened for training at one site: frames from recordings, sound from frames.

    Every call starts from fresh caches, so that a recording's frames depend on that recording alone.

    Args:
        site: `latent`, or a layer: `encoder.N`, `decoder.N`.
    """

    def __init__(self, path: Path, site: str = LATENT) -> None:
        self.path = path
        self.script = load_script(path)
        self.core = script_core(self.script, path)
        self.fingerprint = sha256_file(path)
        for parameter in self.core.parameters():
            parameter.requires_grad_(False)
        self._state = [buffer.clone() for buffer in cache_buffers(self.core)]
        self.site = read_site(site, len(self.core.encoder_layers), len(self.core.decoder_layers))
        self.rates = self._rates(self.site)[str(self.site)]

    piece_frames: int | None = None
    """None: a recording is encoded in one go, as its frames depend on everything before them."""
    centred: bool = False
    """False: a frame of silence is all zeros in a bias-free RAVE, and stays so in an SAE without mean and biases."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz."""
        return self.rates.sample_rate

    @property
    def channels(self) -> int:
        """Channels of its sound."""
        return self.rates.channels

    def sites(self) -> dict[str, Rates]:
        """Every site (a hook point) where a stop can be, in the order of the sound, with its rates."""
        return self._rates()

    def reset(self) -> None:
        """Resets every streaming cache to the file's values; detaches them from any gradient graph."""
        for buffer, saved in zip(cache_buffers(self.core), self._state, strict=True):
            buffer.detach_()
            buffer.copy_(saved)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Tensor:
        """The site's frames of whole recordings, without noise. `[batch, channels, samples]` -> `[batch, width, frames]`.

        The end is padded with silence to a whole number of frames. The batch is at most the voices that the
        file has caches for.
        """
        return self.frames(audio, [str(self.site)])[str(self.site)]

    @torch.no_grad()
    def frames(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        """`encode` for several sites in one pass: `[batch, channels, samples]` -> by site `[batch, width, frames]`.

        Raises:
            DrawstopError: a site that isn't there.
        """
        return joined(list(self.frames_in_pieces([audio], sites)))

    @torch.no_grad()
    def frames_in_pieces(self, blocks: Iterable[Tensor], sites: Sequence[str]) -> Iterator[dict[str, Tensor]]:
        """`frames` of a recording that comes in blocks of any length, piece after piece, the same bits.

        Until the last piece is taken, the model must not be used for anything else: its caches are this recording's.
        """
        self.reset()
        length = piece_length(self.rates.latent_ratio) if self.is_streaming() else None
        for piece in in_pieces(blocks, length):
            yield self._frames_of(piece, sites)

    def _frames_of(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        """The frames of sound that continues the sound before, which the caches hold."""
        depths = (len(self.core.encoder_layers), len(self.core.decoder_layers))
        missing = {str(read_site(site, *depths)) for site in sites}
        samples, frames = audio.shape[-1], {}
        padded = self._whole(audio, self.rates.latent_ratio)
        for name, x in self._walk(padded):
            if name in missing:
                ratio = padded.shape[-1] // x.shape[-1]
                frames[name] = x[..., : -(-samples // ratio)]
                missing.remove(name)
            if not missing:
                break
        return frames

    def decode(self, x: Tensor) -> Tensor:
        """Audio of a site's frames, from fresh caches; gradients flow to `x`. `[batch, width, frames]` -> `[batch,
        channels, samples]`."""
        self.reset()
        samples = x.shape[-1] * self.rates.ratio
        x = self._whole(x, self.rates.latent_ratio // self.rates.ratio)
        side, layer = self.site.side, self.site.layer
        if side == "encoder":
            x = self.core.latents(_through(self.core.encoder_layers[layer + 1 :], x), False)
        if side != "decoder":
            x = self.core.decoder_input(x, False)
        x = _through(self.core.decoder_layers[layer + 1 if side == "decoder" else 0 :], x)
        return self.core.audio(self.core.tail(x, False))[..., :samples]

    def _walk(self, audio: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Every site's frames, in the order of the sound, computed one after the other as they are asked for."""
        x = self.core.bands(audio)
        for index, layer in enumerate(self.core.encoder_layers):
            x = layer(x)
            yield str(Site("encoder", index)), x
        x = self.core.latents(x, False)
        yield LATENT, x
        x = self.core.decoder_input(x, False)
        for index, layer in enumerate(self.core.decoder_layers):
            x = layer(x)
            yield str(Site("decoder", index)), x

    def _first_pass(self, audio: Tensor) -> Iterator[tuple[str, Tensor]]:
        """`_walk` over a new file. Raises DrawstopError with torch's reason if the model fails."""
        try:
            yield from self._walk(audio)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].removeprefix("RuntimeError: ")
            raise DrawstopError(
                f"{self.path} fails when it plays {audio.shape[-1]} samples of silence ({reason}): export it again, on a CPU and "
                "without changes to the file (rave export --run RUN --streaming)"
            ) from error

    @torch.no_grad()
    def _rates(self, site: Site | None = None) -> dict[str, Rates]:
        """The rates of every site up to this one, or of all, by playing silence."""
        sample_rate, channels, latent_ratio = read_rates(self.script, self.path)
        delays = read_delays(self.script)
        silence = torch.zeros(1, channels, PROBE_FRAMES * latent_ratio)
        rates = {}
        self.reset()
        for name, frames in self._first_pass(silence):
            ratio = silence.shape[-1] // frames.shape[-1]
            rates[name] = Rates(sample_rate, channels, ratio, frames.shape[1], latent_ratio, delays)
            if name == str(site):
                break
        self.reset()
        return rates

    @staticmethod
    def _whole(x: Tensor, multiple: int) -> Tensor:
        return nn.functional.pad(x, (0, -x.shape[-1] % multiple))

    def is_streaming(self) -> bool:
        """Says whether one block's sound goes on in the next: without caches every block starts from silence."""
        return len(cache_buffers(self.script)) > 0

    def voices(self) -> int:
        """How many streams the file has caches for: the largest batch."""
        return self.core.voices


def _through(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x
