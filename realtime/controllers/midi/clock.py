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
from realtime.controllers.midi.names import is_part_of

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
_TAPS = 5
"""Taps of a hand that are averaged: a bar's."""
_SEARCHED = np.linspace(0.7, 1.4, 281)
"""The rates at which the peak is searched, in units of the first guess; narrow enough to leave out half and double."""


class Clock:
    """The ticks of one source, and their tempo. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._ticks: deque[float] = deque(maxlen=_WINDOW)
        self._is_new = False
        self._bpm: float | None = None
        self.last = -math.inf

    @property
    def bpm(self) -> float | None:
        """Quarter notes per minute; None until it has ticked enough, or if its ticks have no tempo of 20 to 400."""
        if self._is_new:
            self._is_new = False
            bpm = _bpm(np.array(self._ticks))
            if SLOWEST_BPM <= bpm <= FASTEST_BPM:
                self._bpm = bpm
        return self._bpm

    def tick(self, at: float) -> None:
        """Receive a tick."""
        if self._ticks and not 0 <= at - self.last <= _STOPPED_SECONDS:
            self._ticks.clear()
        self._ticks.append(at)
        self.last = at
        self._is_new = len(self._ticks) >= _ENOUGH

    def restart(self) -> None:
        """Drop the ticks so far: later ones have another phase. The tempo stays."""
        self._ticks.clear()
        self._is_new = False

    def clear(self) -> None:
        """Drop the ticks and the tempo, so that it must tick enough again."""
        self.restart()
        self._bpm = None


class Tempo:
    """The tempo. Safe to use from several threads.

    While a clock ticks, it sets the tempo; when it stops, the tempo stays. A change is followed in about two beats. Of
    several clocks one is followed, so that their ticks never add up: the first that ticks, until it is silent for half a
    second while another ticks.

    Args:
        bpm: quarter notes per minute, until a clock sets them.
    """

    def __init__(self, bpm: float = DEFAULT_BPM) -> None:
        self._lock = threading.Lock()
        self._clocks: dict[str, Clock] = {}
        self._followed: str | None = None
        self._wanted: str | None = None
        self._taps: deque[float] = deque(maxlen=_TAPS)
        self._bpm = DEFAULT_BPM
        self.bpm = bpm

    @property
    def bpm(self) -> float:
        """Quarter notes per minute. Setting it raises DrawstopError beyond 20 to 400."""
        with self._lock:
            clock = self._clocks.get(self._followed or "")
            self._bpm = (clock and clock.bpm) or self._bpm
            return self._bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            raise DrawstopError(
                f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats per minute, got {bpm:g}"
            )
        with self._lock:
            for clock in self._clocks.values():
                clock.clear()
            self._bpm = float(bpm)

    @property
    def followed(self) -> str | None:
        """The name of the source whose clock is followed; None: no clock has ticked."""
        return self._followed

    @property
    def clocks(self) -> dict[str, float]:
        """The tempo of each source that has one."""
        with self._lock:
            tempos = {source: clock.bpm for source, clock in self._clocks.items()}
        return {source: bpm for source, bpm in tempos.items() if bpm is not None}

    def follow(self, part: str | None) -> None:
        """Follow only sources with this part in their name; None: the first that ticks."""
        with self._lock:
            self._wanted = part
            if self._followed is not None and not is_part_of(part, self._followed):
                self._followed = None

    def seconds(self, beats: float) -> float:
        """The duration of some beats in seconds, at the present tempo."""
        return beats * 60.0 / self.bpm

    def tick(self, at: float, source: str = "clock") -> None:
        """Receive a tick of a clock.

        Args:
            at: the moment of the tick in seconds, on any clock that runs evenly.
            source: the name of the device that sent it.
        """
        with self._lock:
            self._clocks.setdefault(source, Clock()).tick(at)
            followed = self._clocks.get(self._followed or "")
            free = followed is None or at - followed.last > _STOPPED_SECONDS
            if free and is_part_of(self._wanted, source):
                self._followed = source

    def restart(self, source: str = "clock") -> None:
        """Drop a source's ticks so far, when its clock starts, stops or continues: later ticks have another phase."""
        with self._lock:
            if source in self._clocks:
                self._clocks[source].restart()

    def forget(self, source: str) -> None:
        """Forget the clock of a source that has gone; the tempo stays."""
        bpm = self.bpm
        with self._lock:
            self._clocks.pop(source, None)
            self._bpm = bpm
            if self._followed == source:
                self._followed = None

    def tap(self, at: float) -> None:
        """Receive a tap of a hand, one a beat: the tempo is that of the last taps, from the second on."""
        with self._lock:
            if self._taps and not 0 < at - self._taps[-1] <= 60.0 / SLOWEST_BPM:
                self._taps.clear()
            self._taps.append(at)
            beats, seconds = len(self._taps) - 1, self._taps[-1] - self._taps[0]
        if beats and seconds:
            self.bpm = min(60.0 * beats / seconds, FASTEST_BPM)


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
