"""The separator as a stream: blocks of any number of frames, one after the other, give what the whole clip gives.

Every memory is a buffer named `cache`, one row per voice, so that an instrument can reset it. TorchScript compiles
this file.
"""

import copy

import torch
from torch import Tensor, nn

from training.separation.listening import STEP, WINDOWS, band_levels, power_spectrum, relative_levels
from training.separation.mdct import HOP, REFERENCE_RMS, streamed_inverse
from training.separation.separator import (
    DETAIL_STEPS,
    FRAMES_PER_STEP,
    SLOPE,
    Separator,
    TrunkLayer,
)
from training.separation.wiener import BandFilters

LONGEST = max(WINDOWS)


class ListeningStream(nn.Module):
    """`Listening` for blocks of latents.

    Shape: latents `[batch, frames, 128]`, first step's frame -> band levels `[batch, steps, sum(bands) + 1]`, and the long
    window's power spectrum `[batch, steps, bins]`.
    """

    rows: Tensor
    cache: Tensor
    long_window: Tensor
    long_bands: Tensor
    short_window: Tensor
    short_bands: Tensor

    def __init__(self, separator: Separator, voices: int) -> None:
        super().__init__()
        listening = separator.listening
        self.register_buffer("rows", listening.mdct.rows.clone())
        for name in ("long_window", "long_bands", "short_window", "short_bands"):
            self.register_buffer(name, getattr(listening, name).clone())
        # the sound of the longest window, and the half of the last frame that the next one completes
        self.register_buffer("cache", torch.zeros(voices, LONGEST + HOP))
        self.longest: int = LONGEST
        self.short: int = WINDOWS[1]
        self.hop: int = HOP
        self.step: int = STEP
        self.level: float = REFERENCE_RMS

    def forward(self, z: Tensor, first: int) -> tuple[Tensor, Tensor]:
        voices, frames = z.shape[0], z.shape[1]
        audio, held = streamed_inverse(z * self.level, self.rows, self.cache[:voices, self.longest :])
        sound = torch.cat([self.cache[:voices, : self.longest], audio], 1)
        self.cache[:voices].copy_(torch.cat([sound[:, sound.shape[1] - self.longest :], held], 1))
        if first >= frames:
            bins, long_bands = self.long_bands.shape
            none = torch.zeros(voices, 0, long_bands + self.short_bands.shape[1] + 1)
            return none, torch.zeros(voices, 0, bins)
        windows = sound[:, self.hop * (first + 1) :].unfold(1, self.longest, self.step)
        power = power_spectrum(windows, self.long_window)
        short = power_spectrum(windows[..., self.longest - self.short :], self.short_window)
        levels = relative_levels(band_levels(power, self.long_bands), band_levels(short, self.short_bands))
        return levels, power


class LayerStream(nn.Module):
    """A layer of the trunk, its normalisation folded in. `[batch, steps, channels]` -> the same."""

    cache: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, layer: TrunkLayer, voices: int) -> None:
        super().__init__()
        scale, shift = affine(layer.norm)
        weight = layer.conv.weight.detach() * scale[:, None, None]
        self.register_buffer("weight", weight.permute(0, 2, 1).flatten(1).contiguous())
        self.register_buffer("bias", shift)
        self.kernel_size: int = layer.conv.kernel_size[0]
        self.dilation: int = layer.conv.dilation[0]
        self.past: int = layer.past
        self.slope: float = SLOPE
        self.register_buffer("cache", torch.zeros(voices, self.past, layer.conv.in_channels))

    def forward(self, x: Tensor) -> Tensor:
        voices, steps = x.shape[0], x.shape[1]
        padded = torch.cat([self.cache[:voices], x], 1)
        self.cache[:voices].copy_(padded[:, steps:])
        taps: list[Tensor] = []
        for k in range(self.kernel_size):
            taps.append(padded[:, k * self.dilation : k * self.dilation + steps])
        y = nn.functional.linear(torch.cat(taps, 2), self.weight, self.bias)
        return x + nn.functional.leaky_relu(y, self.slope)


