"""The separator: causal, silent in silence, and the same streamed in blocks of any length."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drawstop.errors import DrawstopError
from tests.helpers.models.small_separator import CONFIG, query, small_separator
from training.separation.mdct import HOP
from training.separation.separator import SeparatorConfig
from training.separation.stream import SeparatorStream, filtered

STREAMED = 2e-4
"""Largest difference of a stream from the whole, where parts are up to some tens: the order of sums."""


def latents(frames: int, batch: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, HOP, frames, generator=torch.Generator().manual_seed(seed))


def test_a_part_depends_on_no_future_frame() -> None:
    separator, z = small_separator(), latents(40)
    changed = z.clone()
    changed[..., 21:] = 5.0
    asked = query(1)[None]
    assert torch.equal(separator(z, asked)[..., :21], separator(changed, asked)[..., :21])
    assert not torch.equal(separator(z, asked)[..., 21:], separator(changed, asked)[..., 21:])


def test_of_silence_every_part_is_exactly_silent() -> None:
    part = small_separator()(torch.zeros(1, HOP, 16), query(1)[None])
    assert not bool(part.any())


def test_other_queries_get_other_parts() -> None:
    separator, z = small_separator(), latents(24)
    one, other = (separator(z, query(seed)[None]) for seed in (1, 2))
    assert float((one - other).abs().mean()) > 0.01 * float(one.abs().mean())


@pytest.mark.slow
@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 2))
def test_streamed_in_any_blocks_it_gives_what_the_whole_gives(blocks: list[int], voices: int) -> None:
    separator, frames = small_separator(), sum(blocks)
    z, asked = latents(frames + -frames % 4, voices), query(3)
    whole = separator(z, asked.expand(voices, -1))[..., :frames]
    stream = SeparatorStream(separator, voices + 1)
    past, parts = torch.zeros(voices, CONFIG.taps - 1, HOP), []
    for block in z[..., :frames].transpose(1, 2).split(blocks, 1):
        steps = stream.listen(block)
        past = torch.cat([past, block], 1)
        parts.append(filtered(past, stream.filters_of(*steps, asked[None])[0]))
        past = past[:, -(CONFIG.taps - 1) :]
    assert float((torch.cat(parts, 1).transpose(1, 2) - whole).abs().max()) < STREAMED


def test_a_stream_whose_caches_are_cleared_starts_from_silence_again() -> None:
    stream, z, asked = SeparatorStream(small_separator(), 1), latents(9).transpose(1, 2), query(3)
    past = torch.cat([torch.zeros(1, CONFIG.taps - 1, HOP), z], 1)
    first = filtered(past, stream.filters_of(*stream.listen(z), asked[None])[0])
    stream.listen(z)
    for name, buffer in stream.named_buffers():
        if name.endswith("cache"):
            buffer.zero_()
    again = filtered(past, stream.filters_of(*stream.listen(z), asked[None])[0])
    assert torch.equal(again, first)


def test_sizes_must_be_positive() -> None:
    with pytest.raises(DrawstopError, match="positive sizes"):
        SeparatorConfig(taps=0)
