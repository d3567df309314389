"""A RAVE `.ts` as a steerable model: frames of its latent or of a layer, sound from such frames, its delay, its state."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.models.rave.core import RaveCore, cache_buffers
from training.models.rave.delay import Delays, read_delays
from training.models.rave.pieces import in_pieces, joined, piece_length
from training.models.rave.site import LATENT, Site, read_site

VARIATIONAL = "VariationalScriptedRAVE"
WASSERSTEIN = "WasserteinScriptedRAVE"  # acids-rave's own spelling
STEERABLE = {VARIATIONAL: "variational", WASSERSTEIN: "wasserstein"}
PROBE_FRAMES = 2


@dataclass(frozen=True)
class Rates:
    """Rates and sizes of a RAVE: rates in Hz, delay in samples at its input's rate.

    Attributes:
        ratio: samples per frame of the model's site.
        width: numbers in such a frame; at the latent, the latents that the file gives.
        latent_ratio: samples per latent frame: what a block of sound must be a multiple of.
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
    """A recording is encoded in one go: its frames depend on all that came before."""
    centred: bool = False
    """A frame of silence is all zeros in a bias-free RAVE: no mean and no bias keep it so through an SAE."""

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
        """Puts every streaming cache back to what the file holds; cuts any gradient graph kept in one."""
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
        """The frames of the sound that follows what the caches hold."""
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
        """Every site's frames, in the order of the sound; who stops early computes no more than asked for."""
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
        """`_walk`, whose failures are the file's. Raises DrawstopError with the reason that torch gives."""
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


def load_script(path: Path) -> torch.jit.ScriptModule:
    """Loads a TorchScript file, in float32 where its weights are halves. Raises DrawstopError for a missing, truncated or foreign
    file."""
    if not path.is_file():
        raise DrawstopError(f"expected a RAVE .ts file, found no file at {path}: check the path")
    try:
        script = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        raise DrawstopError(
            f"{path} is no readable TorchScript file (truncated or corrupt): export or download it again"
        ) from error
    script.eval()
    if any(each.is_floating_point() and each.dtype != torch.float32 for each in script.parameters()):
        script.float()
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
        option = "--stereo" if getattr(script, "stereo", False) is True else "--channels"
        raise DrawstopError(
            f"{path} was exported with other output channels than inputs: export it without {option}"
        )
    variational = kind == VARIATIONAL
    if variational:
        noise_dimensions = int(script.latent_pca.shape[0]) - int(script.encode_params[2])
    else:
        noise_dimensions = int(getattr(script.encoder, "noise_augmentation", 0))
    try:
        return RaveCore(script, variational, noise_dimensions)
    except (AttributeError, ValueError) as error:
        raise DrawstopError(
            f"{path} has an encoder or a decoder of a kind that isn't known here ({error}): expected one of acids-rave's"
        ) from error


def read_rates(script: torch.jit.ScriptModule, path: Path) -> tuple[int, int, int]:
    """Sample rate in Hz, channels, samples per latent frame."""
    channels, _, _, ratio = (int(value) for value in script.encode_params)
    sample_rate = int(getattr(script, "sr", 0) or 0)
    if sample_rate <= 0:
        raise DrawstopError(f"{path} doesn't state its sample rate: export it with acids-rave 2.3 or later")
    return sample_rate, channels, ratio


def _through(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


@contextlib.contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Runs the block with a fixed number of torch threads: bits depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
