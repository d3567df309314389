"""A small real instrument file for the tests: a delay with an echo, a gain per stop, noise."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from drawstop.instrument_description import (
    EXTRA_FILE,
    InstrumentDescription,
    MethodDescription,
    StopDescription,
)

SAMPLE_RATE = 44100
RATIO = 64
DELAY = 37
ECHO = 3  # samples after DELAY
RAISES_ABOVE = 100.0  # an input sample above this makes `play` raise
POISONED_ABOVE = 50.0  # an input sample above this puts NaN into a cache and so into all later blocks
STOPS = (
    StopDescription(name="Guitar", slug="guitar", label="guitar"),
    StopDescription(name="Voice", slug="voice", label="voice"),
)
OTHER_STOPS = (StopDescription(name="Flute", slug="flute", label="flute"), STOPS[1])


class SmallInstrument(nn.Module):
    """y[t] = gain[t] (x[t - DELAY] + 0.25 x[t - DELAY - ECHO]) + noise; gain = 1 + guitar / 2 - voice / 4."""

    caches: list[Tensor]

    def __init__(self, channels: int = 1, work: int = 0) -> None:
        super().__init__()
        self.work = work  # matrix products of 512 x 512 in each call, for a slow instrument
        self.register_buffer("matrix", torch.eye(512 if work else 1))
        kernel = torch.zeros(channels, 1, DELAY + ECHO + 1)
        kernel[:, 0, ECHO] = 1.0
        kernel[:, 0, 0] = 0.25
        self.channels = channels
        self.register_buffer("kernel", kernel)
        self.history = DELAY + ECHO
        self.register_buffer("past", torch.zeros(1, channels, self.history))
        self.register_buffer("last_gain", torch.ones(1, 1, 1))
        self.register_buffer("health", torch.ones(1))
        self.caches = [self.past, self.last_gain, self.health]
        self.guitar: tuple[float] = (0.0,)
        self.voice: tuple[float] = (0.0,)
        self.ramp: tuple[float] = (0.02,)
        self.bypass: tuple[int] = (0,)
        self.noise: tuple[int] = (1,)
        self.reset_next: int = 0

    @torch.jit.export
    def play(self, x: Tensor) -> Tensor:
        if self.reset_next == 1:
            self.past.zero_()
            self.last_gain.fill_(1.0)
            self.health.fill_(1.0)
            self.reset_next = 0
        for _ in range(self.work):
            self.matrix = self.matrix @ self.matrix
        audio, knobs = x[:, : self.channels], x[:, self.channels :]
        if bool((audio > 100.0).any()):
            raise RuntimeError("the small instrument was asked to fail")
        joined = torch.cat([self.past, audio], dim=2)
        self.past.copy_(joined[:, :, -self.history :])
        if bool((audio > 50.0).any()):
            self.health.fill_(float("nan"))
        if self.bypass[0] != 0:
            return audio
        frames = functional.avg_pool1d(knobs, 64)
        offset = torch.tensor([self.guitar[0], self.voice[0]]).reshape(1, 2, 1)
        frames = torch.clamp(frames + offset, -1.0, 1.0)
        gain = 1.0 + 0.5 * frames[:, 0:1] - 0.25 * frames[:, 1:2]
        # A ramp over one latent frame, from the last frame's gain to this one's.
        before = torch.cat([self.last_gain, gain[:, :, :-1]], dim=2)
        self.last_gain.copy_(gain[:, :, -1:])
        rise = torch.arange(1, 65).to(gain) / 64.0
        ramped = (before.unsqueeze(3) + (gain - before).unsqueeze(3) * rise).flatten(2)
        y = functional.conv1d(joined, self.kernel, groups=self.channels) * ramped
        if self.noise[0] != 0:
            y = y + 0.01 * torch.randn_like(y)
        return y * self.health

    def forward(self, x: Tensor) -> Tensor:
        return self.play(torch.cat([x, torch.zeros(x.shape[0], 2, x.shape[2])], dim=1))

    @torch.jit.export
    def listen(self, x: Tensor) -> Tensor:
        """The first stop sounds as strongly as the sound is loud, the second as much of the time as it is above 0."""
        loud = functional.avg_pool1d(x.abs().mean(1, True), 64).clamp(0.0, 1.0)
        above = functional.avg_pool1d((x[:, :1] > 0.0).to(x), 64)
        return torch.cat([loud, above], dim=1)

    @torch.jit.export
    def set_flute(self, value: float) -> int:
        return self.set_guitar(value)

    @torch.jit.export
    def set_guitar(self, value: float) -> int:
        self.guitar = (value,)
        return 0

    @torch.jit.export
    def get_guitar(self) -> tuple[float]:
        return self.guitar

    @torch.jit.export
    def set_voice(self, value: float) -> int:
        self.voice = (value,)
        return 0

    @torch.jit.export
    def get_voice(self) -> tuple[float]:
        return self.voice

    @torch.jit.export
    def set_ramp(self, seconds: float) -> int:
        self.ramp = (seconds,)
        return 0

    @torch.jit.export
    def set_noise(self, value: int) -> int:
        self.noise = (value,)
        return 0

    @torch.jit.export
    def set_bypass(self, value: int) -> int:
        self.bypass = (value,)
        return 0

    @torch.jit.export
    def set_reset(self, value: int) -> int:
        self.reset_next = value
        return 0


def description(channels: int = 1, stops: tuple[StopDescription, ...] = STOPS) -> InstrumentDescription:
    audio = tuple(f"(signal) Channel {channel + 1}" for channel in range(channels))
    knobs = tuple(f"(signal) {stop.slug}" for stop in stops)
    play = MethodDescription("play", audio + knobs, 1, audio, 1, DELAY)
    listen = MethodDescription("listen", audio, 1, knobs, RATIO, 0)
    return InstrumentDescription(
        name="Small", version="1", sample_rate=SAMPLE_RATE, channels_in=channels, channels_out=channels,
        ratio=RATIO, latent_size=1, delay_samples=DELAY, stops=stops, methods=(play, listen),
        model_fingerprint="", bank_fingerprint="", provenance={},
    )  # fmt: skip


def save_small_instrument(
    path: Path, channels: int = 1, work: int = 0, stops: tuple[StopDescription, ...] = STOPS
) -> Path:
    """Script the instrument and save it with its description embedded, as a bake does."""
    scripted = torch.jit.script(SmallInstrument(channels, work).eval())
    torch.jit.save(scripted, str(path), _extra_files={EXTRA_FILE: description(channels, stops).to_json()})
    return path
