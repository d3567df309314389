"""The small causal network of a gated stop: which features belong to the concept at this moment, and how strongly.

Key idea: no layer has a bias and every nonlinearity is a leaky ReLU, so levels scale with the playing (the network is
positively homogeneous, as a gain-equivariant RAVE's encoder is) and silence gives exact zeros.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from drawstop.base.errors import DrawstopError

SLOPE = 0.2


@dataclass(frozen=True)
class GateConfig:
    """Size of the network. `width`: latents it hears; `outputs`: features it speaks of.

    It hears `1 + sum_d (kernel_size - 1) * d` frames: 31 with the defaults, .36 s at 86 frames per second.
    """

    width: int
    outputs: int
    channels: int = 128
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8)

    def __post_init__(self) -> None:
        if min(self.width, self.outputs, self.channels, self.kernel_size, *self.dilations) < 1:
            raise DrawstopError(f"expected positive sizes of a gate, got {asdict(self)}")


class CausalConv(nn.Module):
    """A dilated causal convolution without bias; `stream` goes on where its last call ended.

    Shape: `[batch, channels_in, frames]` -> `[batch, channels_out, frames]`.
    """

    cache: Tensor

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.past: int = (kernel_size - 1) * dilation
        self.conv = nn.Conv1d(channels_in, channels_out, kernel_size, dilation=dilation, bias=False)
        self.register_buffer("cache", torch.zeros(1, channels_in, self.past))

    def allocate(self, voices: int) -> None:
        """Makes room for this many parallel streams, all silent."""
        self.cache = torch.zeros(voices, self.cache.shape[1], self.past)

    def forward(self, x: Tensor) -> Tensor:
        heard: Tensor = self.conv(nn.functional.pad(x, (self.past, 0)))
        return heard

    def stream(self, x: Tensor) -> Tensor:
        """The same for the next frames of a stream."""
        padded = torch.cat([self.cache[: x.shape[0]], x], -1)
        self.cache[: x.shape[0]].copy_(padded[..., padded.shape[-1] - self.past :])
        heard: Tensor = self.conv(padded)
        return heard


class Block(nn.Module):
    """Residual: leaky ReLU, dilated convolution, leaky ReLU, mixing of channels."""

    def __init__(self, channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.dilated = CausalConv(channels, channels, kernel_size, dilation)
        self.mixing = nn.Conv1d(channels, channels, 1, bias=False)
        self.slope: float = SLOPE

    def forward(self, x: Tensor) -> Tensor:
        return self._add(x, self.dilated(nn.functional.leaky_relu(x, self.slope)))

    def stream(self, x: Tensor) -> Tensor:
        """The same for the next frames of a stream."""
        return self._add(x, self.dilated.stream(nn.functional.leaky_relu(x, self.slope)))

    def _add(self, x: Tensor, heard: Tensor) -> Tensor:
        mixed: Tensor = self.mixing(nn.functional.leaky_relu(heard, self.slope))
        return x + mixed


class Gate(nn.Module):
    """Levels of features from the latents played so far: a causal temporal convolutional network (Bai et al. 2018).

    Shape: normalised latents `[batch, width, frames]` -> levels >= 0 `[batch, outputs, frames]`.
    """

    def __init__(self, config: GateConfig) -> None:
        super().__init__()
        self.config = config
        self.entry = nn.Conv1d(config.width, config.channels, 1, bias=False)
        self.blocks = nn.ModuleList(
            [Block(config.channels, config.kernel_size, dilation) for dilation in config.dilations]
        )
        self.exit = nn.Conv1d(config.channels, config.outputs, 1, bias=False)
        self.slope: float = SLOPE

    def allocate(self, voices: int) -> None:
        """Makes room for this many parallel streams, all silent."""
        for module in self.modules():
            if isinstance(module, CausalConv):
                module.allocate(voices)

    def forward(self, z: Tensor) -> Tensor:
        x = self.entry(z)
        for block in self.blocks:
            x = block(x)
        return self._levels(x)

    @torch.jit.export
    def stream(self, z: Tensor) -> Tensor:
        """The same for the next frames of a stream: caches go on from the last call."""
        x = self.entry(z)
        for block in self.blocks:  # mypy knows a ModuleList's items as Module
            x = block.stream(x)  # type: ignore[operator]
        return self._levels(x)

    def weights(self) -> dict[str, Tensor]:
        """What was learned, without the caches."""
        return {name: weight.detach() for name, weight in self.named_parameters()}

    def _levels(self, x: Tensor) -> Tensor:
        levels: Tensor = self.exit(nn.functional.leaky_relu(x, self.slope))
        return nn.functional.relu(levels)


def make_gate(config: GateConfig, weights: dict[str, Tensor]) -> Gate:
    """A gate with given weights; DrawstopError where they don't fit or aren't finite."""
    gate = Gate(config)
    own = dict(gate.named_parameters())
    fits = own.keys() == weights.keys() and all(own[name].shape == weights[name].shape for name in own)
    if not fits or not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise DrawstopError(
            "a gate's weights don't fit its description or aren't finite: find the stop again"
        )
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(weights[name])
    return gate.requires_grad_(False)
