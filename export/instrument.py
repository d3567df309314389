"""The instrument: a RAVE with a bank inside, as the nn~ external calls it.

nn_tilde's Python package isn't used here: it pins torch 2.5, writes generated code into site-packages, and
its setters neither
clamp nor ignore NaN. What nn~ reads is small (method parameters as buffers, lists of names, setters and
getters), and a test compares ours with nn_tilde's own.
"""

import itertools
import linecache
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from export.setters import knob_sources, switch_source
from training.models.rave import RaveCore, cache_buffers
from training.steering import Steering

INPUT_LIMIT = 8.0  # +18 dBFS: beyond it a sample is no sound, and would drive the caches to infinity
LATENT_LIMIT = 1e4
LONGEST_RAMP_S = 60.0
MOST_VOICES = 64  # cached_conv's own limit
TYPE_INT, TYPE_FLOAT = 1, 2  # nn~'s type codes in <attribute>_params

_source_numbers = itertools.count()


class Instrument(nn.Module):
    """A steered RAVE.

    Methods: `forward` audio -> audio; `play` audio and one signal per stop -> audio; `encode`, `decode` as
    in the RAVE.
    Attributes: one float per stop (-1..1), `ramp` (seconds a value travels), `bypass`, `noise`, `reset`
    (int).

    Shape: audio `[voices, channels, samples]`, samples a multiple of the ratio; knob signals `[voices,
    stops, samples]`.
    No method raises for any number that comes in: not finite becomes 0, and samples are kept within +-8.
    """

    if TYPE_CHECKING:  # TorchScript would try to compile these as classes
        core: RaveCore
        steering: Steering
    value: Tensor
    target: Tensor
    frames_left: Tensor
    _methods: list[str]  # in the class: TorchScript wants the types of lists here
    stop_slugs: list[str]
    caches: list[Tensor]
    fresh: list[Tensor]
    _attributes: list[str]

    def __init__(
        self, core: RaveCore, steering: Steering, slugs: list[str], sample_rate: int, ratio: int
    ) -> None:
        super().__init__()
        self.core = core
        self.steering = steering
        self.stop_slugs = slugs
        self.n_stops: int = len(slugs)
        self.channels: int = core.channels
        self.ratio: int = ratio
        self.frame_rate: float = sample_rate / ratio
        self.sr: int = sample_rate
        self.knobs = tuple(0.0 for _ in slugs)
        self.input_limit: float = INPUT_LIMIT
        self.latent_limit: float = LATENT_LIMIT
        self.longest_ramp: float = LONGEST_RAMP_S
        self.ramp: tuple[float] = (0.02,)
        self.bypass: tuple[int] = (0,)
        self.noise: tuple[int] = (1,)
        self.reset: tuple[int] = (0,)
        # Aliases of the RAVE's caches: torch.jit.save keeps shared storage shared, so zeroing these zeroes
        # those.
        self.caches = [cache for cache in cache_buffers(core) if cache.numel() > 0]
        voices = min([MOST_VOICES, *(cache.shape[0] for cache in self.caches)])
        steering.allocate(voices)
        self.caches += [cache for cache in cache_buffers(steering) if cache.numel() > 0]
        # An exported RAVE's caches may hold what its export played through it (a variational one draws noise):
        # the voices that do are kept, so that a reset is as a fresh load.
        self.fresh = [_used_voices(cache) for cache in self.caches]
        for name in ("value", "target", "frames_left"):
            self.register_buffer(name, torch.zeros(voices, len(slugs)))
        self._methods = []
        self._attributes = []
        self._register(core, slugs)

    def _register(self, core: RaveCore, slugs: list[str]) -> None:
        audio = [f"(signal) Channel {c + 1}" for c in range(self.channels)]
        knobs = [f"(signal) {slug}: -1 taken away, 0 as played, 1 brought in" for slug in slugs]
        latents = [f"(signal) Latent dimension {i + 1}" for i in range(core.latent_size)]
        self._register_method("forward", audio, 1, audio, 1)
        self._register_method("play", audio + knobs, 1, audio, 1)
        self._register_method("encode", audio, 1, latents, self.ratio)
        self._register_method("decode", latents, self.ratio, audio, 1)
        for slug in slugs:
            self._register_attribute(slug, TYPE_FLOAT)
        self._add_methods(knob_sources(slugs))
        self._register_attribute("ramp", TYPE_FLOAT)
        for name in ("bypass", "noise", "reset"):
            self._register_attribute(name, TYPE_INT)
            self._add_methods(switch_source(name))

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

    def _add_methods(self, source: str) -> None:
        """Compiles methods from source; TorchScript reads their text back through linecache."""
        filename = f"<drawstop instrument {next(_source_numbers)}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        namespace: dict[str, Any] = {"torch": torch, "List": list, "Tuple": tuple}
        exec(compile(source, filename, "exec"), namespace)
        for name, function in namespace.items():
            if name.startswith(("set_", "get_", "_knob")):
                setattr(self, name, MethodType(function, self))

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
        return self._steered(x, torch.zeros(x.shape[0], self.n_stops, x.shape[-1] // self.ratio))

    @torch.jit.export
    def play(self, x: Tensor) -> Tensor:
        audio = x[:, : self.channels]
        signals = cleaned(x[:, self.channels :], 1.0)
        # A knob is the mean over each latent frame: exact for a signal that stands still, also after
        # rounding.
        grouped = signals.reshape(signals.shape[0], self.n_stops, -1, self.ratio)
        still = (grouped == grouped[..., :1]).all(-1)
        return self._steered(audio, torch.where(still, grouped[..., 0], grouped.mean(-1)))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        self._clear_if_asked()
        return self._encode(cleaned(x, self.input_limit))

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        self._clear_if_asked()
        return cleaned(self._decode(cleaned(z, self.latent_limit)), self.input_limit)

    def _steered(self, audio: Tensor, signals: Tensor) -> Tensor:
        self._clear_if_asked()
        values = self._values(signals)
        z = self._encode(cleaned(audio, self.input_limit))
        steered = self.steering(z, values)  # also in bypass: gates go on listening
        if self.bypass[0] == 0:
            z = steered
        return cleaned(self._decode(z), self.input_limit)

    def _encode(self, x: Tensor) -> Tensor:
        if self.noise[0] == 0:
            return self.core.encode_mean(x)
        return self.core.encode(x)

    def _decode(self, z: Tensor) -> Tensor:
        if self.noise[0] == 0:
            return self.core.decode_mean(z)
        return self.core.decode(z)

    def _clear_if_asked(self) -> None:
        if self.reset[0] != 0:
            for cache, fresh in zip(self.caches, self.fresh):  # noqa: B905 (TorchScript has no strict)
                cache.zero_()
                cache[: fresh.shape[0]].copy_(fresh)
            self.value.zero_()
            self.target.zero_()
            self.frames_left.zero_()
            self.reset = (0,)

    def _values(self, signals: Tensor) -> Tensor:
        """The stops' values at each frame: attribute + signal, clamped, each change travelling in `ramp`
        seconds.

        `[voices, stops, frames]` -> same shape.
        """
        voices = signals.shape[0]
        knobs = torch.tensor(self._knob_values()).reshape(1, -1, 1)
        targets = torch.clamp(knobs + signals, -1.0, 1.0)
        value, target, left = self.value[:voices], self.target[:voices], self.frames_left[:voices]
        if bool((targets == target.unsqueeze(-1)).all()) and bool((left == 0).all()):
            return targets
        travel = max(1.0, float(round(self.ramp[0] * self.frame_rate)))
        values: list[Tensor] = []
        for t in range(targets.shape[-1]):
            goal = targets[:, :, t]
            left = torch.where(goal != target, torch.full_like(left, travel), left)
            value = torch.where(left <= 1.0, goal, value + (goal - value) / left.clamp(min=1.0))
            target = goal
            left = (left - 1.0).clamp(min=0.0)
            values.append(value)
        self.value[:voices].copy_(value)
        self.target[:voices].copy_(target)
        self.frames_left[:voices].copy_(left)
        return torch.stack(values, -1)


def _used_voices(cache: Tensor) -> Tensor:
    """A copy of the voices up to the last that isn't all zeros. `[voices, ...]` -> `[used, ...]`."""
    used = cache.reshape(cache.shape[0], -1).ne(0).any(1).nonzero()
    return cache[: int(used.max()) + 1 if len(used) else 0].detach().clone()


def cleaned(x: Tensor, limit: float) -> Tensor:
    """x with numbers that are not finite made 0 and the rest kept within +-limit; the same bits for anything
    else."""
    return torch.where(torch.isfinite(x), x, torch.zeros_like(x)).clamp(-limit, limit)
