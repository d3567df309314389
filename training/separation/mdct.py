"""The modified discrete cosine transform (MDCT): 128 samples become 128 latents, and back, without loss.

Key idea: each frame's transform looks at its own samples and those of the frame before under a sine window; what a single frame
folds over, the next one cancels (Princen & Bradley 1986). The transform is orthonormal, so it keeps energy, and it is linear, so
latents of a sum are the sum of latents. Latent k holds what sounds near `(k + 1/2) * sample_rate / 256`.
"""

import math

import torch
from torch import Tensor, nn

HOP = 128
"""Samples of a frame, and latents of it."""
REFERENCE_RMS = 0.08
"""Sound of this root mean square has latents of root mean square 1."""


def mdct_rows(hop: int) -> Tensor:
    """The transform's rows, orthonormal over frames that overlap by half: `[hop, 2 * hop]`."""
    time, row = torch.arange(2 * hop, dtype=torch.double) + 0.5, torch.arange(hop, dtype=torch.double) + 0.5
    window = torch.sin(math.pi * time / (2 * hop))
    rows = math.sqrt(2 / hop) * window * torch.cos(math.pi / hop * (time + hop / 2) * row[:, None])
    return rows.float()


class Mdct(nn.Module):
    """The transform of whole clips, causal: frame t ends with sample `(t + 1) * hop`.

    `inverse` is late by `hop` samples, as a stream is: its first frame still lacks what the second one cancels.

    Shape: audio `[batch, 1, hop * frames]` -> latents `[batch, hop, frames]`, and back.
    """

    rows: Tensor

    def __init__(self, hop: int = HOP) -> None:
        super().__init__()
        self.hop = hop
        self.register_buffer("rows", mdct_rows(hop))

    def forward(self, audio: Tensor) -> Tensor:
        padded = nn.functional.pad(audio, (self.hop, 0))
        return nn.functional.conv1d(padded, self.rows.unsqueeze(1), stride=self.hop) / REFERENCE_RMS

    def inverse(self, latents: Tensor) -> Tensor:
        """Audio of latents, `hop` samples late. `[batch, hop, frames]` -> `[batch, 1, hop * frames]`."""
        audio = nn.functional.conv_transpose1d(
            latents * REFERENCE_RMS, self.rows.unsqueeze(1), stride=self.hop
        )
        return audio[..., : -self.hop]


def streamed_inverse(latents: Tensor, rows: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
    """Audio of a stream's next frames, a frame late, and the half of the last one that the next call completes.

    Shape: latents times REFERENCE_RMS `[batch, frames, hop]`, rows `[hop, 2 * hop]`, held `[batch, hop]` ->
    audio `[batch, frames * hop]`, held `[batch, hop]`.
    """
    hop = rows.shape[0]
    halves = torch.matmul(latents, rows)
    first, second = halves[:, :, :hop], halves[:, :, hop:]
    audio = first + torch.cat([held.unsqueeze(1), second[:, :-1]], 1)
    return audio.flatten(1), second[:, -1]
