"""Facts about a recording by one pass over its samples: level, offset, clipping, silence, a mark to find copies by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from drawstop.audio.decoding import SoundHeader, open_sound
from drawstop.audio.files import resample
from training.data.clips import SILENCE_DBFS

Block = npt.NDArray[np.float32]
"""`[samples, channels]`"""

BLOCK_SECONDS = 1.0
"""Length of the blocks that are read, each of which counts as silent or not."""

MARK_RATE = 4000
"""Sample rate of marks in Hz: lossy coders preserve any recording below half of it."""

CLIPPED_FROM = 0.999
"""Share of full scale from which two equal samples in a row count as clipped."""

MEASURABLE = 1e6
"""Samples above it have no level: their squares would overflow."""


@dataclass
class SoundFacts:
    """A recording's header and facts about its samples. Levels are linear, full scale is 1.

    Attributes:
        path: the file.
        header: its header; None if it can't be read.
        problem: why it can't be read, or read to its end; empty where it can.
        frames: samples per channel that were read; 0 if not all were.
        bad_sample: number of the first sample that is NaN or infinite.
        square: mean square over channels and time.  mono_square: that of the channels' mean.
        offset: the largest mean of a channel (DC), without its sign.
        clipped: share of the samples that are clipped.
        seconds_rms: root mean square of each second that was read.
        mark: its loudest second, mono at `MARK_RATE`, for `alike`; None of silence.
    """

    path: Path
    header: SoundHeader | None = None
    problem: str = ""
    frames: int = 0
    bad_sample: int | None = None
    peak: float = 0.0
    square: float = 0.0
    mono_square: float = 0.0
    offset: float = 0.0
    clipped: float = 0.0
    seconds_rms: Block = field(default_factory=lambda: np.zeros(0, np.float32))
    mark: Block | None = None

    @property
    def seconds(self) -> float:
        """Its length, by its header."""
        return self.header.seconds if self.header else 0.0

    @property
    def loud_seconds(self) -> int:
        """Seconds that aren't silent."""
        return int((self.seconds_rms >= 10 ** (SILENCE_DBFS / 20)).sum())

    @property
    def is_silent(self) -> bool:
        """True if it is silent as a whole and in each second."""
        return self.square < 10 ** (SILENCE_DBFS / 10) and self.loud_seconds == 0


def decibels(level: float) -> float:
    """An amplitude in dBFS, at least −200.

    >>> decibels(0.1), decibels(0.0)
    (-20.0, -200.0)
    """
    return round(20 * math.log10(max(level, 1e-10)), 1)


def measure(facts: SoundFacts, every: int = 1) -> None:
    """Fill in the facts about the samples, reading one second in `every`.

    Raises:
        DrawstopError: as `open_sound`.
    """
    with open_sound(facts.path) as file:
        sums = _Sums(file.channels)
        for start, block in _blocks(file, every):
            peak = float(max(block.max(), -block.min()))
            if not math.isfinite(peak):
                facts.bad_sample = start + int((~np.isfinite(block).all(1)).argmax())
                return
            sums.add(block, peak)
        sums.into(facts, file.samplerate)
        facts.frames = sums.frames if every == 1 else 0


def _blocks(file: soundfile.SoundFile, every: int) -> Iterator[tuple[int, Block]]:
    """Blocks of a second, each with its first sample's number; seconds between them are skipped."""
    length, start = round(BLOCK_SECONDS * file.samplerate), 0
    while True:
        if every > 1:
            if start >= file.frames:
                return
            file.seek(start)
        block = file.read(length, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield start, block
        start += length * every


class _Sums:
    """Sums over the blocks of one recording."""

    def __init__(self, channels: int) -> None:
        self.frames, self.peak, self.clipped = 0, 0.0, 0
        self.squares, self.mono_squares, self.sums = 0.0, 0.0, np.zeros(channels)
        self.rms: list[float] = []
        self.loudest: Block | None = None

    def add(self, block: Block, peak: float) -> None:
        self.frames += len(block)
        self.peak = max(self.peak, peak)
        if peak > MEASURABLE:
            return
        square = float(np.vdot(block, block)) / block.shape[1]
        mono = block.mean(1, dtype=np.float32) if block.shape[1] > 1 else block[:, 0]
        self.squares += square
        self.mono_squares += float(np.vdot(mono, mono))
        self.sums += block.sum(0, dtype=np.float64)
        if peak >= CLIPPED_FROM:
            high = (np.abs(block[1:]) >= CLIPPED_FROM) & (block[1:] == block[:-1])
            self.clipped += int(high.any(1).sum())
        rms = math.sqrt(square / len(block))
        if self.loudest is None or rms > max(self.rms, default=0.0):
            self.loudest = block
        self.rms.append(rms)

    def into(self, facts: SoundFacts, rate: int) -> None:
        count = max(1, self.frames)
        facts.peak = self.peak
        facts.square, facts.mono_square = self.squares / count, self.mono_squares / count
        facts.offset = float(np.abs(self.sums).max()) / count
        facts.clipped = self.clipped / count
        facts.seconds_rms = np.array(self.rms, np.float32)
        if self.loudest is not None and not facts.is_silent:
            facts.mark = _mark(self.loudest, rate)


def _mark(block: Block, rate: int) -> Block:
    """A block in mono at `MARK_RATE`, with norm 1; if the channels cancel, the loudest channel."""
    mono = block.mean(1)
    if np.vdot(mono, mono) < 0.1 * np.vdot(block, block) / block.shape[1]:
        mono = block[:, int(np.square(block).sum(0).argmax())]
    low = resample(mono[None].astype(np.float32), rate, MARK_RATE)[0]
    low = low - low.mean()
    return (low / max(float(np.linalg.norm(low)), 1e-9)).astype(np.float16)