class TrunkStream(nn.Module):
    """`Trunk` for blocks. Band levels `[batch, steps, sum(bands) + 1]` -> `[batch, steps, channels]`."""

    weight: Tensor
    bias: Tensor

    def __init__(self, separator: Separator, voices: int) -> None:
        super().__init__()
        trunk = separator.trunk
        scale, shift = affine(trunk.norm)
        entry = trunk.entry.weight.detach().squeeze(-1)
        assert trunk.entry.bias is not None
        self.register_buffer("weight", entry * scale)
        self.register_buffer("bias", trunk.entry.bias.detach() + entry @ shift)
        self.layers = nn.ModuleList([LayerStream(layer, voices) for layer in trunk.layers])  # type: ignore[arg-type]

    def forward(self, levels: Tensor) -> Tensor:
        x = nn.functional.linear(levels, self.weight, self.bias)
        for layer in self.layers:
            x = layer(x)
        return x


class DetailStream(nn.Module):
    """`Detail` for blocks. Band levels `[batch, steps, sum(bands) + 1]` -> `[batch, steps, detail, bands]`."""

    cache: Tensor

    def __init__(self, separator: Separator, voices: int) -> None:
        super().__init__()
        self.bands: int = separator.config.bands[0]
        self.past: int = DETAIL_STEPS - 1
        self.slope: float = SLOPE
        self.first = copy.deepcopy(separator.detail.first).requires_grad_(False)
        self.second = copy.deepcopy(separator.detail.second).requires_grad_(False)
        self.register_buffer("cache", torch.zeros(voices, self.past, self.bands))

    def forward(self, levels: Tensor) -> Tensor:
        voices, steps = levels.shape[0], levels.shape[1]
        padded = torch.cat([self.cache[:voices], levels[..., : self.bands]], 1)
        self.cache[:voices].copy_(padded[:, steps:])
        last = padded.unfold(1, self.past + 1, 1).transpose(2, 3).flip(2).flatten(0, 1)
        x = nn.functional.leaky_relu(self.first(last), self.slope)
        return nn.functional.leaky_relu(self.second(x), self.slope).unflatten(0, (voices, steps))


