"""SI-SDR: known values, and no difference for a gain."""

import pytest
import torch

from training.metrics.separation import decibels, si_sdr


def test_a_tenth_of_orthogonal_noise_is_twenty_decibels_at_any_gain() -> None:
    target, noise = torch.tensor([3.0, 0.0, 4.0]), torch.tensor([0.0, 0.5, 0.0])
    for gain in (0.1, 1.0, -2.0):
        assert float(si_sdr(gain * (target + noise), target)) == pytest.approx(20.0, abs=1e-4)


def test_levels_are_ratios_of_energy() -> None:
    assert decibels(torch.full((2, 5), 10.0), torch.ones(2, 5)).tolist() == pytest.approx([20.0, 20.0])
