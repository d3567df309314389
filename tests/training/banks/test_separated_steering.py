"""The edit of a separated bank: neutral bits, even in dB, the same streamed as whole, its random control as strong."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from tests.helpers.models.small_separator import separated_bank
from training.banks.separated_bank import SeparatedBank
from training.banks.separated_edit import AnalysisCache, RandomSeparatedEdit, SeparatedEdit
from training.banks.separated_steering import SeparatedSteering, amount
from training.separation.grains import library_of
from training.separation.mdct import HOP
from training.separation.separator import Separator

STREAMED = 2e-4
"""Largest difference of a stream from the whole: the order of sums."""


def latents(frames: int = 32, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, HOP, frames, generator=torch.Generator().manual_seed(0))


def knobs(values: list[float], frames: int) -> torch.Tensor:
    return torch.tensor(values).reshape(1, -1, 1).expand(1, -1, frames)


@pytest.mark.parametrize("values", [[0.0, 0.0], [0.0, 0.7]])
def test_neutral_or_above_it_changes_no_bit(values: list[float]) -> None:
    z = latents()
    assert torch.equal(SeparatedSteering(separated_bank("a", "b"), 1)(z, knobs(values, 32)), z)


@pytest.mark.parametrize("values", [[-1.0, 0.0], [0.0, -0.4], [-1.0, -0.6]])
def test_streamed_in_blocks_it_gives_what_the_whole_edit_gives(values: list[float]) -> None:
    bank, z = separated_bank("a", "b"), latents(33)
    whole = SeparatedEdit(bank)(z, values)
    steering = SeparatedSteering(bank, 2)
    blocks = [steering(block, knobs(values, block.shape[-1])) for block in z.split(5, 2)]
    assert float((torch.cat(blocks, 2) - whole).abs().max()) < STREAMED
    assert float((whole - z).abs().max()) > 0.01


def test_a_stop_that_was_neutral_for_a_while_knows_its_past() -> None:
    bank, z = separated_bank("a", "b"), latents(40)
    values = knobs([-1.0, 0.0], 40).clone()
    values[:, :, :20] = 0.0
    steering = SeparatedSteering(bank, 1)
    blocks = [steering(block, moved) for block, moved in zip(z.split(4, 2), values.split(4, 2), strict=True)]
    streamed, whole = torch.cat(blocks, 2), SeparatedEdit(bank)(z, [-1.0, 0.0])
    assert torch.equal(streamed[..., :20], z[..., :20])
    assert float((streamed - whole)[..., 20:].abs().max()) < STREAMED


def test_half_the_way_is_half_as_many_decibels() -> None:
    depth = torch.tensor(24.0)
    left = 1 - amount(torch.tensor([0.0, -0.25, -0.5, -0.75, -1.0]), depth)
    part_left_at_full = 10 ** (-24.0 / 20)
    decibels = 20 * torch.log10(left[:-1] * (1 - part_left_at_full) + part_left_at_full)
    assert decibels.tolist() == pytest.approx([0.0, -6.0, -12.0, -18.0], abs=1e-3)
    assert float(left[-1]) == pytest.approx(0.0, abs=1e-6)


def test_shares_lie_between_none_and_all_and_silence_has_none() -> None:
    steering = SeparatedSteering(separated_bank("a", "b"), 1)
    shares = steering.levels(latents(16))
    assert shares.shape == (1, 2, 16)
    assert 0 <= float(shares.min()) <= float(shares.max()) <= 1
    assert not bool(SeparatedSteering(separated_bank("a"), 1).levels(torch.zeros(1, HOP, 16)).any())


def test_the_random_control_takes_as_much_energy_from_each_clip_by_queries_of_its_own() -> None:
    bank, z = separated_bank("a"), latents(32, batch=3)
    own, random = (edit(z, [-1.0]) - z for edit in (SeparatedEdit(bank), RandomSeparatedEdit(bank, 0)))
    assert (own.square().sum((1, 2)) / random.square().sum((1, 2))).tolist() == pytest.approx(
        [1.0] * 3, rel=1e-3
    )
    same = z[:1].expand(3, -1, -1)
    edited = RandomSeparatedEdit(bank, 0)(same, [-1.0])
    assert not torch.allclose(edited[0], edited[1])


def bank_with_grains() -> SeparatedBank:
    """Stop a takes away only; stop b brings in a tone."""
    bank = separated_bank("a", "b")
    tone = 0.1 * torch.sin(2 * torch.pi * 220 * torch.arange(88200) / 44100)
    with_grains = dataclasses.replace(bank.stops[1], grains=library_of([tone], 44100))
    return dataclasses.replace(bank, stops=(bank.stops[0], with_grains))


@pytest.mark.slow
@pytest.mark.parametrize("values", [[0.0, 0.8], [-1.0, 1.0]])
def test_brought_in_block_by_block_it_sounds_as_in_the_whole_edit(values: list[float]) -> None:
    bank, z = bank_with_grains(), latents(48)
    whole = SeparatedEdit(bank)(z, values)
    steering = torch.jit.script(SeparatedSteering(bank, 1))
    blocks = [steering(block, knobs(values, block.shape[-1])) for block in z.split(5, 2)]
    assert float((torch.cat(blocks, 2) - whole).abs().max()) < STREAMED
    assert float((whole - SeparatedEdit(bank)(z, [values[0], 0.0])).abs().max()) > 0.01


def test_only_a_stop_with_grains_goes_above_zero() -> None:
    assert [stop.limits for stop in bank_with_grains().stops] == [(-1.0, 0.0), (-1.0, 1.0)]


def test_the_random_control_brings_in_other_grains_of_the_same_library() -> None:
    bank, z = bank_with_grains(), latents(48)
    own, random = (edit(z, [0.0, 1.0]) for edit in (SeparatedEdit(bank), RandomSeparatedEdit(bank, 0)))
    assert not torch.equal(own, random)
    assert torch.equal(random, RandomSeparatedEdit(bank, 0)(z, [0.0, 1.0]))


def test_edits_that_share_a_cache_give_the_same_bits() -> None:
    bank = separated_bank("low", "high")
    first = latents(24, 2)
    second = first.flip(2)
    cache = AnalysisCache(bank.separator, most=1)
    shared, alone = SeparatedEdit(bank, cache), SeparatedEdit(bank)
    for z in (first, second, first):
        assert torch.equal(shared(z, [-1.0, -0.5]), alone(z, [-1.0, -0.5]))
        assert torch.equal(
            RandomSeparatedEdit(bank, 3, cache)(z, [-1.0, 0.0]),
            RandomSeparatedEdit(bank, 3)(z, [-1.0, 0.0]),
        )


def test_equal_recordings_are_analysed_once_and_a_part_is_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bank, z = separated_bank("low"), latents(24, 2)
    cache = AnalysisCache(bank.separator, most=1)
    calls = {"analyse": 0, "part": 0}

    def counted(name: str) -> Callable[..., object]:
        original = getattr(Separator, name)

        def call(*arguments: object) -> object:
            calls[name] += 1
            return original(*arguments)

        return call

    for name in calls:
        monkeypatch.setattr(Separator, name, counted(name))
    for edit in (
        SeparatedEdit(bank, cache),
        *(RandomSeparatedEdit(bank, seed, cache) for seed in range(2)),
    ):
        edit(z.clone(), [-1.0])
    assert calls == {"analyse": 1, "part": 3}  # the stop's own part, and those of two random queries
    SeparatedEdit(bank, cache)(latents(8), [1.0])
    assert calls["analyse"] == 1  # nothing to take away
