"""Blocks of any length into every method: as many samples or complete frames as came in, and the sound that whole blocks give."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from export.instrument.module import InstrumentModule
from export.instrument.site_edit import BankEdit
from tests.helpers.models.random_banks import random_stops
from tests.helpers.models.tiny_core import CHANNELS, RATIO, TinyCore
from training.banks.open_bank import edit_of

if TYPE_CHECKING:
    from export.instrument.bake import Baked

LONGEST = 5000
CALLS = 10_000 if os.environ.get("DRAWSTOP_WHOLE_TABLE") else 400
STOPS = 2
SEED = 8
ROUNDING = 1e-4
"""Matrix products and convolutions of other lengths add up in another order."""
AT_REST, MOVED = (0.0, CALLS, 0.0), (-0.7, 60, ROUNDING)
"""The stops' value, how many blocks, and how far the sound may be from that of whole blocks."""


@pytest.fixture(scope="module")
def tiny() -> torch.jit.ScriptModule:
    core = TinyCore()
    bank = random_stops(core.latent_size, "f" * 64, "latent", ("static", "static"))
    edits = {"latent": [BankEdit(edit_of(bank, core.voices), [0, 1])]}
    limits = [(-1.0, 1.0)] * STOPS
    instrument = InstrumentModule(core, edits, ["guitar", "voice"], limits, 44100, RATIO).eval()  # type: ignore[arg-type]
    for parameter in instrument.parameters():
        parameter.requires_grad_(False)
    scripted: torch.jit.ScriptModule = torch.jit.script(instrument)
    return scripted


@pytest.fixture(autouse=True)
def _cheaply() -> Iterator[None]:
    with torch.inference_mode(), torch.jit.optimized_execution(False):
        yield


