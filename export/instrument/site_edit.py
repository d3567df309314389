"""The edits at one site of an instrument: the banks that live there, and which of its stops they play."""

import torch
from torch import Tensor, nn

from training.banks.steering import Steering


class BankEdit(nn.Module):
    """One bank's edit, played by some of the instrument's stops.

    Args:
        steering: the bank's edit.
        places: which of the instrument's stops its stops are.
    """

    places: Tensor

    def __init__(self, steering: Steering, places: list[int]) -> None:
        super().__init__()
        self.steering = steering
        self.register_buffer("places", torch.tensor(places))

    def forward(self, x: Tensor, before: Tensor, values: Tensor) -> Tensor:
        """x `[voices, width, frames]`, values `[voices, stops, latent frames]`, before (the last values of the block
        before) `[voices, stops]` -> x, edited."""
        own = values.index_select(1, self.places)
        if x.shape[-1] != own.shape[-1]:
            own = between_frames(before.index_select(1, self.places), own, x.shape[-1])
        edited: Tensor = self.steering(x, own)
        return edited

    @torch.jit.export
    def listen(self, x: Tensor, levels: Tensor) -> Tensor:
        """Levels `[voices, stops, latent frames]` with this bank's own filled in, from x `[voices, width, frames]`."""
        heard = self.steering.loudness(x)
        heard = heard.reshape(heard.shape[0], heard.shape[1], levels.shape[-1], -1).mean(-1)
        return levels.index_copy(1, self.places, heard)


class SiteEdit(nn.Module):
    """All banks of a site, one after the other; a site without any passes frames on untouched."""

    def __init__(self, edits: list[BankEdit]) -> None:
        super().__init__()
        self.edits = nn.ModuleList(edits)

    def forward(self, x: Tensor, before: Tensor, values: Tensor) -> Tensor:
        for edit in self.edits:
            x = edit(x, before, values)
        return x

    @torch.jit.export
    def listen(self, x: Tensor, levels: Tensor) -> Tensor:
        """As of one bank."""
        for edit in self.edits:  # mypy knows a ModuleList's items as Module
            levels = edit.listen(x, levels)  # type: ignore[operator]
        return levels


def between_frames(before: Tensor, values: Tensor, frames: int) -> Tensor:
    """Values at a layer that has more frames than the latent: on straight lines from one latent frame to the next.

    What stands still comes out with the same bits, so a knob at rest stays exactly at rest.

    Shape: before `[voices, stops]`, values `[voices, stops, latent frames]` -> `[voices, stops, frames]`, a multiple of the
    latent frames.
    """
    steps = frames // values.shape[-1]
    start = torch.cat([before.unsqueeze(-1), values[..., :-1]], -1).unsqueeze(-1)
    way = torch.arange(1, steps + 1) / steps
    return (start + (values.unsqueeze(-1) - start) * way).flatten(2)
