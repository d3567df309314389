"""The small causal network of a gated stop: which features belong to the concept at this moment, and how strongly.

Key idea: no layer has a bias and every nonlinearity is a leaky ReLU, so levels scale with the playing (the network is
positively homogeneous, as a gain-equivariant RAVE's encoder is) and silence gives exact zeros.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError

SLOPE = 0.2
FEATURES = "features"


@dataclass(frozen=True)
class GateConfig:
    """Size of the network. `width`: latents of a frame; `outputs`: how many features it gives levels for.

    It reads `1 + sum_d (kernel_size - 1) * d` frames: 31 with the defaults, .36 s at 86 frames per second.
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

    Shape: `[batch, channels_in, frames]` -> `[batch, channels_out, frames]`; `stream`: `[batch, frames, channels_in]` ->
    `[batch, frames, channels_out]`. A stream brings few frames at a time: for them a matrix product over the gathered
    taps costs a fifth of a convolution's call.
    """

    cache: Tensor
    matrix: Tensor

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.past: int = (kernel_size - 1) * dilation
        self.kernel_size: int = kernel_size
        self.dilation: int = dilation
        self.conv = nn.Conv1d(channels_in, channels_out, kernel_size, dilation=dilation, bias=False)
        self.register_buffer("cache", torch.zeros(1, self.past, channels_in))
        self.register_buffer("matrix", torch.zeros(0))

    def allocate(self, voices: int) -> None:
        """Makes room for this many parallel streams, all silent."""
        self.cache = torch.zeros(voices, self.past, self.cache.shape[2])
        self.matrix = self.conv.weight.detach().permute(0, 2, 1).flatten(1).contiguous()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(nn.functional.pad(x, (self.past, 0)))
        return y

    def stream(self, x: Tensor) -> Tensor:
        """The same for the next frames of a stream."""
        padded = torch.cat([self.cache[: x.shape[0]], x], 1)
        self.cache[: x.shape[0]].copy_(padded[:, padded.shape[1] - self.past :])
        frames = x.shape[1]
        taps: list[Tensor] = []
        for k in range(self.kernel_size):
            taps.append(padded[:, k * self.dilation : k * self.dilation + frames])
        return nn.functional.linear(torch.cat(taps, 2), self.matrix)


class Block(nn.Module):
    """Residual: leaky ReLU, dilated convolution, leaky ReLU, mixing of channels."""

    def __init__(self, channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.dilated = CausalConv(channels, channels, kernel_size, dilation)
        self.mixing = nn.Conv1d(channels, channels, 1, bias=False)
        self.slope: float = SLOPE

    def forward(self, x: Tensor) -> Tensor:
        dilated = self.dilated(nn.functional.leaky_relu(x, self.slope))
        mixed: Tensor = self.mixing(nn.functional.leaky_relu(dilated, self.slope))
        return x + mixed

    def stream(self, x: Tensor) -> Tensor:
        """The same for the next frames of a stream."""
        dilated = self.dilated.stream(nn.functional.leaky_relu(x, self.slope))
        return x + pointwise(self.mixing.weight, nn.functional.leaky_relu(dilated, self.slope))


class Gate(nn.Module):
    """Levels of features from the latents played so far: a causal temporal convolutional network (Bai et al. 2018).

    Shape: normalised latents `[batch, width, frames]` -> levels >= 0 `[batch, outputs, frames]`.

    Args:
        features: the features of the SAE that it gives levels for, `[outputs]`; the first ones if not given.
    """

    features: Tensor

    def __init__(self, config: GateConfig, features: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        chosen = torch.arange(config.outputs) if features is None else features.long()
        if (
            chosen.shape != (config.outputs,)
            or bool((chosen < 0).any())
            or len(chosen.unique()) != len(chosen)
        ):
            raise DrawstopError(
                f"expected {config.outputs} different features of a gate, got {chosen.tolist()}"
            )
        self.register_buffer("features", chosen)
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
        levels: Tensor = self.exit(nn.functional.leaky_relu(x, self.slope))
        return nn.functional.relu(levels)

    @torch.jit.export
    def stream(self, z: Tensor) -> Tensor:
        """The same for the next frames of a stream: caches go on from the last call."""
        x = pointwise(self.entry.weight, z.transpose(1, 2))
        for block in self.blocks:  # mypy knows a ModuleList's items as Module
            x = block.stream(x)  # type: ignore[operator]
        levels = pointwise(self.exit.weight, nn.functional.leaky_relu(x, self.slope))
        return nn.functional.relu(levels).transpose(1, 2)

    def weights(self) -> dict[str, Tensor]:
        """The learned weights and the features that have levels, without the caches."""
        return {name: weight.detach() for name, weight in self.named_parameters()} | {FEATURES: self.features}


def pointwise(weight: Tensor, x: Tensor) -> Tensor:
    """A convolution of kernel size 1 as a matrix product. `[out, in, 1]`, `[batch, frames, in]` -> `[batch, frames, out]`."""
    return nn.functional.linear(x, weight.squeeze(-1))


def make_gate(config: GateConfig, weights: dict[str, Tensor]) -> Gate:
    """A gate with given weights; DrawstopError where they don't fit or aren't finite."""
    gate = Gate(config, weights.get(FEATURES))
    parameters = dict(gate.named_parameters())
    fits = {*parameters, FEATURES} == weights.keys() and all(
        parameters[name].shape == weights[name].shape for name in parameters
    )
    if not fits or not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise DrawstopError(
            "a gate's weights don't fit its description or aren't finite: find the stop again"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
    return gate.requires_grad_(False)
