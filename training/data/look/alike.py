"""Finds copies of one recording (also in other formats, rates and levels) by the loudest second and the levels.

Key idea: the loudest second's spectrum doesn't depend on where exactly it was cut, so candidates are pairs of nearly equal
spectra, one matrix product; then the two seconds are compared sample by sample at the lag that fits best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.data.look.sound_facts import MARK_RATE, SoundFacts

SPECTRUM = 0.98
"""Cosine of two pooled spectra above which the seconds are compared; coders and resampling leave .999 and more."""

ALIKE = 0.9
"""Correlation above which two recordings count as copies: lossy copies of the demo's have .94 or more, others .33."""

IDENTICAL = 0.999999

LEVELS_DB = 1.0
"""Largest median deviation, in dB, between two copies' levels second by second, less their median level difference."""

LENGTH_SECONDS = 0.5
"""Largest difference in length between two copies: coders pad."""

BANDS = 256
CHUNK = 512
QUIETEST = 1e-4

Array = npt.NDArray[np.float32]


def alike(recordings: Sequence[SoundFacts]) -> list[list[int]]:
    """Groups of two or more copies of one recording, each as sorted indices."""
    marked = [index for index, each in enumerate(recordings) if each.mark is not None]
    if len(marked) < 2:
        return []
    spectra = np.stack([_spectrum(recordings[index]) for index in marked])
    group = {index: index for index in marked}
    for begin in range(0, len(marked), CHUNK):
        near = spectra[begin : begin + CHUNK] @ spectra.T > SPECTRUM
        for row, column in np.argwhere(np.triu(near, begin + 1)):
            first, second = marked[begin + int(row)], marked[int(column)]
            if group[first] != group[second] and likeness(recordings[first], recordings[second]) > ALIKE:
                joined = group[second]
                group |= {index: group[first] for index, of in group.items() if of == joined}
    found: dict[int, list[int]] = {}
    for index, of in group.items():
        found.setdefault(of, []).append(index)
    return [sorted(each) for each in found.values() if len(each) > 1]


def _padded(facts: SoundFacts) -> Array:
    assert facts.mark is not None
    return np.pad(facts.mark.astype(np.float32), (0, MARK_RATE - len(facts.mark)))


def _spectrum(facts: SoundFacts) -> Array:
    """`[BANDS]`, of norm 1."""
    power = np.square(np.abs(np.fft.rfft(_padded(facts)))[1:])
    pooled = np.sqrt(np.stack([part.sum() for part in np.array_split(power, BANDS)]))
    return (pooled / max(float(np.linalg.norm(pooled)), 1e-9)).astype(np.float32)


def is_identical(first: SoundFacts, second: SoundFacts) -> bool:
    """True for the same samples in two lossless files."""
    same_level = abs(first.square - second.square) <= 1e-5 * first.square and first.frames == second.frames
    return same_level and likeness(first, second) > IDENTICAL


def likeness(first: SoundFacts, second: SoundFacts) -> float:
    """Correlation of two recordings' loudest seconds where they overlap, at the lag that fits best; 0 where their
    lengths or their levels second by second differ too much for copies."""
    if abs(first.seconds - second.seconds) > LENGTH_SECONDS:
        return 0.0
    count = min(len(first.seconds_rms), len(second.seconds_rms))
    levels = [20 * np.log10(np.maximum(each.seconds_rms[:count], QUIETEST)) for each in (first, second)]
    difference = levels[0] - levels[1]
    if float(np.median(np.abs(difference - np.median(difference)))) > LEVELS_DB:
        return 0.0
    marks = [_padded(each) for each in (first, second)]
    spectra = [np.fft.rfft(each, 2 * MARK_RATE) for each in marks]
    lag = int(np.fft.irfft(spectra[0] * spectra[1].conj(), 2 * MARK_RATE).argmax())
    lag = lag - 2 * MARK_RATE if lag > MARK_RATE else lag
    if abs(lag) > MARK_RATE // 2:
        return 0.0
    one, other = (marks[0][lag:], marks[1]) if lag >= 0 else (marks[0], marks[1][-lag:])
    one, other = one[: len(other)], other[: len(one)]
    return float(np.vdot(one, other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))
