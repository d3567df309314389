"""The edit of a bank with a separator: each stop takes away the part of the latents that belongs to it.

Key idea: stops act one after the other, each on what the ones before left. So a sound that belongs to two stops is
taken away once, and stops of different sounds add up.
"""

import math

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from training.banks.separated_bank import SeparatedBank
from training.separation.grain_stream import GrainStream
from training.separation.stream import SeparatorStream, filtered


class SeparatedSteering(nn.Module):
    """The stops of a bank with a separator as one streaming edit of latents.

    With `part_s(z)` the part that belongs to stop s, a linear filter of the last 8 frames whose taps depend on what was
    played:

        z_0 = z,    z_s = z_{s-1} - amount(v_s) * part_s(z_{s-1}),    amount(v) = (1 - 10^(-D v' / 20)) / (1 - 10^(-D / 20))

    v' = max(-v, 0). Where v_s > 0, v_s times the stop's grains, chosen by the sound that came in, is added. D, the
    depth of a stop, is the attenuation of its concept at -1 in dB; at -0.5 the attenuation is D / 2. It reads no future
    frame. A frame whose values are all 0 is passed on untouched.

    Shape: x `[batch, latents, frames]`, values `[batch or 1, stops, frames]` -> `[batch, latents, frames]`.
    """

    queries: Tensor
    depths: Tensor
    cache: Tensor

    def __init__(self, bank: SeparatedBank, voices: int) -> None:
        super().__init__()
        separator, stops = bank.separator, bank.stops
        if not stops:
            raise DrawstopError("a bank without stops steers nothing: find a stop first (drawstop find)")
        self.separator = SeparatorStream(separator, voices)
        self.register_buffer("queries", torch.stack([stop.query for stop in stops]))
        self.register_buffer("depths", torch.tensor([stop.depth_db for stop in stops]))
        with_grains = [index for index, stop in enumerate(stops) if stop.grains is not None]
        self.grains_of: tuple[int, ...] = (*with_grains, -1)
        libraries = [stop.grains for stop in stops if stop.grains is not None]
        self.grains = nn.ModuleList(
            [GrainStream(library, separator.sample_rate, voices) for library in libraries]
        )
        self.n_stops: int = len(stops)
        self.past: int = separator.config.taps - 1
        # the last frames that came to each stop
        self.register_buffer("cache", torch.zeros(voices, len(stops), self.past, separator.config.latents))

    def forward(self, x: Tensor, values: Tensor) -> Tensor:
        z = x.transpose(1, 2)
        brought = self._brought(z, values)
        steps, used, finished = self.separator.listen(z)
        moving = torch.nonzero((values < 0).any(2).any(0)).flatten()
        filters = torch.zeros(0)
        if len(moving) > 0:
            queries = self.queries.index_select(0, moving)
            filters = self.separator.filters_of(steps, used, finished, queries)
        left, answered = z, 0
        came: list[Tensor] = []
        for s in range(self.n_stops):
            came.append(left)
            if answered < len(moving) and int(moving[answered]) == s:
                past = torch.cat([self.cache[: z.shape[0], s], left], 1)
                part = filtered(past, filters[answered])
                left = left - amount(values[:, s].unsqueeze(-1), self.depths[s]) * part
                answered += 1
        self._remember(torch.stack(came, 1))
        moved = (values != 0).any(1, keepdim=True)
        return torch.where(moved, (left + brought).transpose(1, 2), x)

    def _brought(self, z: Tensor, values: Tensor) -> Tensor:
        """The grains brought in; every library reads every frame. `[batch, frames, latents]` -> the same."""
        brought, first = torch.zeros_like(z), self.separator.first_step()
        for index, grains in enumerate(self.grains):
            value = values[:, self.grains_of[index]].clamp(0.0, 1.0).unsqueeze(-1)
            plays = bool((value > 0).any())
            played = grains(z, first, plays)
            if plays:
                brought = brought + value * played
        return brought

    @torch.jit.export
    def levels(self, x: Tensor) -> Tensor:
        """Each stop's share of the frame's energy. `[batch, latents, frames]` -> `[batch, stops, frames]`."""
        z = x.transpose(1, 2)
        steps, used, finished = self.separator.listen(z)
        filters = self.separator.filters_of(steps, used, finished, self.queries)
        past = torch.cat([self.cache[: z.shape[0], 0], z], 1)
        self._remember(z.unsqueeze(1).expand(-1, self.n_stops, -1, -1))
        whole = z.square().sum(-1) + 1e-6 * z.shape[2]
        shares: list[Tensor] = []
        for s in range(self.n_stops):
            shares.append((filtered(past, filters[s]).square().sum(-1) / whole).clamp(0.0, 1.0))
        return torch.stack(shares, 1)

    def _remember(self, came: Tensor) -> None:
        """Keeps the last frames that came to each stop, `[batch, stops, frames, latents]`."""
        voices, frames = came.shape[0], came.shape[2]
        both = torch.cat([self.cache[:voices], came], 2)
        self.cache[:voices].copy_(both[:, :, frames:])


def amount(value: Tensor, depth_db: Tensor) -> Tensor:
    """The share of its part that a stop takes away: 0 at a value of 0 and above, 1 at -1, linear in dB between."""
    down = torch.clamp(-value, 0.0, 1.0)
    decay = math.log(10.0) / 20.0 * depth_db
    return torch.expm1(-decay * down) / torch.expm1(-decay)
