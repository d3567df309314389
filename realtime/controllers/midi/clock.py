"""The tempo: set by hand, or estimated from a MIDI clock.

A MIDI clock is 24 ticks per quarter note. They come late, in bunches, or not at all, so they aren't counted: the
period is the one at which all recent ticks agree in phase, the highest peak of their periodogram (Schuster 1898).
A lost tick doesn't change it, a late one changes it little.
"""

import math
import threading
from collections import deque

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError

TICKS_PER_BEAT = 24
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
DEFAULT_BPM = 120.0

_WINDOW = 2 * TICKS_PER_BEAT
_ENOUGH = TICKS_PER_BEAT // 2
"""Ticks that a tempo needs."""
_STOPPED_SECONDS = 4 * 60 / (SLOWEST_BPM * TICKS_PER_BEAT)
"""A longer pause is no lost tick, even at the slowest tempo: the ticks after it have another phase."""
_SPAN = 4
"""Ticks over which the first guess is taken: bunches and jitter even out."""
_SEARCHED = np.linspace(0.7, 1.4, 281)
"""The rates at which the peak is searched, in units of the first guess; narrow enough to leave out half and double."""


class Tempo:
    """The tempo. Safe to use from several threads.

    While a clock ticks, it sets the tempo; when it stops, the tempo stays. A change is followed in about two beats.

    Args:
        bpm: quarter notes per minute, until a clock sets them.
    """

    def __init__(self, bpm: float = DEFAULT_BPM) -> None:
        self._lock = threading.Lock()
        self._ticks: deque[float] = deque(maxlen=_WINDOW)
        self._known = True
        self.bpm = bpm

    @property
    def bpm(self) -> float:
        """Quarter notes per minute. Setting it raises DrawstopError beyond 20 to 400."""
        with self._lock:
            if not self._known:
                self._known = True
                bpm = _bpm(np.array(self._ticks))
                if SLOWEST_BPM <= bpm <= FASTEST_BPM:
                    self._bpm = bpm
            return self._bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            raise DrawstopError(
                f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats per minute, got {bpm:g}"
            )
        with self._lock:
            self._ticks.clear()
            self._bpm, self._known = float(bpm), True

    def seconds(self, beats: float) -> float:
        """The duration of some beats in seconds, at the present tempo."""
        return beats * 60.0 / self.bpm

    def tick(self, at: float) -> None:
        """Receive a tick of the clock.

        Args:
            at: the moment of the tick in seconds, on any clock that runs evenly.
        """
        with self._lock:
            if self._ticks and not 0 <= at - self._ticks[-1] <= _STOPPED_SECONDS:
                self._ticks.clear()
            self._ticks.append(at)
            self._known = len(self._ticks) < _ENOUGH

    def restart(self) -> None:
        """Drop the ticks so far, when the clock starts, stops or continues: later ticks have another phase."""
        with self._lock:
            self._ticks.clear()
            self._known = True


def _bpm(ticks: npt.NDArray[np.float64]) -> float:
    """The tempo of ticks at times `[n]` in seconds; NaN if they have none."""
    guess = float(np.median(ticks[_SPAN:] - ticks[:-_SPAN])) / _SPAN
    if guess <= 0:
        return math.nan
    rates = _SEARCHED / guess
    phases = np.exp(2j * np.pi * np.outer(rates, ticks - ticks.mean()))
    height = np.abs(phases.sum(axis=1))
    peak = min(max(int(height.argmax()), 1), len(rates) - 2)
    before, top, after = height[peak - 1 : peak + 2]
    bend = before - 2 * top + after
    aside = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return 60.0 / TICKS_PER_BEAT * float(rates[peak] + aside * (rates[1] - rates[0]))
