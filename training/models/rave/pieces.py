"""A long sound cut into pieces that are computed one after the other, and their frames joined.

The latent's and the encoder's are the same bits. A decoder's are with AVX-512; with AVX2 its transposed convolutions round by
where a frame stands in the piece: by 1e-6 of the largest number at most (seen on an AMD EPYC, whatever the length).
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

PIECE_SAMPLES = 1 << 20
"""Length of a piece that is encoded at once, from the caches of the one before: memory doesn't grow with the length."""

FEWEST_FRAMES = 1024
"""Latent frames in a piece at least. A recording's last piece is up to twice as long: convolutions of a few frames are computed
by other kernels, which round otherwise (seen below 256 frames in an encoder, below 1024 in a decoder)."""


def piece_length(ratio: int) -> int:
    """Samples of a piece for a model of so many samples in a latent frame."""
    return ratio * max(FEWEST_FRAMES, -(-PIECE_SAMPLES // ratio))


def in_pieces(blocks: Iterable[Tensor], length: int | None) -> Iterator[Tensor]:
    """Blocks `[..., samples]` of a sound as pieces of `length` samples, the last one up to twice as long; None: as one piece."""
    held: list[Tensor] = []
    for block in blocks:
        held.append(block)
        while length is not None and sum(each.shape[-1] for each in held) >= 2 * length:
            joint = torch.cat(held, -1)
            yield joint[..., :length]
            held = [joint[..., length:]]
    yield torch.cat(held, -1)


def joined(pieces: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The frames of several pieces as those of one."""
    if len(pieces) == 1:
        return pieces[0]
    return {name: torch.cat([piece[name] for piece in pieces], -1) for name in pieces[0]}
