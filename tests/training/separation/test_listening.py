"""The input of the trunk: mel bands as torchaudio's, late by a frame and no more."""

import pytest
import torch
import torchaudio

from training.separation.listening import LOWEST_HZ, Listening, mel_bands
from training.separation.mdct import HOP, Mdct

SAMPLE_RATE = 44100


@pytest.mark.parametrize(("window", "count"), [(2048, 60), (512, 20)])
def test_mel_bands_are_torchaudios(window: int, count: int) -> None:
    expected = torchaudio.functional.melscale_fbanks(
        window // 2 + 1, LOWEST_HZ, SAMPLE_RATE / 2, count, SAMPLE_RATE, norm=None, mel_scale="htk"
    )
    assert float((mel_bands(window, count, SAMPLE_RATE) - expected).abs().max()) < 1e-4


def test_no_band_is_empty() -> None:
    assert bool((mel_bands(512, 64, SAMPLE_RATE).sum(0) > 0).all())


def test_ten_times_the_sound_is_a_hundred_times_the_energy_at_the_same_timbre() -> None:
    listening = Listening((20, 10), SAMPLE_RATE)
    latents = Mdct()(0.1 * torch.randn(1, 1, HOP * 40, generator=torch.Generator().manual_seed(0)))
    quiet, loud = (listening(latents * gain)[0][..., 5:] for gain in (1.0, 10.0))
    assert float((loud - quiet)[:, :-1].abs().max()) < 1e-2
    assert float(((loud - quiet)[:, -1] - torch.log(torch.tensor(100.0))).abs().max()) < 1e-2


def test_a_step_comes_every_fourth_frame_and_knows_no_later_one() -> None:
    listening = Listening((20, 10), SAMPLE_RATE)
    latents = torch.randn(1, HOP, 24, generator=torch.Generator().manual_seed(1))
    changed = latents.clone()
    changed[..., 16:] = 0.0
    before, after = listening(latents)[0], listening(changed)[0]
    assert before.shape == (1, 31, 6)
    assert torch.equal(before[..., :4], after[..., :4])
    assert not torch.equal(before[..., 4], after[..., 4])
