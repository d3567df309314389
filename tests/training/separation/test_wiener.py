"""Filters of shares: what all and nothing give, the same equations by scipy, and how well two noises come apart."""

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import torch

from training.metrics.separation import si_sdr
from training.separation.listening import mel_bands, power_spectrum, windows_of
from training.separation.mdct import HOP, Mdct
from training.separation.separator import stepped
from training.separation.wiener import REGULARISATION, BandFilters

SAMPLE_RATE, WINDOW, TAPS = 44100, 2048, 8
BANDS = mel_bands(WINDOW, 160, SAMPLE_RATE)
SINGLE = 1e-3
"""Single precision through a system of condition up to some hundreds."""


def noise(lowest_hz: float, highest_hz: float, samples: int, seed: int) -> torch.Tensor:
    """Band-passed noise, root mean square 0.1."""
    edges = scipy.signal.butter(4, (lowest_hz, highest_hz), "bandpass", fs=SAMPLE_RATE, output="sos")
    sound = scipy.signal.sosfilt(edges, np.random.default_rng(seed).standard_normal(samples))
    return torch.from_numpy(0.1 * sound / np.std(sound)).float()


def power_of(sound: torch.Tensor) -> torch.Tensor:
    return power_spectrum(windows_of(sound[None], WINDOW), torch.hann_window(WINDOW))[0]


@pytest.mark.parametrize(("share", "first_tap"), [(1.0, 1.0), (0.0, 0.0), (0.25, 0.25)])
def test_an_even_share_passes_that_much_of_each_frame_on(share: float, first_tap: float) -> None:
    filters, power = BandFilters(BANDS, TAPS), power_of(noise(100, 15000, HOP * 64, 0))[4:]
    taps = filters(power, filters.whitening(power), torch.full((len(power), 160), share))
    expected = torch.zeros(TAPS, HOP)
    expected[0] = first_tap
    assert float((taps - expected).abs().max()) < SINGLE


def test_filters_solve_the_equations_of_the_frames_correlations() -> None:
    filters, power = BandFilters(BANDS, TAPS), power_of(noise(300, 900, HOP * 64, 1))[8:9]
    shares = torch.rand(1, 160, generator=torch.Generator().manual_seed(2))
    taps = filters(power, filters.whitening(power), shares)[0]
    own = filters.correlations((power[:, :-1] * (shares @ filters.spread)).double().float())[0].double()
    whole = filters.correlations(power[:, :-1])[0].double()
    for latent in (1, 3, 5, 40):
        r, t = whole[latent] / whole[latent, 0], own[latent] / whole[latent, 0]
        r[0], t[0] = 1 + REGULARISATION, t[0] * (1 + REGULARISATION)
        expected = scipy.linalg.solve_toeplitz(r.numpy(), t.numpy())
        np.testing.assert_allclose(taps[:, latent].numpy(), expected, atol=SINGLE)


def test_the_correlations_are_those_of_the_frames() -> None:
    sound = noise(350, 700, HOP * 4000, 3)
    z = Mdct()(sound[None, None])[0].double()
    expected = BandFilters(BANDS, TAPS).correlations(power_of(sound)[8:, :-1].mean(0, keepdim=True))[0]
    for latent in (2, 3):
        products = [float((z[latent, lag:] * z[latent, : z.shape[1] - lag]).mean()) for lag in range(TAPS)]
        measured = np.array(products) / products[0]
        known = (expected[latent] / expected[latent, 0]).numpy()
        # a spectrum by windows of 2048 samples is smeared by two bins: lags of up to 900 samples lose a little
        np.testing.assert_allclose(measured, known, atol=0.2)


def test_two_noises_within_one_latent_come_apart_where_one_gain_could_not() -> None:
    """Both lie in latent 2 (345 to 517 Hz), where no gain of the latent tells them apart."""
    low, high = noise(350, 390, HOP * 800, 4), noise(460, 500, HOP * 800, 5)
    mdct, filters = Mdct(), BandFilters(BANDS, TAPS)
    z = mdct((low + high)[None, None])[0].T
    power, own = power_of(low + high), power_of(low)
    shares = (own @ BANDS) / ((own + power_of(high)) @ BANDS + 1e-12)
    gains = {}
    for name, given in (("filters", shares), ("one gain", torch.full_like(shares, 0.5))):
        taps = filters(power, filters.whitening(power), given)
        past = torch.nn.functional.pad(z.T, (TAPS - 1, 0)).unfold(1, TAPS, 1).flip(2)
        frames = stepped(past.permute(1, 2, 0).flatten(1)[None])[0].unflatten(2, (TAPS, HOP))
        part = (frames * taps[: len(frames), None]).sum(2).flatten(0, 1)
        part = torch.nn.functional.pad(part, (0, 0, 3, 0))[: len(z)]
        sound = mdct.inverse(part[None].transpose(1, 2))[0, 0, HOP:]
        gains[name] = float(si_sdr(sound[4096:], low[: len(sound)][4096:]))
    assert gains["filters"] > gains["one gain"] + 6
    assert abs(gains["one gain"]) < 1
