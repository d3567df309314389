"""The shipped RAVE: its output is its input, exactly as late as it says; no stop can be more faithful."""

import torch

from training.models.rave.model import RaveModel
from training.separation.mdct import HOP, Mdct
from training.shipped import SHIPPED_RAVE

LARGEST_DELAY_S = 0.010
FIDELITY_DB = 100.0


def test_an_impulse_comes_back_alone_as_late_as_the_file_says() -> None:
    model = RaveModel(SHIPPED_RAVE)
    delay = model.rates.delays.whole
    impulse = torch.zeros(1, 1, 40 * HOP)
    impulse[..., 1000] = 0.5
    played = model.decode(model.encode(impulse))[0, 0]
    assert int(played.abs().argmax()) == 1000 + delay
    assert delay / model.rates.sample_rate <= LARGEST_DELAY_S
    played[1000 + delay] -= 0.5
    assert float(played.abs().max()) < 1e-6


def test_noise_comes_back_whole_at_every_level() -> None:
    model = RaveModel(SHIPPED_RAVE)
    delay = model.rates.delays.whole
    for level in (1e-4, 0.1, 1.0):
        audio = level * torch.randn(1, 1, 200 * HOP, generator=torch.Generator().manual_seed(0))
        error = model.decode(model.encode(audio))[..., delay:] - audio[..., :-delay]
        assert float(10 * torch.log10(audio.square().sum() / error.square().sum())) > FIDELITY_DB


def test_silence_comes_back_as_exact_silence() -> None:
    model = RaveModel(SHIPPED_RAVE)
    assert not bool(model.decode(model.encode(torch.zeros(1, 1, 20 * HOP))).any())


def test_its_latents_are_the_mdcts() -> None:
    audio = 0.1 * torch.randn(1, 1, 30 * HOP, generator=torch.Generator().manual_seed(1))
    assert float((RaveModel(SHIPPED_RAVE).encode(audio) - Mdct()(audio)).abs().max()) < 1e-4
