"""The linear ramp of a stop's value: no value jumps, each reaches its target on a straight line."""

import torch
from torch import Tensor, nn


class Ramp(nn.Module):
    """Linear ramps of the values of an instrument's stops, frame by frame, each to its latest target.

    Shape: targets `[voices, stops, frames]` -> the values before this block `[voices, stops]`, and at each of its frames.
    """

    value: Tensor
    target: Tensor
    frames_left: Tensor

    def __init__(self, voices: int, stops: int, frame_rate: float) -> None:
        super().__init__()
        self.frame_rate: float = frame_rate
        for name in ("value", "target", "frames_left"):
            self.register_buffer(name, torch.zeros(voices, stops))

    def forward(self, targets: Tensor, ramp_s: float) -> tuple[Tensor, Tensor]:
        voices = targets.shape[0]
        value, target, left = self.value[:voices], self.target[:voices], self.frames_left[:voices]
        before = value.clone()
        if bool((targets == target.unsqueeze(-1)).all()) and bool((left == 0).all()):
            return before, targets
        ramp_frames = max(1.0, float(round(ramp_s * self.frame_rate)))
        values: list[Tensor] = []
        for t in range(targets.shape[-1]):
            goal = targets[:, :, t]
            left = torch.where(goal != target, torch.full_like(left, ramp_frames), left)
            value = torch.where(left <= 1.0, goal, value + (goal - value) / left.clamp(min=1.0))
            target = goal
            left = (left - 1.0).clamp(min=0.0)
            values.append(value)
        self.value[:voices].copy_(value)
        self.target[:voices].copy_(target)
        self.frames_left[:voices].copy_(left)
        return before, torch.stack(values, -1)

    @torch.jit.export
    def clear(self) -> None:
        """Set every value and target to 0."""
        self.value.zero_()
        self.target.zero_()
        self.frames_left.zero_()
