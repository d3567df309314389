"""An off gate's output: its levels, limited to the features, then expanded where most of the sound is the concept's.

Key idea: a gate fitted by squared error always leaves about a tenth of a sound that plays alone, quiet but still
detectable. So its levels are expanded: where they made up most of the last 1.5 s, all features are taken.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from training.banks.gate import Gate

MEMORY_SECONDS = 1.5


@dataclass(frozen=True)
class Expander:
    """The conditions under which an off gate's levels are raised to all features.

    The share is the levels' part of the features' energy, 0..1.

    Attributes:
        frames: number of frames, the current one included, that the share is averaged over.
        all_above: the averaged share at which the levels begin to be raised, and the one at which everything is taken.
        all_now: the same for the current frame's share, so that a sound that just began isn't taken for the one before.
    """

    frames: int = 1
    all_above: tuple[float, float] = (1.0, 2.0)
    all_now: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        ranges = (self.all_above, self.all_now)
        if self.frames < 1 or any(low >= high for low, high in ranges):
            raise DrawstopError(
                f"expected a frame or more and rising ranges of an expander, got {asdict(self)}"
            )


NO_EXPANSION = Expander()
"""Levels stand as the gate gives them."""


def expander_at(frame_rate: float) -> Expander:
    """The expander that `find` gives to its gates; its numbers were chosen on the demo's validation phrases.

    Args:
        frame_rate: latent frames per second.
    """
    return Expander(max(1, round(MEMORY_SECONDS * frame_rate)), (0.7, 0.8), (0.05, 0.3))


class ExpandedGate(nn.Module):
    """An off gate with its expander: how much of every feature is the concept's at this moment.

    Features without a level of their own are taken in the same proportion as those with one.

    Shape: normalised latents `[batch, width, frames]`, features `[batch, frames, n_features]` -> the concept's part of
    the features, `[batch, frames, n_features]`.
    """

    cache: Tensor

    def __init__(self, gate: Gate, expander: Expander) -> None:
        super().__init__()
        self.gate = gate
        self.frames: int = expander.frames
        self.all_above: tuple[float, float] = expander.all_above
        self.all_now: tuple[float, float] = expander.all_now
        self.register_buffer("cache", torch.zeros(1, expander.frames - 1, 2))

    def allocate(self, voices: int) -> None:
        """Makes room for this many parallel streams, all silent; the gate has its own `allocate`."""
        self.cache = torch.zeros(voices, self.frames - 1, 2)

    def forward(self, z: Tensor, features: Tensor) -> Tensor:
        return self._expanded(self.gate(z), features, torch.zeros(z.shape[0], self.frames - 1, 2))

    @torch.jit.export
    def stream(self, z: Tensor, features: Tensor) -> Tensor:
        """The same for the next frames of a stream."""
        return self._expanded(self.gate.stream(z), features, self.cache[: z.shape[0]])

    def _expanded(self, levels: Tensor, features: Tensor, past: Tensor) -> Tensor:
        """The expanded levels. `past` is updated: energies of levels and features, `[batch, frames - 1, 2]`."""
        chosen = features.index_select(-1, self.gate.features)
        limited = torch.minimum(levels.transpose(1, 2), chosen)
        whole = chosen.square().sum(-1, keepdim=True)
        part = (limited * chosen).sum(-1, keepdim=True)
        energies = torch.cat([past, torch.cat([part, whole], -1)], 1)
        past.copy_(energies[:, energies.shape[1] - past.shape[1] :])
        recent = nn.functional.avg_pool1d(energies.transpose(1, 2), self.frames, 1).transpose(1, 2)
        share = ratio(recent[..., :1], recent[..., 1:])
        now = ratio(part, whole)
        expansion = smoothstep(share, self.all_above) * smoothstep(now, self.all_now)
        expanded = limited + expansion * (chosen - limited)
        proportion = share_of(expanded, chosen)
        return (proportion * features).index_copy(-1, self.gate.features, expanded)


def share_of(part: Tensor, whole: Tensor) -> Tensor:
    """The share that a part has of a frame's features, weighted by energy. `[..., features]` twice -> `[..., 1]`."""
    return ratio((part * whole).sum(-1, keepdim=True), whole.square().sum(-1, keepdim=True))


def ratio(energy: Tensor, of: Tensor) -> Tensor:
    """One energy over another; 0 in silence."""
    return energy / of.clamp(min=1e-12)


def smoothstep(x: Tensor, edges: tuple[float, float]) -> Tensor:
    """0 below the first edge, 1 above the second, `3 t^2 - 2 t^3` between them."""
    t = ((x - edges[0]) / (edges[1] - edges[0])).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
