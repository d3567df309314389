"""A causal network that separates: for a concept, given as a query, which part of each frame belongs to it.

Key idea: what plays changes slowly; how to take it out changes from frame to frame. A trunk reads the sound every 512
samples, in windows of 2048 and 512 samples, and remembers 1.4 s. A head turns its output and a query into shares of 160
bands, and these become Wiener filters over each latent's last 8 frames. A query is a stop: 832 numbers that scale and
shift the head's two inputs (FiLM, arXiv 1709.07871), so that a new stop is fitted without a change of the network.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from training.separation.listening import Listening
from training.separation.wiener import BandFilters

SLOPE = 0.2
DETAIL_STEPS, DETAIL_BANDS = 3, 7
"""Steps that `Detail` reads, and neighbouring bands that each of its layers reads."""
FRAMES_PER_STEP = 4
"""Frames of 128 samples for each step of the trunk."""


@dataclass(frozen=True)
class SeparatorConfig:
    """Size of a separator.

    Attributes:
        latents: latents of a frame.
        bands: mel bands of the long and of the short window.
        channels: width of the trunk.
        hidden: width of the head.
        detail: number of maps of the long window's bands, which the head adds up with weights.
        taps: frames that a filter reads, the current one included.
        kernel_size: taps of the trunk's convolutions.
        dilations: dilation of each of the trunk's convolutions, in steps of four frames.
    """

    latents: int = 128
    bands: tuple[int, int] = (160, 64)
    channels: int = 160
    hidden: int = 256
    detail: int = 16
    taps: int = 8
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1, 2, 4, 8, 16)

    def __post_init__(self) -> None:
        sizes = (
            self.latents,
            *self.bands,
            self.channels,
            self.hidden,
            self.detail,
            self.taps,
            self.kernel_size,
        )
        if min(*sizes, *self.dilations) < 1:
            raise DrawstopError(f"expected positive sizes of a separator, got {asdict(self)}")

    @property
    def query_size(self) -> int:
        """Numbers of a query: a scale and a shift for each channel that the head reads."""
        return 2 * self.channels + 2 * self.hidden


class TrunkLayer(nn.Module):
    """A residual dilated causal convolution. `[batch, channels, steps]` -> the same."""

    def __init__(self, channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel_size - 1) * dilation
        self.conv = nn.Conv1d(channels, channels, kernel_size, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.conv(nn.functional.pad(x, (self.past, 0))))
        return x + nn.functional.leaky_relu(y, SLOPE)


class Trunk(nn.Module):
    """Turns band levels of the sound so far into 160 channels, one step every four frames.

    Shape: band levels `[batch, sum(bands) + 1, steps]` -> `[batch, channels, steps]`.
    """

    def __init__(self, config: SeparatorConfig) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(sum(config.bands) + 1)
        self.entry = nn.Conv1d(sum(config.bands) + 1, config.channels, 1)
        self.layers = nn.ModuleList(
            [TrunkLayer(config.channels, config.kernel_size, dilation) for dilation in config.dilations]
        )

    def forward(self, levels: Tensor) -> Tensor:
        x: Tensor = self.entry(self.norm(levels))
        for layer in self.layers:
            x = layer(x)
        return x


class Detail(nn.Module):
    """Maps of the long window's bands: how their levels differ from those of neighbouring bands and steps.

    Shape: levels of the last `DETAIL_STEPS` steps `[batch, steps, DETAIL_STEPS, bands]` -> `[batch, steps, detail, bands]`.
    """

    def __init__(self, config: SeparatorConfig) -> None:
        super().__init__()
        self.first = nn.Conv1d(DETAIL_STEPS, config.detail, DETAIL_BANDS, padding=DETAIL_BANDS // 2)
        self.second = nn.Conv1d(config.detail, config.detail, DETAIL_BANDS, padding=DETAIL_BANDS // 2)

    def forward(self, levels: Tensor) -> Tensor:
        x = nn.functional.leaky_relu(self.first(levels.flatten(0, 1)), SLOPE)
        return nn.functional.leaky_relu(self.second(x), SLOPE).unflatten(0, levels.shape[:2])


class Head(nn.Module):
    """The share of each band that belongs to a query's concept, and the hidden layer that it is computed from.

    Shape: trunk `[batch, steps, channels]`, detail `[batch, steps, detail, bands]`, query `[batch, query_size]` ->
    shares in 0..1 `[batch, steps, bands]`, hidden `[batch, steps, hidden]`.
    """

    def __init__(self, config: SeparatorConfig) -> None:
        super().__init__()
        self.config = config
        self.first = nn.Linear(config.channels, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden)
        self.shares = nn.Linear(config.hidden, config.bands[0])
        self.weigh = nn.Linear(config.hidden, config.detail)
        with torch.no_grad():
            self.shares.weight.mul_(0.1)
            self.shares.bias.zero_()

    def hidden(self, trunk: Tensor, query: Tensor) -> Tensor:
        """The hidden layer for a query. `[..., channels]`, `[..., query_size]` -> `[..., hidden]`."""
        c, h = self.config.channels, self.config.hidden
        scale, shift, inner_scale, inner_shift = query.split([c, c, h, h], -1)
        x = nn.functional.leaky_relu(self.first(trunk * (1 + scale) + shift), SLOPE)
        return nn.functional.leaky_relu(self.second(x * (1 + inner_scale) + inner_shift), SLOPE)

    def forward(self, trunk: Tensor, detail: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        x = self.hidden(trunk, query.unsqueeze(1))
        local = torch.matmul(self.weigh(x).unsqueeze(-2), detail).squeeze(-2)
        return torch.sigmoid(self.shares(x) + local), x


class Analysis(NamedTuple):
    """A separator's analysis of a sound: everything that doesn't depend on a query.

    Attributes:
        trunk: the trunk's output, `[batch, steps, channels]`.
        detail: maps of the bands, `[batch, steps, detail, bands]`.
        power: the long window's power spectrum, `[batch, steps, bins]`.
        whitening: the inverse correlation matrices and their scales, as `BandFilters.whitening` gives them for all
            steps of all clips.
        frames: each latent's last frames, `[batch, taps, steps, 4, latents]`.
    """

    trunk: Tensor
    detail: Tensor
    power: Tensor
    whitening: tuple[Tensor, Tensor]
    frames: Tensor


class Separator(nn.Module):
    """Computes the part of the latents that belongs to a query's concept.

    At frame t, with the trunk's last finished step j(t) and its taps a:

        part_t = sum_k a_{j(t), k} * z_{t-k}

    It reads no future frame. Silence gives silence, because a part is a filter's output.
    """

    def __init__(self, config: SeparatorConfig, sample_rate: int) -> None:
        super().__init__()
        self.config = config
        self.sample_rate = sample_rate
        self.listening = Listening(config.bands, sample_rate)
        self.trunk = Trunk(config)
        self.detail = Detail(config)
        self.head = Head(config)
        self.filters = BandFilters(self.listening.long_bands, config.taps)

    def analyse(self, latents: Tensor) -> Analysis:
        """Analyse latents once, for any number of queries.

        Shape: `[batch, latents, frames]`, frames a multiple of 4; the sound before is silence.
        """
        levels, power = self.listening(latents)
        return self.analysis_of(latents, power, *self.trunk_and_detail(levels))

    def analysis_of(self, latents: Tensor, power: Tensor, trunk: Tensor, detail: Tensor) -> Analysis:
        """The analysis, from the trunk's output and the band maps."""
        whitening = self.filters.whitening(power.flatten(0, 1))
        return Analysis(trunk, detail, power, whitening, self.last_frames(latents))

    def trunk_and_detail(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """The trunk's output and the band maps. `[batch, sum(bands) + 1, steps]` -> as in `Analysis`."""
        long = levels[:, : self.config.bands[0]].transpose(1, 2)
        maps = self.detail(torch.stack([delayed(long, k) for k in range(DETAIL_STEPS)], 2))
        return self.trunk(levels).transpose(1, 2), maps

    def last_frames(self, latents: Tensor) -> Tensor:
        """Each latent's last frames. `[batch, latents, frames]` -> `[batch, taps, steps, 4, latents]`."""
        z = latents.transpose(1, 2)
        return torch.stack([stepped(delayed(z, k)) for k in range(self.config.taps)], 1)

    def part(self, analysis: Analysis, query: Tensor) -> Tensor:
        """The part that belongs to a query. Query `[batch, query_size]` -> `[batch, latents, frames]`."""
        return self.filtered(analysis, self.head(analysis.trunk, analysis.detail, query)[0])

    def filtered(self, analysis: Analysis, shares: Tensor) -> Tensor:
        """The part that shares of the bands give. `[batch, steps, bands]` -> `[batch, latents, frames]`."""
        taps = self.filters(analysis.power.flatten(0, 1), analysis.whitening, shares.flatten(0, 1))
        taps = taps.unflatten(0, shares.shape[:2])
        filtered = taps[:, :, 0, None] * analysis.frames[:, 0]
        for k in range(1, self.config.taps):
            filtered = filtered + taps[:, :, k, None] * analysis.frames[:, k]
        return delayed(filtered.flatten(1, 2), FRAMES_PER_STEP - 1).transpose(1, 2)

    def forward(self, latents: Tensor, query: Tensor) -> Tensor:
        return self.part(self.analyse(latents), query)


def stepped(x: Tensor) -> Tensor:
    """Frames by the step of the trunk that serves them: step j is finished with frame 4 j + 3 and serves that and the next three.

    Shape: `[batch, 4 * steps, n]` -> `[batch, steps, 4, n]`; the frames after the end are zeros.
    """
    late = FRAMES_PER_STEP - 1
    return nn.functional.pad(x, (0, 0, 0, late))[:, late:].unflatten(1, (-1, FRAMES_PER_STEP))


def delayed(x: Tensor, frames: int) -> Tensor:
    """x some frames later, zeros first. `[batch, frames, n]` -> the same."""
    return nn.functional.pad(x, (0, 0, frames, 0))[:, : x.shape[1]]
