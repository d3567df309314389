"""Filters over each latent's last frames from shares of the sound's bands: what part of each band belongs to a concept.

Key idea: latent k of successive frames is the sound through one band-pass filter, read every 128 samples. So the power spectrum
of what sounds tells how a latent's frames correlate, and its concept's share how they correlate with the concept's own; the
Wiener filter follows by a small system of equations (Wiener 1949; for filters over short-time frames Mack & Habets 2020). A
network has to say shares of bands alone, and the filters still tell harmonics apart that fall into one latent of 172 Hz.
"""

import math

import torch
from torch import Tensor, nn

from training.separation.mdct import HOP, mdct_rows

REGULARISATION = 0.01
"""Added to the correlation of a frame with itself; a hundredth loses nothing (the same .1 dB as a ten-thousandth)."""
SILENT = 1e-12


class BandFilters(nn.Module):
    """Power spectra and shares of bands to filters of each latent.

    With r the correlations of latent k's frames and t those that the shares leave, at lags 0..taps-1, relative to r_0, the filter
    solves `(toeplitz(r) + c I) a = t + c t_0 e_0`. So where every share is 1, a passes the frame on, and where it is 0, nothing.

    Args:
        bands: mel bands, `[bins, bands]`.
        taps: length of the filters, the current frame included.
    """

    spread: Tensor
    responses: Tensor
    cosines: Tensor
    lags: Tensor

    def __init__(self, bands: Tensor, taps: int) -> None:
        super().__init__()
        window = 2 * (bands.shape[0] - 1)
        self.period: int = window // HOP
        self.taps: int = taps
        self.regularisation: float = REGULARISATION
        self.silent: float = SILENT
        power = torch.fft.rfft(mdct_rows(HOP), n=window).abs().square()[:, :-1]
        # bins that are a whole number of periods apart have the same cosines
        responses = power.unflatten(1, (-1, self.period)).permute(2, 1, 0)
        self.register_buffer("responses", responses.contiguous(), persistent=False)
        bin_and_lag = torch.arange(self.period)[:, None] * torch.arange(taps)
        self.register_buffer("cosines", torch.cos(2 * math.pi / self.period * bin_and_lag), persistent=False)
        self.register_buffer("spread", spread_of(bands)[:, :-1].contiguous(), persistent=False)
        lags = (torch.arange(taps)[:, None] - torch.arange(taps)).abs()
        self.register_buffer("lags", lags.flatten(), persistent=False)

    def correlations(self, power: Tensor) -> Tensor:
        """How each latent's frames correlate. `[steps, bins - 1]` -> `[steps, latents, taps]`."""
        folded = torch.bmm(power.unflatten(1, (-1, self.period)).permute(2, 0, 1), self.responses)
        return torch.matmul(folded.permute(1, 2, 0), self.cosines)

    def whitening(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """What the filters of any shares are made with: the inverse of the correlations, and their scale.

        Shape: `[steps, bins]` -> `[steps, latents, taps, taps]`, `[steps, latents, 1]`.
        """
        r = self.correlations(power[:, :-1])
        scale = 1 / (r[..., :1] + self.silent)
        toeplitz = (r * scale).index_select(2, self.lags).unflatten(2, (self.taps, self.taps))
        system = toeplitz + self.regularisation * torch.eye(self.taps)
        return torch.linalg.inv_ex(system)[0], scale

    def forward(self, power: Tensor, whitening: tuple[Tensor, Tensor], shares: Tensor) -> Tensor:
        """Filters of shares. `[steps, bins]`, as `whitening` gives, `[steps, bands]` -> `[steps, taps, latents]`."""
        inverse, scale = whitening
        t = self.correlations(power[:, :-1] * torch.matmul(shares, self.spread)) * scale
        t = torch.cat([t[..., :1] * (1 + self.regularisation), t[..., 1:]], -1)
        return torch.matmul(inverse, t.unsqueeze(-1)).squeeze(-1).transpose(1, 2)


def spread_of(bands: Tensor) -> Tensor:
    """Shares of bands to shares of bins: a bin's is the mean of its bands', or of the nearest bin's that has any.

    Shape: `[bins, bands]` -> `[bands, bins]`.
    """
    covered = torch.nonzero(bands.sum(1) > 0).flatten()
    nearest = covered[(torch.arange(len(bands))[:, None] - covered).abs().argmin(1)]
    return (bands[nearest] / bands[nearest].sum(1, keepdim=True)).T
