"""Statistics of whole recordings, on frames and sounds whose values are known."""

import numpy as np
import pytest
import torch

from training.evaluation.probes.clip_statistics import (
    LogMel,
    at_one_level,
    log_mel_statistics,
    mean_features,
    moments,
)
from training.metrics.mel import BANDS
from training.recipes.diverse.encoded_set import MEL
from training.sae.config import SAEConfig
from training.sae.model import SAE

GAIN_TOLERANCE = 1e-4
"""Relative: what float32 rounding leaves."""
SAE_OF_8 = SAE(SAEConfig(d_in=8, n_features=32, k=4, centre=False, bias=False))


def test_features_at_one_level_do_not_depend_on_the_gain_and_others_do() -> None:
    x = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    levelled = [mean_features(SAE_OF_8, at_one_level(gain * x)) for gain in (1.0, 0.01)]
    assert np.allclose(*levelled, rtol=GAIN_TOLERANCE)
    assert not np.allclose(mean_features(SAE_OF_8, x), mean_features(SAE_OF_8, 0.01 * x))


def test_a_feature_that_is_always_on_has_its_own_share_of_the_sound() -> None:
    direction = SAE_OF_8.W_dec[5].detach().numpy()
    means = mean_features(SAE_OF_8, at_one_level(np.tile(3 * direction, (20, 1))))
    assert means.argmax() == 5
    assert means[5] == pytest.approx(8**0.5, rel=1e-5)


def test_silence_has_no_features_and_no_moments() -> None:
    silence = at_one_level(np.zeros((10, 8), dtype=np.float32))
    assert not mean_features(SAE_OF_8, silence).any()
    assert not moments(silence).any()


def test_moments_are_means_then_standard_deviations() -> None:
    assert moments(np.array([[1.0, 4.0], [3.0, 4.0]], dtype=np.float32)).tolist() == [2.0, 4.0, 1.0, 0.0]


@pytest.mark.parametrize("how", [LogMel(), MEL], ids=["report", "diverse set"])
def test_a_high_tone_raises_a_higher_band_than_a_low_one_at_any_level(how: LogMel) -> None:
    time = torch.arange(22050) / 44100
    low, high = (
        log_mel_statistics(torch.sin(2 * torch.pi * hz * time), 44100, how) for hz in (200.0, 5000.0)
    )
    assert int(low[:BANDS].argmax()) < int(high[:BANDS].argmax())
    quiet = log_mel_statistics(0.01 * torch.sin(2 * torch.pi * 200.0 * time), 44100, how)
    assert np.allclose(low, quiet, atol=1e-2)


def test_a_spectrum_divided_by_its_mean_has_bands_of_mean_one() -> None:
    sound = torch.randn(22050, generator=torch.Generator().manual_seed(0))
    bare = LogMel(by_spectrum=True, floor=0.0)
    found = log_mel_statistics(sound, 44100, bare)
    loud = log_mel_statistics(sound, 44100, LogMel(floor=0.0))
    ratio = loud[:BANDS] - found[:BANDS]
    assert np.allclose(ratio, ratio[0], atol=1e-4), "one number for all bands and times"
    assert np.allclose(loud[BANDS:], found[BANDS:], atol=1e-4)
