"""Levels of frequency bands of what goes in and comes out, from the ring that the sound device shares.

Key idea: the ring holds the last seconds anyway. The command's process reads a piece of it ten times a second; no process
that plays waits for that.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

BANDS = 48
LOWEST_HZ, HIGHEST_HZ = 40.0, 16000.0
WINDOW = 4096
"""Samples of a spectrum: 85 ms at 48 kHz, whose 12 Hz tell the lowest bands apart."""
FLOOR_DB = -100.0


class Ring(Protocol):
    """The part of the device's ring that is read here."""

    @property
    def position(self) -> int:
        """Number of samples that the device has brought and taken."""
        ...

    def read_input(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Input samples start .. stop - 1. `[channels, samples]`"""
        ...

    def read_taken_output(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Output samples start .. stop - 1, as the device took them. `[channels, samples]`"""
        ...


def band_edges(rate: float) -> npt.NDArray[np.float64]:
    """The limits of the bands in hertz, in equal ratios. `[BANDS + 1]`"""
    return np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate / 2), BANDS + 1)


def band_levels(sound: npt.NDArray[np.float32], rate: float) -> npt.NDArray[np.float64]:
    """The level of each band in dBFS: 0 for a sine of full scale within it.

    Args:
        sound: `[samples]`
        rate: hertz.

    Shape: `[BANDS]`
    """
    window = np.hanning(len(sound) + 1)[:-1]
    # a sine's energy lies in a few bins: their sum, by Parseval, is half the window's energy times half the samples
    power = np.abs(np.fft.rfft(sound * window)) ** 2 * 4.0 / (len(sound) * float(np.sum(window**2)))
    bins = band_edges(rate) * len(sound) / rate
    first = np.minimum(np.floor(bins[:-1]).astype(int), len(power) - 1)
    last = np.minimum(np.maximum(np.floor(bins[1:]).astype(int), first + 1), len(power))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    widths = np.maximum(bins[1:] - bins[:-1], 0.0) / (
        last - first
    )  # a band narrower than a bin gets its share
    levels = 10.0 * np.log10(np.maximum((sums[last] - sums[first]) * np.minimum(widths, 1.0), 1e-12))
    return np.maximum(levels, FLOOR_DB)


def spectra(ring: Ring | None, rate: float) -> dict[str, tuple[float, ...]]:
    """The bands' levels of the newest input and output, by name, rounded to whole dB; none without enough sound."""
    position = 0 if ring is None else ring.position
    if ring is None or position < WINDOW or not np.isfinite(rate):
        return {}
    read = {"in": ring.read_input, "out": ring.read_taken_output}
    return {
        name: tuple(np.round(band_levels(each(position - WINDOW, position).mean(axis=0), rate)).tolist())
        for name, each in read.items()
    }
