"""The edits at one site of an instrument: its banks there, and which of the instrument's stops move each."""

import torch
from torch import Tensor, nn

from training.banks.separated_steering import SeparatedSteering
from training.banks.steering import Steering


class BankEdit(nn.Module):
    """One bank's edit, moved by some of the instrument's stops.

    Args:
        steering: the bank's edit.
        stop_indices: for each stop of the bank, its index among the instrument's stops.
    """

    stop_indices: Tensor

    def __init__(self, steering: Steering | SeparatedSteering, stop_indices: list[int]) -> None:
        super().__init__()
        self.steering = steering
        self.register_buffer("stop_indices", torch.tensor(stop_indices))

    def forward(self, x: Tensor, before: Tensor, values: Tensor) -> Tensor:
        """x `[voices, width, frames]`, values `[voices, stops, latent frames]`, before (the last values of the block
        before) `[voices, stops]` -> x, edited."""
        bank_values = values.index_select(1, self.stop_indices)
        if x.shape[-1] != bank_values.shape[-1]:
            bank_values = between_frames(before.index_select(1, self.stop_indices), bank_values, x.shape[-1])
        edited: Tensor = self.steering(x, bank_values)
        return edited

    @torch.jit.export
    def listen(self, x: Tensor, levels: Tensor) -> Tensor:
        """Levels `[voices, stops, latent frames]` with those of this bank's stops filled in, from x `[voices, width, frames]`."""
        own = self.steering.levels(x)
        own = own.reshape(own.shape[0], own.shape[1], levels.shape[-1], -1).mean(-1)
        return levels.index_copy(1, self.stop_indices, own)


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
        """Levels `[voices, stops, latent frames]` with those of every bank's stops filled in."""
        for edit in self.edits:  # mypy knows a ModuleList's items as Module
            levels = edit.listen(x, levels)  # type: ignore[operator]
        return levels


def between_frames(before: Tensor, values: Tensor, frames: int) -> Tensor:
    """Values at a layer that has more frames than the latent: on straight lines from one latent frame to the next.

    A constant value comes out with the same bits, so that a neutral knob stays exactly neutral.

    Shape: before `[voices, stops]`, values `[voices, stops, latent frames]` -> `[voices, stops, frames]`, a multiple of the
    latent frames.
    """
    steps = frames // values.shape[-1]
    start = torch.cat([before.unsqueeze(-1), values[..., :-1]], -1).unsqueeze(-1)
    fraction = torch.arange(1, steps + 1) / steps
    return (start + (values.unsqueeze(-1) - start) * fraction).flatten(2)
