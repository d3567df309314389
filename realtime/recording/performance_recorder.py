"""Records a performance while it is played: each block, and before it all that decides what it sounds like."""

from collections.abc import Callable
from pathlib import Path

from drawstop.types import Audio
from realtime.engine.block_source import BlockSource
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import State
from realtime.engine.performance import Performance, Played
from realtime.recording.session_writer import SessionWriter


class PerformanceRecorder:
    """The sessions of a performance, one after the other. While none is recorded, nothing is written.

    Args:
        performance: the performance.
        slot_of: gives the number of the process that plays a source.

    Attributes:
        session: the newest session; None before the first.
        sessions: the number of sessions that have begun.
    """

    def __init__(self, performance: Performance, slot_of: Callable[[BlockSource], int]) -> None:
        self._performance, self._slot_of = performance, slot_of
        self.session: SessionWriter | None = None
        self.sessions = 0
        self._start: State | None = None  # of a session that begins in the middle, until it is written
        self._swapped_at: int | None = None  # where an instrument came in whose fade isn't written

    @property
    def recording(self) -> bool:
        """Whether a session is being written."""
        return self.session is not None and not self.session.ended

    def begin(self, folder: Path, from_middle: bool) -> None:
        """Record from the next block on, into the folder that `begin_session` made; in the middle, with the state of now."""
        self.session = SessionWriter(folder, self._performance.next_sample if from_middle else 0)
        self.sessions += 1
        self._start = self._performance.state if from_middle else None
        self._write_start()

    def end(self) -> None:
        """End the session before the next block, once the blocks before it are collected. Doesn't wait."""
        if self.session and not self.session.ending:
            self.session.end_at(self._performance.next_sample)
            if not self._performance.waiting_blocks:
                self.session.finish()

    def close(self) -> None:
        """Write what waits and close the session."""
        if self.session:
            self.session.close()

    def submitted(self, start: int, audio: Audio, events: list[ControlEvent]) -> None:
        """Record a block's input, and before it what happened at it. `[channels, n]`"""
        self._write_fade()
        if self.session:
            for source in self._performance.skipped:
                self.session.event(start, skip=self._slot_of(source))
            for event in events:
                self.session.movement(event)
            self.session.input(audio)

    def collected(self, played: Played) -> None:
        """Record a block that is played."""
        if self.session:
            self.session.output(played)
        self._write_start()

    def lost(self, played: Played, late: int) -> None:
        """Record that a block didn't sound whole; `late`: its samples at the device's rate that came too late."""
        if self.session:
            why = "skipped" if played.skipped else "died" if played.died else "late"
            self.session.event(played.start, lost=played.audio.shape[1], why=why, unheard=late)

    def swapped(self, sample: int, digest: str, slot: int) -> None:
        """Record that another instrument gets the blocks from this sample on."""
        self._swapped_at = sample
        if self.session:
            self.session.swapped(sample, digest, slot)

    def died(self, slot: int) -> None:
        """Record that the performance has given up a player."""
        if not self._performance.swapping:
            self._swapped_at = None  # if it was the new one, it never fades in
        if self.session:
            self.session.event(self._performance.next_sample, died=slot)

    def left_out(self, samples: int) -> None:
        """Record that input was left out before the next block."""
        if self.session:
            self.session.event(self._performance.next_sample, gap=samples)

    def _write_start(self) -> None:
        """Write the state before the session's first block, once the blocks before that one are collected."""
        if (
            self._start is not None
            and self.session
            and self._performance.next_collected >= self.session.first
        ):
            self.session.start({**self._start, **self._performance.output_state})
            self._start = None

    def _write_fade(self) -> None:
        """Write, once, where a new instrument began to fade in."""
        fade_at = self._performance.fade_at
        if self._swapped_at is not None and fade_at is not None:
            if self.session:
                self.session.faded(fade_at, self._swapped_at)
            self._swapped_at = None
