"""Wiener filters over each latent's last frames, from the share of each band that belongs to a concept.

Key idea: the values of latent k in successive frames are one band-pass filter's output, sampled every 128 samples. The
sound's power spectrum therefore gives their autocorrelation, and the concept's share of it gives their
cross-correlation with the concept. A small linear system then yields the filter (Wiener 1949; Mack & Habets 2020). The
network only has to estimate shares of bands, yet harmonics within one latent (172 Hz) are still separated.
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

    With r the autocorrelation of latent k's frames and t that of the concept's share of them, at lags 0..taps-1,
    relative to r_0, the filter solves `(toeplitz(r) + c I) a = t + c t_0 e_0`. So where every share is 1, a passes the
    frame on, and where it is 0, nothing.

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
        """The autocorrelation of each latent's frames. `[steps, bins - 1]` -> `[steps, latents, taps]`."""
        folded = torch.bmm(power.unflatten(1, (-1, self.period)).permute(2, 0, 1), self.responses)
        return torch.matmul(folded.permute(1, 2, 0), self.cosines)

    def whitening(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """The part of the filters that doesn't depend on the shares: inverse correlation matrices and their scale.

        Shape: `[steps, bins]` -> `[steps, latents, taps, taps]`, `[steps, latents, 1]`.
        """
        r = self.correlations(power[:, :-1])
        scale = 1 / (r[..., :1] + self.silent)
        toeplitz = (r * scale).index_select(2, self.lags).unflatten(2, (self.taps, self.taps))
        system = toeplitz + self.regularisation * torch.eye(self.taps)
        return torch.linalg.inv_ex(system)[0], scale

    def forward(self, power: Tensor, whitening: tuple[Tensor, Tensor], shares: Tensor) -> Tensor:
        """The filters for given shares.

        Shape: `[steps, bins]`, as `whitening` gives, `[steps, bands]` -> `[steps, taps, latents]`.
        """
        inverse, scale = whitening
        t = self.correlations(power[:, :-1] * torch.matmul(shares, self.spread)) * scale
        t = torch.cat([t[..., :1] * (1 + self.regularisation), t[..., 1:]], -1)
        return torch.matmul(inverse, t.unsqueeze(-1)).squeeze(-1).transpose(1, 2)


def spread_of(bands: Tensor) -> Tensor:
    """From shares of bands to shares of bins: the mean over a bin's bands, or those of the nearest bin in a band.

    Shape: `[bins, bands]` -> `[bands, bins]`.
    """
    covered = torch.nonzero(bands.sum(1) > 0).flatten()
    nearest = covered[(torch.arange(len(bands))[:, None] - covered).abs().argmin(1)]
    return (bands[nearest] / bands[nearest].sum(1, keepdim=True)).T
