"""The separation loss: its value where it is known, and what it prefers."""

import pytest
import torch

from training.separation.loss import ABSENT_WEIGHT, separation_loss


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
    assert losses[2] == pytest.approx(-20 * ABSENT_WEIGHT, abs=0.01)
