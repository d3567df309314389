"""The separation loss: its value where it is known, and what it prefers."""

import math

import pytest
import torch

from training.separation.loss import ABSENT_WEIGHT, ALONE_FLOOR_DB, separation_loss, share_loss


def sounds(seed: int) -> torch.Tensor:
    return torch.randn(1, 8, 50, generator=torch.Generator().manual_seed(seed))


def test_silence_in_place_of_a_part_as_loud_as_the_rest_costs_nothing() -> None:
    target, rest = sounds(1), sounds(2)
    rest = rest * (target.norm() / rest.norm())
    assert float(separation_loss(0 * target, target, target + rest)) == pytest.approx(0.0, abs=0.05)


def test_ten_times_less_error_is_twenty_decibels() -> None:
    target, rest, error = sounds(1), sounds(2), sounds(3)
    losses = [float(separation_loss(target + share * error, target, target + rest)) for share in (0.5, 0.2)]
    assert losses[0] - losses[1] == pytest.approx(20 * torch.log10(torch.tensor(2.5)).item(), abs=0.2)


def test_where_nothing_is_wanted_less_is_better_down_to_the_floor() -> None:
    mixture = sounds(1)
    losses = [float(separation_loss(share * mixture, 0 * mixture, mixture)) for share in (1.0, 0.3, 0.0)]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] == pytest.approx(ALONE_FLOOR_DB * ABSENT_WEIGHT, abs=0.01)


def test_a_solo_that_is_taken_whole_and_silence_that_is_left_alone_weigh_the_same() -> None:
    sound = sounds(1)
    assert float(separation_loss(sound, sound, sound)) == float(separation_loss(0 * sound, 0 * sound, sound))


def test_shares_are_best_where_they_are_the_true_ones() -> None:
    generator = torch.Generator().manual_seed(3)
    own, rest = (torch.rand(2, 20, 12, generator=generator) for _ in range(2))
    true = own / (own + rest)
    best = float(share_loss(true, own, rest))
    assert best < float(share_loss((true + 0.1).clamp(max=1), own, rest))
    assert best < float(share_loss((true - 0.1).clamp(min=0), own, rest))
    assert best < float(share_loss(torch.full_like(true, 0.5), own, rest))


def test_shares_of_what_is_absent_cost_by_the_weight_of_absence() -> None:
    rest = torch.rand(2, 20, 12, generator=torch.Generator().manual_seed(4))
    losses = [float(share_loss(torch.full_like(rest, share), 0 * rest, rest)) for share in (1.0, 0.3, 0.0)]
    assert losses == sorted(losses, reverse=True)
    shares = torch.full_like(rest, 0.3)
    once, twice = (float(share_loss(shares, 0 * rest, rest, k * ABSENT_WEIGHT)) for k in (1, 2))
    assert twice - once == pytest.approx(5 * math.log10(0.3**2 + 10 ** (ALONE_FLOOR_DB / 10)), abs=1e-3)


def test_a_quiet_band_counts_though_a_loud_one_hides_its_power() -> None:
    own, rest = torch.zeros(1, 20, 12), torch.ones(1, 20, 12)
    own[..., 0] = 1e4
    rest[..., 0] = 1.0
    own[..., 1:] = 1.0
    loud_alone, both = torch.zeros_like(own), own / (own + rest)
    loud_alone[..., 0] = both[..., 0]
    assert float(share_loss(both, own, rest)) < float(share_loss(loud_alone, own, rest)) - 0.5
