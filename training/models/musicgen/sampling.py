"""Sampling of a MusicGen's pieces: audiocraft's parameters, the windows of a long piece, checks before it begins."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from drawstop.errors import DrawstopError
from training.models.musicgen.hooks import Window

TOP_SHARE = 250 / 2048
"""audiocraft's default `top_k` as a share of the published models' codebooks."""
STRIDE_SHARE = 0.6
"""A long piece's windows begin this share of the longest window apart (audiocraft's 18 of 30 seconds)."""


@dataclass(frozen=True)
class Sampling:
    """How music is drawn; audiocraft's names and defaults."""

    seconds: float = 10.0
    """Length of the piece, an audio prompt counted in."""
    seed: int = 0
    """Seed of the draws. All rows of a batch share one stream of draws: a row of another batch is another piece."""
    cfg_coef: float = 3.0
    """Classifier-free guidance; 1 is none."""
    two_step_cfg: bool = False
    """Guidance by two calls a step instead of one of twice the rows."""
    cfg_coef_beta: float | None = None
    """Guidance of text beside a style, where the installed audiocraft has it (1.3.0 hasn't)."""
    top_k: int | None = None
    """Number of likeliest tokens to draw from; 0: all; None: as large a share as audiocraft's 250 of 2048."""
    top_p: float = 0.0
    """0: top_k is used."""
    temperature: float = 1.0
    use_sampling: bool = True
    """False takes the likeliest token."""

    def __post_init__(self) -> None:
        if not 0 < self.seconds < float("inf"):
            raise DrawstopError(f"expected a length above 0 seconds, got {self.seconds}")
        if (self.top_k or 0) < 0 or not 0 <= self.top_p <= 1 or not 0 <= self.temperature < float("inf"):
            raise DrawstopError(
                f"expected top_k and temperature of 0 or more and top_p in 0..1, got {self.top_k}, "
                f"{self.temperature} and {self.top_p}"
            )

    def tokens_drawn_from(self, card: int) -> int:
        """`top_k` for codebooks of `card` entries."""
        return max(1, round(TOP_SHARE * card)) if self.top_k is None else self.top_k


@dataclass(frozen=True)
class Generated:
    """A batch of generated pieces.

    Attributes:
        audio: `[batch, channels, samples]`, float32 on the CPU.
        tokens: `[batch, codebooks, frames]`, int64 on the CPU.
        frames: frames of the sites that were asked for, `[batch, width, frames]`, float32 on the model's device: the
            layer's output in the rows with the prompt, before an edit there.
    """

    audio: Tensor
    tokens: Tensor
    frames: dict[str, Tensor] = field(default_factory=dict)


def windows_of(sampling: Sampling, prompt_frames: int, frame_rate: float, max_seconds: float) -> list[Window]:
    """audiocraft's windows of a piece: each but the first begins with the end of the one before.

    >>> windows_of(Sampling(seconds=40), 0, 50.0, 30.0)
    [Window(first=0, frames=1500), Window(first=900, frames=1100)]
    """
    total, first, length = int(sampling.seconds * frame_rate), 0, prompt_frames
    if sampling.seconds <= max_seconds:
        return [Window(0, total)]
    stride, windows = int(frame_rate * STRIDE_SHARE * max_seconds), []
    while first + length < total:
        frames = int(min(sampling.seconds - first / frame_rate, max_seconds) * frame_rate)
        windows.append(Window(first, frames))
        first, length = first + stride, frames - stride
    return windows


def require_possible(
    model: Any,
    sampling: Sampling,
    prompts: Sequence[str | None],
    audio_prompt: Tensor | None,
    melody: Tensor | None,
) -> None:
    """Raises DrawstopError for a request that audiocraft's MusicGen `model` can't fulfil."""
    lm, frame_rate = model.lm, float(model.frame_rate)
    if not prompts:
        raise DrawstopError("expected at least one prompt, got none")
    if int(sampling.seconds * frame_rate) < 1:
        raise DrawstopError(
            f"{sampling.seconds:g} s are less than a frame of {1 / frame_rate:g} s: ask for more"
        )
    if sampling.tokens_drawn_from(lm.card) > lm.card:
        raise DrawstopError(f"top_k must be at most the codebook's size, {lm.card}, got {sampling.top_k}")
    has_beta = "cfg_coef_beta" in inspect.signature(model.set_generation_params).parameters
    if sampling.cfg_coef_beta is not None and not has_beta:
        raise DrawstopError("the installed audiocraft has no cfg_coef_beta: leave it out")
    if melody is not None and "self_wav" not in lm.condition_provider.conditioners:
        raise DrawstopError(f"{model.name} follows no melody: take facebook/musicgen-melody, or no --melody")
    if melody is not None and audio_prompt is not None:
        raise DrawstopError("audiocraft continues a sound or follows a melody, not both: give one of them")
    room = min(sampling.seconds, float(model.max_duration))
    seconds = 0 if audio_prompt is None else audio_prompt.shape[-1] / model.sample_rate
    if -int(-seconds * frame_rate // 1) >= int(room * frame_rate):
        raise DrawstopError(
            f"the sound to continue lasts {seconds:.1f} s: expected less than the {room:g} s that one window of the piece "
            f"has; cut it, or ask for more seconds"
        )