def lengths(calls: int, shortest: int = 0) -> list[int]:
    """Random lengths: a third of them short, a third anything, a third multiples of the ratio."""
    random = torch.Generator().manual_seed(SEED)
    drawn = torch.rand(calls, 2, generator=random)
    tops = (2 * RATIO, LONGEST, LONGEST // RATIO)
    kinds = [min(int(3 * kind), 2) for kind in drawn[:, 0].tolist()]
    found = [int(share * (tops[kind] + 1)) for kind, share in zip(kinds, drawn[:, 1].tolist(), strict=True)]
    return [
        max(shortest, size * (RATIO if kind == 2 else 1)) for kind, size in zip(kinds, found, strict=True)
    ]


def sound(channels: int, samples: int, voices: int = 1) -> Tensor:
    return 0.3 * torch.randn(voices, channels, samples, generator=torch.Generator().manual_seed(samples))


def fresh(script: torch.jit.ScriptModule, value: float = 0.0) -> Any:
    values = {"guitar": value, "voice": -value, "noise": 0, "ramp": 0.01, "reset": 1}
    for name, number in values.items():
        getattr(script, f"set_{name}")(number)
    return script


@pytest.mark.parametrize("method", ["forward", "play"])
@pytest.mark.parametrize("value, calls, tolerance", [AT_REST, MOVED])
def test_odd_blocks_give_their_own_length_and_whole_blocks_sound_one_frame_later(
    tiny: torch.jit.ScriptModule, method: str, value: float, calls: int, tolerance: float
) -> None:
    sizes = [1, *lengths(calls)]
    audio = sound(CHANNELS, sum(sizes))
    if method == "play":
        audio = torch.cat([audio, value * torch.rand(1, STOPS, audio.shape[-1])], 1)
    played = []
    call = getattr(fresh(tiny, value), method)
    for block in audio.split(sizes, -1):
        out = call(block)
        assert out.shape == (1, CHANNELS, block.shape[-1])
        played.append(out.clone())
    whole = audio[..., : audio.shape[-1] // RATIO * RATIO]
    expected = getattr(fresh(tiny, value), method)(whole)
    found = torch.cat(played, -1)
    assert found[..., :RATIO].eq(0).all()
    compared = min(whole.shape[-1], audio.shape[-1] - RATIO)
    difference = found[..., RATIO : RATIO + compared] - expected[..., :compared]
    assert difference.abs().max() <= tolerance


@pytest.mark.parametrize("method", ["encode", "listen"])
def test_odd_blocks_give_the_frames_that_are_complete(tiny: torch.jit.ScriptModule, method: str) -> None:
    sizes = lengths(CALLS)
    audio = sound(CHANNELS, sum(sizes))
    call = getattr(fresh(tiny), method)
    frames, came = [], 0
    for block in audio.split(sizes, -1):
        before, came = came // RATIO, came + block.shape[-1]
        out = call(block)
        assert out.shape[-1] == came // RATIO - before
        frames.append(out.clone())
    expected = getattr(fresh(tiny), method)(audio[..., : came // RATIO * RATIO])
    assert (torch.cat(frames, -1) - expected).abs().max() <= ROUNDING


@pytest.mark.parametrize("method", ["decode", "steer"])
def test_any_number_of_frames_gives_what_they_give_together(
    tiny: torch.jit.ScriptModule, method: str
) -> None:
    sizes = [length // RATIO for length in lengths(CALLS)]
    frames = sound(RATIO, sum(sizes))
    if method == "steer":
        frames = torch.cat([frames, torch.zeros(1, STOPS, frames.shape[-1])], 1)
    call = getattr(fresh(tiny), method)
    parts = [call(block).clone() for block in frames.split(sizes, -1)]
    samples = RATIO if method == "decode" else 1
    assert [part.shape[-1] for part in parts] == [samples * size for size in sizes]
    assert torch.equal(torch.cat(parts, -1), getattr(fresh(tiny), method)(frames))


def test_multiples_have_no_delay_until_an_odd_block_and_none_again_after_a_reset(
    tiny: torch.jit.ScriptModule,
) -> None:
    audio = sound(CHANNELS, 4 * RATIO)
    expected = fresh(tiny).forward(audio).clone()
    instrument = fresh(tiny)
    assert instrument.forward(audio[..., :0]).shape == (1, CHANNELS, 0)
    assert torch.equal(instrument.forward(audio), expected)
    instrument.forward(audio[..., :7])
    assert not torch.equal(instrument.forward(audio), expected)
    assert torch.equal(fresh(tiny).forward(audio), expected)


def test_another_number_of_voices_begins_anew(tiny: torch.jit.ScriptModule) -> None:
    instrument = fresh(tiny)
    for voices in (1, 2, 3, 1):
        for samples in (5, 700, 64, 0):
            assert instrument.play(sound(CHANNELS + STOPS, samples, voices)).shape == (voices, 1, samples)
            assert instrument.encode(sound(CHANNELS, samples, voices)).shape[:2] == (voices, RATIO)


@pytest.mark.slow
def test_a_real_rave_plays_odd_blocks_as_whole_ones_within_rounding(baked_variational: "Baked") -> None:
    described = baked_variational.description
    sizes = [1, 700, 0, described.ratio, 100, 5000, 63, *lengths(20)]
    audio = sound(described.channels_in, sum(sizes))
    instrument = torch.jit.load(str(baked_variational.path)).eval()
    found = torch.cat([fresh(instrument).forward(audio[..., :1]), *[
        instrument.forward(block).clone() for block in audio[..., 1:].split(sizes[1:], -1)
    ]], -1)  # fmt: skip
    whole = audio.shape[-1] // described.ratio * described.ratio
    expected = fresh(instrument).forward(audio[..., :whole])
    compared = min(whole, audio.shape[-1] - described.ratio)
    difference = found[..., described.ratio : described.ratio + compared] - expected[..., :compared]
    assert expected.square().mean() > 1e-6
    assert difference.abs().max() < ROUNDING


def test_where_other_hosts_look_for_a_raves_rate_and_latents_they_find_them(
    tiny: torch.jit.ScriptModule,
) -> None:
    buffers = dict(tiny.named_buffers())
    assert int(buffers["_rave.sampling_rate"]) == 44100 and int(buffers["_rave.latent_size"]) == RATIO
    assert tiny._rave.stereo is False
    assert buffers["decode_params"].tolist() == [RATIO, RATIO, CHANNELS, 1]