class SeparatorStream(nn.Module):
    """The separator for blocks of frames.

    Call `listen` once per block, then `filters_of` for the queries, and apply each query's filters with `filtered`.

    Args:
        separator: in evaluation mode; its weights are copied.
        voices: how many parallel streams there are at most.
    """

    cache: Tensor
    sizes: list[int]

    def __init__(self, separator: Separator, voices: int) -> None:
        super().__init__()
        config = separator.config
        self.listening = ListeningStream(separator, voices)
        self.trunk = TrunkStream(separator, voices)
        self.detail = DetailStream(separator, voices)
        head = copy.deepcopy(separator.head).requires_grad_(False)
        self.first, self.second, self.shares, self.weigh = head.first, head.second, head.shares, head.weigh
        self.filters = BandFilters(separator.listening.long_bands, config.taps)
        self.detail_size: int = config.detail
        bins, squared = separator.listening.long_bands.shape[0], config.taps**2
        self.sizes = [
            config.channels,
            config.detail * config.bands[0],
            bins,
            config.latents * squared,
            config.latents,
        ]
        self.step_size: int = sum(self.sizes)
        # the last step's analysis, the place within a step (0..3), and whether one was finished
        self.register_buffer("cache", torch.zeros(voices, self.step_size + 2))
        self.channels: int = config.channels
        self.hidden: int = config.hidden
        self.latents: int = config.latents
        self.taps: int = config.taps
        self.period: int = FRAMES_PER_STEP
        self.slope: float = SLOPE

    def first_step(self) -> int:
        """The frame of the next block that ends a step of the trunk."""
        return self.period - 1 - int(self.cache[0, self.step_size])

    def listen(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The analysis of a block's steps, which step each frame uses, and 0 for frames before the first step.

        Shape: z `[batch, frames, latents]` -> `[batch, steps, step_size]`, `[frames]`, `[batch, frames, 1]`.
        """
        voices, frames = z.shape[0], z.shape[1]
        state = self.cache[:voices]
        first = self.first_step()
        steps = torch.cat([state[:, : self.step_size].unsqueeze(1), self._steps(z, first)], 1)
        used = torch.div(torch.arange(frames) + self.period - first, self.period, rounding_mode="floor")
        finished = torch.maximum(
            state[:, self.step_size + 1].reshape(-1, 1, 1),
            (used > 0).to(z.dtype).reshape(1, -1, 1),
        )
        place_now = torch.full_like(state[:, :1], float((self.period - 1 - first + frames) % self.period))
        self.cache[:voices].copy_(torch.cat([steps[:, -1], place_now, finished[:, -1]], 1))
        return steps, used, finished

    def _steps(self, z: Tensor, first: int) -> Tensor:
        """The analysis of the steps that end in a block. `[batch, frames, latents]` -> `[batch, steps, step_size]`."""
        levels, power = self.listening(z, first)
        voices, steps = levels.shape[0], levels.shape[1]
        if steps == 0:
            return torch.zeros(voices, 0, self.step_size)
        trunk, detail = self.trunk(levels), self.detail(levels)
        inverse, scale = self.filters.whitening(power.flatten(0, 1))
        whitening = torch.cat([inverse.flatten(1), scale.flatten(1)], 1)
        return torch.cat([trunk, detail.flatten(2), power, whitening.unflatten(0, (voices, steps))], 2)

    def filters_of(self, steps: Tensor, used: Tensor, finished: Tensor, queries: Tensor) -> Tensor:
        """Each frame's filters for some queries.

        Shape: steps, used and finished as `listen` gives them; queries `[queries, query_size]` ->
        `[queries, batch, frames, taps, latents]`.
        """
        c, h = self.channels, self.hidden
        asked = queries[:, None, None]
        trunk, maps, power, inverse, scale = steps.split(self.sizes, 2)
        x = trunk * (1 + asked[..., :c]) + asked[..., c : 2 * c]
        x = nn.functional.leaky_relu(self.first(x), self.slope)
        x = x * (1 + asked[..., 2 * c : 2 * c + h]) + asked[..., 2 * c + h :]
        x = nn.functional.leaky_relu(self.second(x), self.slope)
        detail = maps.unflatten(2, (self.detail_size, -1))
        shares = torch.sigmoid(self.shares(x) + torch.matmul(self.weigh(x).unsqueeze(-2), detail).squeeze(-2))
        n, voices, count = shares.shape[0], shares.shape[1], shares.shape[2]
        whitening = (
            inverse.reshape(-1, self.latents, self.taps, self.taps).repeat(n, 1, 1, 1),
            scale.reshape(-1, self.latents, 1).repeat(n, 1, 1),
        )
        taps = self.filters(power.flatten(0, 1).repeat(n, 1), whitening, shares.flatten(0, 2))
        taps = taps.reshape(n, voices, count, self.taps, self.latents).index_select(2, used)
        return taps * finished.unsqueeze(3)


def filtered(past: Tensor, taps: Tensor) -> Tensor:
    """A filter over each latent's own last frames.

    Shape: past `[batch, taps - 1 + frames, latents]`, taps `[batch, frames, taps, latents]`, the current frame's first ->
    `[batch, frames, latents]`.
    """
    windows = past.unfold(1, taps.shape[2], 1).flip(3)
    return (windows * taps.transpose(2, 3)).sum(3)


def affine(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """A batch normalisation in evaluation as a scale and a shift of each channel."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias.detach() - norm.running_mean * scale
