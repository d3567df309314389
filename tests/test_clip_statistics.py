"""What is known of whole recordings: the shipped RAVE on shipped recordings, and frames whose means are known."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drawstop.base.errors import DrawstopError
from training.evidence.statistics import MEL_BANDS, clip_statistics, feature_means, frame_means, mel_means
from training.models.rave import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE

RECORDINGS = Path(__file__).parent.parent / "training" / "demo" / "recordings" / "held_out"
GAIN_TOLERANCE = 1e-4
"""Relative: what float32 rounding and a 24-bit file leave."""


def an_sae(width: int, bias: bool = False) -> SAE:
    return SAE(SAEConfig(d_in=width, n_features=32, k=4, centre=bias, bias=bias))


def test_features_of_a_bias_free_sae_do_not_depend_on_the_level_and_others_do() -> None:
    x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    assert np.allclose(feature_means(an_sae(8), x), feature_means(an_sae(8), 0.01 * x), rtol=GAIN_TOLERANCE)
    assert not np.allclose(
        feature_means(an_sae(8, bias=True), x), feature_means(an_sae(8, bias=True), 0.01 * x)
    )


def test_a_feature_that_is_always_on_has_its_own_share_of_the_sound() -> None:
    sae = an_sae(8)
    direction = sae.W_dec[5].detach()
    means = feature_means(sae, 3.0 * direction.repeat(20, 1))
    assert means.argmax() == 5
    assert means[5] == pytest.approx(8**0.5, rel=1e-5)


def test_silence_has_no_features_and_no_frame_means() -> None:
    assert not feature_means(an_sae(8), torch.zeros(10, 8)).any()
    assert not frame_means(torch.zeros(10, 8)).any()


def test_frame_means_are_means_then_standard_deviations() -> None:
    x = torch.tensor([[1.0, 4.0], [3.0, 4.0]])
    assert frame_means(x).tolist() == [2.0, 4.0, 1.0, 0.0]


def test_a_high_tone_raises_a_higher_band_than_a_low_one_at_any_level() -> None:
    time = torch.arange(22050) / 44100
    low, high = (mel_means(torch.sin(2 * torch.pi * hz * time), 44100) for hz in (200.0, 5000.0))
    assert int(low[:MEL_BANDS].argmax()) < int(high[:MEL_BANDS].argmax())
    quiet = mel_means(0.01 * torch.sin(2 * torch.pi * 200.0 * time), 44100)
    assert np.allclose(low, quiet, atol=1e-2)


def test_recordings_are_heard_in_order_and_a_quieter_copy_has_the_same_features(
    demo_rave: Path, tmp_path: Path
) -> None:
    model = RaveModel(demo_rave)
    path = sorted((RECORDINGS / "guitar").glob("*.flac"))[0]
    audio, rate = soundfile.read(path, dtype="float32")
    soundfile.write(tmp_path / "quiet.wav", 0.125 * audio, rate, subtype="FLOAT")
    other = sorted((RECORDINGS / "voice").glob("*.flac"))[0]
    found = clip_statistics(model, "latent", an_sae(128), [path, other, tmp_path / "quiet.wav"], seconds=1.0)
    assert (
        found.features.shape == (3, 32)
        and found.raw.shape == (3, 256)
        and found.mel.shape == (3, 2 * MEL_BANDS)
    )
    assert np.allclose(found.features[0], found.features[2], rtol=1e-3, atol=1e-5)
    assert not np.allclose(found.features[0], found.features[1], rtol=1e-2)
    assert np.allclose(found.raw[0], found.raw[2], rtol=1e-3, atol=1e-5)
    assert np.linalg.norm(found.raw, axis=1) == pytest.approx(1.0, rel=1e-5)


def test_an_sae_of_another_width_is_refused(demo_rave: Path) -> None:
    path = sorted((RECORDINGS / "guitar").glob("*.flac"))[0]
    with pytest.raises(DrawstopError, match="expected frames"):
        clip_statistics(RaveModel(demo_rave), "latent", an_sae(1, bias=True), [path])
