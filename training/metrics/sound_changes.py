"""How an edit changes level, spectrum and noisiness of a sound."""

from __future__ import annotations

import torch
from torch import Tensor

from training.metrics.audio import distances
from training.metrics.mel import mel_filters

N_FFT = 2048
BANDS = 40
FLOOR = 1e-5
"""Added to a power spectrum at unit level: what lies 50 dB below the whole isn't audible."""


def sound_changes(before: Tensor, after: Tensor, sample_rate: int) -> dict[str, Tensor]:
    """How much each clip changed. `[clips, samples]` twice -> `[clips]` each.

    `level`: dB. `spectrum`: the multi-scale spectral distance (training.metrics.distances). `timbre`: RMS difference in dB of
    the mean mel spectra at unit level: what is left where notes and loudness are averaged out. `noisiness`: change of the
    spectral flatness in dB (Johnston 1988): above 0 is noisier, as damaged sound is.
    """
    first, second = (_mel(sound, sample_rate) for sound in (before, after))
    flat = [_flatness_db(sound) for sound in (before, after)]
    power = [sound.square().mean(1).clamp(min=1e-10) for sound in (before, after)]
    return {
        "level": 10 * torch.log10(power[1] / power[0]),
        "spectrum": distances(after, before),
        "timbre": (second - first).square().mean(1).sqrt(),
        "noisiness": flat[1] - flat[0],
    }


def _spectra(audio: Tensor) -> Tensor:
    """Power spectra at unit level, averaged over time. `[clips, samples]` -> `[clips, bins]`."""
    level = audio.square().mean(1, keepdim=True).sqrt().clamp(min=1e-5)
    window = torch.hann_window(N_FFT)
    spectrum = torch.stft(
        audio / level, N_FFT, N_FFT // 2, window=window, return_complex=True, pad_mode="constant"
    )
    return spectrum.abs().square().mean(-1) / window.square().sum()


def _mel(audio: Tensor, sample_rate: int) -> Tensor:
    """Mean mel spectrum in dB, `[clips, BANDS]`."""
    bands: Tensor = _spectra(audio) @ mel_filters(sample_rate, N_FFT, BANDS).T
    return 10 * torch.log10(bands + FLOOR)


def _flatness_db(audio: Tensor) -> Tensor:
    """Geometric over arithmetic mean of the power spectrum, in dB: 0 for white noise, far below for tones. `[clips]`."""
    power = _spectra(audio) + FLOOR
    return 10 * (power.log10().mean(1) - power.mean(1).log10())
