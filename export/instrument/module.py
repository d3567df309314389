"""The instrument: a RAVE with a bank inside, as the nn~ external calls it.

nn_tilde's Python package isn't used here: it pins torch 2.5, writes generated code into site-packages, and its setters
neither clamp nor ignore NaN. What nn~ reads is small (method parameters as buffers, lists of names, setters and
getters), and a test compares ours with nn_tilde's own.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from export.instrument.attribute_methods import add_methods, stop_source, switch_source
from export.instrument.odd_blocks import PlayedSamples, WaitingSamples
from export.instrument.ramp import Ramp
from export.instrument.site_edit import BankEdit, SiteEdit
from training.models.rave.core import RaveCore, cache_buffers
from training.models.rave.site import LATENT

INPUT_LIMIT = 8.0  # +18 dBFS: beyond it a sample is no sound, and would drive the caches to infinity
LATENT_LIMIT = 1e4
LONGEST_RAMP_S = 60.0
TYPE_INT, TYPE_FLOAT = 1, 2  # nn~'s type codes in <attribute>_params


class InstrumentModule(nn.Module):
    """A steered RAVE.

    Methods: `forward` audio -> audio; `play` audio and one signal per stop -> audio; `encode` audio -> latents and `decode`
    latents -> audio, as in the RAVE, but for stops on its layers; `steer` latents and one signal per stop -> latents;
    `listen` audio -> one signal per stop: the share of the sound that is the stop's now, 0..1.
    Attributes: one float per stop (-1..1), `ramp` (seconds in which a value reaches its target), `bypass`,
    `noise`, `reset` (int).

    Shape: audio `[voices, channels, samples]`; knob signals `[voices, stops, samples]`, in `steer` `[voices, stops, frames]`.
    Samples should be a multiple of the ratio, but any number is taken, 0 too. `forward` and `play` give as many as they
    get: from the first block that is no multiple until `reset`, everything comes one frame (`ratio` samples) later.
    `encode` and `listen` give the frames that are complete, perhaps none; the rest waits for the next block.
    No method raises for any number that comes in: not finite becomes 0, samples are kept within +-8, and voices beyond
    those that the RAVE has caches for are silent.
    """

    if TYPE_CHECKING:  # TorchScript would try to compile these as classes
        core: RaveCore
    _methods: list[str]  # in the class: TorchScript wants the types of lists here
    stop_slugs: list[str]
    knobs: list[float]
    caches: list[Tensor]
    fresh: list[Tensor]
    _attributes: list[str]

    def __init__(
        self,
        core: RaveCore,
        edits: dict[str, list[BankEdit]],
        slugs: list[str],
        limits: list[tuple[float, float]],
        sample_rate: int,
        ratio: int,
    ) -> None:
        """`edits`: the banks of each site, by its name, streams of as many voices as the RAVE has; `limits`: of the stops."""
        super().__init__()
        self.core = core
        self.encoder_edits = _site_edits(edits, "encoder", len(core.encoder_layers))
        self.latent_edit = SiteEdit(edits.get(LATENT, []))
        self.decoder_edits = _site_edits(edits, "decoder", len(core.decoder_layers))
        self.edits_layers: bool = any(site != LATENT for site in edits)
        self.edits_decoder: bool = any(site.startswith("decoder") for site in edits)
        self.stop_slugs = slugs
        self.n_stops: int = len(slugs)
        self.channels: int = core.channels
        self.ratio: int = ratio
        self.sr: int = sample_rate
        self.knobs = [0.0 for _ in slugs]
        self.input_limit: float = INPUT_LIMIT
        self.latent_limit: float = LATENT_LIMIT
        self.longest_ramp: float = LONGEST_RAMP_S
        self.ramp: tuple[float] = (0.02,)
        self.bypass: tuple[int] = (0,)
        self.noise: tuple[int] = (1,)
        self.reset: tuple[int] = (0,)
        # Aliases of the RAVE's caches: torch.jit.save keeps shared storage shared, so zeroing these zeroes those.
        self.caches = [cache for cache in cache_buffers(core) if cache.numel() > 0]
        self.voices: int = core.voices
        for module in (self.encoder_edits, self.latent_edit, self.decoder_edits):
            self.caches += [cache for cache in cache_buffers(module) if cache.numel() > 0]
        # An exported RAVE's caches may hold what its export played through it (a variational one draws noise):
        # the voices that do are kept, so that a reset is as a fresh load.
        self.fresh = [_used_voices(cache) for cache in self.caches]
        self.stop_ramps = Ramp(self.voices, len(slugs), sample_rate / ratio)
        self.to_play, self.played = WaitingSamples(ratio), PlayedSamples(ratio)
        self.to_encode, self.to_hear = WaitingSamples(ratio), WaitingSamples(ratio)
        self._rave = RaveFacts(sample_rate, core.latent_size, core.channels)
        self._methods = []
        self._attributes = []
        self._register(core, slugs, limits)

    def _register(self, core: RaveCore, slugs: list[str], limits: list[tuple[float, float]]) -> None:
        audio = [f"(signal) Channel {c + 1}" for c in range(self.channels)]
        knobs = [f"(signal) {slug}: {ends(*pair)}" for slug, pair in zip(slugs, limits, strict=True)]
        latents = [f"(signal) Latent dimension {i + 1}" for i in range(core.latent_size)]
        levels = [f"(signal) {slug}: its share of the sound, 0 to 1" for slug in slugs]
        self._register_method("forward", audio, 1, audio, 1)
        self._register_method("play", audio + knobs, 1, audio, 1)
        self._register_method("encode", audio, 1, latents, self.ratio)
        self._register_method("decode", latents, self.ratio, audio, 1)
        self._register_method("steer", latents + knobs, self.ratio, latents, self.ratio)
        self._register_method("listen", audio, 1, levels, self.ratio)
        for slug in slugs:
            self._register_attribute(slug, TYPE_FLOAT)
        add_methods(self, stop_source(slugs, limits))
        self._register_attribute("ramp", TYPE_FLOAT)
        for name in ("bypass", "noise", "reset"):
            self._register_attribute(name, TYPE_INT)
            add_methods(self, switch_source(name))

    def _register_method(
        self, name: str, inlets: list[str], in_ratio: int, outlets: list[str], out_ratio: int
    ) -> None:
        parameters = torch.tensor([len(inlets), in_ratio, len(outlets), out_ratio])
        self.register_buffer(f"{name}_params", parameters)
        setattr(self, f"{name}_input_labels", inlets)
        setattr(self, f"{name}_output_labels", outlets)
        self._methods.append(name)

    def _register_attribute(self, name: str, type_code: int) -> None:
        self.register_buffer(f"{name}_params", torch.tensor([type_code]))
        self._attributes.append(name)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return self._methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return self._attributes

    @torch.jit.export
    def get_buffer_attributes(self) -> list[str]:
        names: list[str] = []
        return names

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.sr

    @torch.jit.export
    def set_sample_rate(self, sample_rate: int) -> int:
        """Ignored: nn~ passes an uninitialised number here."""
        return 0

    @torch.jit.export
    def get_ramp(self) -> tuple[float]:
        return self.ramp

    @torch.jit.export
    def set_ramp(self, seconds: float) -> int:
        if seconds >= 0.0 or seconds < 0.0:  # false for NaN, which changes nothing
            self.ramp = (min(max(seconds, 0.0), self.longest_ramp),)
        return 0

    def forward(self, x: Tensor) -> Tensor:
        return self._of_any_length(x, False)

    @torch.jit.export
    def play(self, x: Tensor) -> Tensor:
        return self._of_any_length(x, True)

    def _of_any_length(self, x: Tensor, with_knobs: bool) -> Tensor:
        """The steered block, as long as the input. `with_knobs`: a signal for each stop follows the audio channels."""
        self._clear_if_asked()
        samples, odd = x.shape[-1], self._is_odd(x.shape[-1])
        if odd:
            x = self.to_play(x)
        y = torch.zeros(x.shape[0], self.channels, 0)
        if x.shape[-1] > 0:
            knobs = torch.zeros(x.shape[0], self.n_stops, x.shape[-1] // self.ratio)
            if with_knobs:
                x, knobs = x[:, : self.channels], self._knob_frames(x[:, self.channels :])
            y = self._steered(x, knobs)
        return self.played(y, samples) if odd else y

    def _knob_frames(self, signals: Tensor) -> Tensor:
        """The mean over each latent frame: exact for a constant signal, also after rounding. `[voices, stops, samples]` ->
        `[voices, stops, frames]`."""
        grouped = cleaned(signals, 1.0).reshape(signals.shape[0], self.n_stops, -1, self.ratio)
        still = (grouped == grouped[..., :1]).all(-1)
        return torch.where(still, grouped[..., 0], grouped.mean(-1))

    def _is_odd(self, samples: int) -> bool:
        """Whether a block goes through the queues: it is no multiple of the ratio, or one before it wasn't."""
        return self.played.begun or samples % self.ratio != 0

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        self._clear_if_asked()
        if x.shape[-1] % self.ratio != 0 or not self.to_encode.is_empty():
            x = self.to_encode(x)
        if x.shape[-1] == 0:
            return torch.zeros(x.shape[0], self.core.latent_size, 0)
        audio = x[: self.voices]
        before, values = self._values_without_signals(audio.shape[0], x.shape[-1] // self.ratio)
        return with_voices(cleaned(self._encode(audio, before, values), self.latent_limit), x.shape[0])

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        self._clear_if_asked()
        if z.shape[-1] == 0:
            return torch.zeros(z.shape[0], self.channels, 0)
        latents = cleaned(z[: self.voices], self.latent_limit)
        before, values = self._values_without_signals(latents.shape[0], z.shape[-1])
        return with_voices(self._decode(latents, before, values), z.shape[0])

    @torch.jit.export
    def steer(self, x: Tensor) -> Tensor:
        self._clear_if_asked()
        if x.shape[-1] == 0:
            return torch.zeros(x.shape[0], self.core.latent_size, 0)
        known = x[: self.voices]
        signals = cleaned(known[:, self.core.latent_size :], 1.0)
        before, values = self._values(signals)
        z = cleaned(known[:, : self.core.latent_size], self.latent_limit)
        return with_voices(cleaned(self.latent_edit(z, before, values), self.latent_limit), x.shape[0])

    @torch.jit.export
    def listen(self, x: Tensor) -> Tensor:
        self._clear_if_asked()
        if x.shape[-1] % self.ratio != 0 or not self.to_hear.is_empty():
            x = self.to_hear(x)
        if x.shape[-1] == 0:
            return torch.zeros(x.shape[0], self.n_stops, 0)
        h = self.core.bands(cleaned(x[: self.voices], self.input_limit))
        levels = torch.zeros(h.shape[0], self.n_stops, x.shape[-1] // self.ratio)
        for layer, edit in zip(self.core.encoder_layers, self.encoder_edits):  # noqa: B905 (TorchScript has no strict)
            h = layer(h)
            levels = edit.listen(h, levels)
        z = self.core.latents(h, False)
        levels = self.latent_edit.listen(z, levels)
        if self.edits_decoder:
            levels = self._listen_in_decoder(z, levels)
        return with_voices(levels, x.shape[0])

    def _listen_in_decoder(self, z: Tensor, levels: Tensor) -> Tensor:
        x = self.core.decoder_input(z, False)
        for layer, edit in zip(self.core.decoder_layers, self.decoder_edits):  # noqa: B905
            x = layer(x)
            levels = edit.listen(x, levels)
        return levels

    def _steered(self, x: Tensor, signals: Tensor) -> Tensor:
        audio = x[: self.voices]
        before, values = self._values(signals[: self.voices])
        z = self._encode(audio, before, values)
        z = self.latent_edit(z, before, values)
        return with_voices(self._decode(z, before, values), x.shape[0])

    def _encode(self, audio: Tensor, before: Tensor, values: Tensor) -> Tensor:
        x = self.core.bands(cleaned(audio, self.input_limit))
        for layer, edit in zip(self.core.encoder_layers, self.encoder_edits):  # noqa: B905
            x = edit(layer(x), before, values)
        return self.core.latents(x, self.noise[0] != 0)

    def _decode(self, z: Tensor, before: Tensor, values: Tensor) -> Tensor:
        random = self.noise[0] != 0
        x = self.core.decoder_input(z, random)
        for layer, edit in zip(self.core.decoder_layers, self.decoder_edits):  # noqa: B905
            x = edit(layer(x), before, values)
        return cleaned(self.core.audio(self.core.tail(x, random)), self.input_limit)

    def _values_without_signals(self, voices: int, frames: int) -> tuple[Tensor, Tensor]:
        """The stops' values where no signal moves them: the attributes alone; all 0 where no stop acts on a layer."""
        signals = torch.zeros(voices, self.n_stops, frames)
        if self.edits_layers:
            return self._values(signals)
        return signals[..., 0], signals

    def _clear_if_asked(self) -> None:
        if self.reset[0] != 0:
            for cache, fresh in zip(self.caches, self.fresh):  # noqa: B905 (TorchScript has no strict)
                cache.zero_()
                cache[: fresh.shape[0]].copy_(fresh)
            self.stop_ramps.clear()
            for waiting in (self.to_play, self.to_encode, self.to_hear):
                waiting.clear()
            self.played.clear()
            self.reset = (0,)

    def _values(self, signals: Tensor) -> tuple[Tensor, Tensor]:
        """The stops' values before this block and at each of its frames: attribute + signal, clamped, 0 in bypass, each
        change on a ramp of `ramp` seconds.

        `[voices, stops, frames]` -> `[voices, stops]`, `[voices, stops, frames]`.
        """
        knobs = torch.tensor(self.knobs).reshape(1, -1, 1)
        targets = torch.clamp(knobs + signals, -1.0, 1.0)
        if self.bypass[0] != 0:
            targets = torch.zeros_like(targets)
        return self.stop_ramps(targets, self.ramp[0])


class RaveFacts(nn.Module):
    """Where RAVE VST and rave-supercollider read a model's rate, latents and channels: `_rave.sampling_rate` and so on."""

    def __init__(self, sample_rate: int, latent_size: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("sampling_rate", torch.tensor(sample_rate))
        self.register_buffer("latent_size", torch.tensor(latent_size))
        self.stereo: bool = channels == 2


def _site_edits(edits: dict[str, list[BankEdit]], side: str, layers: int) -> nn.ModuleList:
    return nn.ModuleList(SiteEdit(edits.get(f"{side}.{layer}", [])) for layer in range(layers))


def ends(low: float, high: float) -> str:
    """What a knob's values do, for its label."""
    meanings = {-1.0: "-1 taken away", 0.0: "0 as played", 1.0: "1 brought in"}
    return ", ".join(text for value, text in meanings.items() if low <= value <= high)


def with_voices(x: Tensor, voices: int) -> Tensor:
    """`x` with silent voices added up to this number. `[some, ...]` -> `[voices, ...]`."""
    if x.shape[0] == voices:
        return x
    return torch.cat([x, torch.zeros(voices - x.shape[0], x.shape[1], x.shape[2])])


def _used_voices(cache: Tensor) -> Tensor:
    """A copy of the voices up to the last that isn't all zeros. `[voices, ...]` -> `[used, ...]`."""
    used = cache.reshape(cache.shape[0], -1).ne(0).any(1).nonzero()
    return cache[: int(used.max()) + 1 if len(used) else 0].detach().clone()


def cleaned(x: Tensor, limit: float) -> Tensor:
    """x with 0 for every number that is not finite, and the rest clamped to +-limit; other bits stay as they are."""
    return torch.where(torch.isfinite(x), x, torch.zeros_like(x)).clamp(-limit, limit)
