"""The MDCT: nothing is lost, energy stays, each latent has its place in the spectrum; scipy is the reference."""

import numpy as np
import pytest
import torch
from scipy.fft import dct

from training.separation.mdct import HOP, REFERENCE_RMS, Mdct

SAMPLE_RATE = 44100
ROUND_TRIP = 1e-6
"""Largest error of the round trip, where samples are below 1."""


def noise(frames: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(2, 1, HOP * frames, generator=torch.Generator().manual_seed(seed))


def test_the_inverse_gives_back_the_sound_one_frame_late() -> None:
    mdct, audio = Mdct(), noise(20)
    played = mdct.inverse(mdct(audio))
    assert played.shape == audio.shape
    assert float((played[..., HOP:] - audio[..., :-HOP]).abs().max()) < ROUND_TRIP


def test_latents_are_scipys_dct_of_the_folded_frame() -> None:
    mdct, audio = Mdct(), noise(6)
    samples = np.concatenate([np.zeros(HOP), audio[0, 0].double().numpy()])
    window = np.sin(np.pi * (np.arange(2 * HOP) + 0.5) / (2 * HOP))
    latents = mdct(audio)[0].double().numpy()
    half = HOP // 2
    for frame in range(6):
        a, b, c, d = (samples[frame * HOP :][: 2 * HOP] * window).reshape(4, half)
        folded = np.concatenate([-c[::-1] - d, a - b[::-1]])
        expected = dct(folded, type=4, norm="ortho") / REFERENCE_RMS
        assert np.abs(latents[:, frame] - expected).max() < 1e-4


def test_sound_of_the_reference_level_has_latents_of_one() -> None:
    audio = REFERENCE_RMS * torch.randn(1, 1, HOP * 400, generator=torch.Generator().manual_seed(1))
    assert float(Mdct()(audio).square().mean().sqrt()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("latent", [0, 5, 40, 127])
def test_each_latent_holds_its_part_of_the_spectrum(latent: int) -> None:
    hertz = (latent + 0.5) * SAMPLE_RATE / (2 * HOP)
    time = torch.arange(HOP * 60) / SAMPLE_RATE
    powers = Mdct()(torch.sin(2 * torch.pi * hertz * time)[None, None]).square().mean((0, 2))
    assert int(powers.argmax()) == latent


def test_latents_add_up() -> None:
    mdct, a, b = Mdct(), noise(8, 1), noise(8, 2)
    assert float((mdct(a + b) - mdct(a) - mdct(b)).abs().max()) < 1e-5
