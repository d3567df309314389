"""Appends to the files of a session while it is played.

Key idea: files that only grow, without headers to mend: raw 32-bit floats, and a line of JSON per event. A process that is
killed keeps all that was written, and nothing has a size limit.
"""

import json
import os
import queue
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from drawstop.errors import reason_of
from drawstop.types import Audio
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import State
from realtime.engine.performance import Played
from realtime.recording.session_file import EVENTS, INPUT, OUTPUT, START

WRITE_EVERY_S = 0.25
LONGEST_WAIT_BLOCKS = 20_000
"""Blocks of input and output that may wait for a slow disk: half a minute of blocks of 128 samples. Then the recording ends."""


class SessionWriter:
    """Writes a session, from a block of the performance to another, in a thread of its own: a slow disk stops no sound.

    What can't be written ends the session, for what comes after a hole could not be played again. A block's events go before
    its input, so that a session that ends in the middle has all that its blocks need.

    Args:
        folder: the folder that `begin_session` made.
        first: the performance's sample at which the session begins; samples in the files count from it.

    Attributes:
        first: that sample.
        problem: what ended the session too early, one line; None while all is well. The sound goes on.
        unrecorded_blocks: blocks that couldn't be written.
    """

    def __init__(self, folder: Path, first: int = 0) -> None:
        self._folder, self.first = folder, first
        self._start: State | None = None
        self._last: int | None = None
        self._files: dict[str, BinaryIO] = {}
        self._queue: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._end = threading.Event()
        self.samples = 0
        self.problem: str | None = None
        self.unrecorded_blocks = 0
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._thread.start()

    def start(self, state: State) -> None:
        """Write the performance's state before the session's first block, where it begins in the middle."""
        self._start = state

    def input(self, audio: Audio) -> None:
        """Append the next block of input, unless the session ends before it. `[channels, n]`"""
        if self._last is None:
            self._put(INPUT, audio.T.astype("<f4").tobytes())
            self.samples += audio.shape[1] if self.problem is None else 0

    def output(self, played: Played) -> None:
        """Append the next block that was played, if its input belongs to the session."""
        if played.start >= self.first and not self._is_after(played.start):
            self._put(OUTPUT, played.audio.T.astype("<f4").tobytes())
        if self._last is not None and played.start + played.audio.shape[1] >= self._last:
            self._end.set()

    def movement(self, event: ControlEvent) -> None:
        """Append the movement of a stop or parameter. The file calls the ramp's samples `glide`."""
        ramp = {"glide": event.ramp_samples} if event.ramp_samples else {}
        self.event(event.sample, to=event.slug, value=event.value, source=event.source, **ramp)

    def event(self, sample: int, **what: Any) -> None:
        """Append something that happened at an input sample of the session."""
        if sample >= self.first and not self._is_after(sample):
            line = {"sample": sample - self.first, **what}
            self._put(EVENTS, (json.dumps(line) + "\n").encode())

    def swapped(self, sample: int, digest: str, slot: int) -> None:
        """Append that another instrument comes in."""
        self.event(sample, swap=digest, slot=slot)

    def faded(self, sample: int, swapped_at: int) -> None:
        """Append the sample at which the instrument that came in at `swapped_at` began to fade in."""
        if swapped_at >= self.first:
            self.event(sample, fade=swapped_at - self.first)

    def end_at(self, sample: int) -> None:
        """End the session before this input sample, once the blocks before it are played. Doesn't wait."""
        self._last = sample

    def finish(self) -> None:
        """Close the files when what waits is written, also without the blocks that are missing. Doesn't wait."""
        self._end.set()

    @property
    def ending(self) -> bool:
        """Whether its end is asked for."""
        return self._last is not None or self._end.is_set()

    @property
    def ended(self) -> bool:
        """Whether everything is written and the files are closed."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """Write what waits and close the files."""
        self._end.set()
        self._thread.join()

    def _is_after(self, sample: int) -> bool:
        return self._last is not None and sample >= self._last

    def _put(self, name: str, content: bytes) -> None:
        if self.problem is None and self._queue.qsize() > LONGEST_WAIT_BLOCKS:
            self._fail("the disk is too slow")
        if self.problem is None:
            self._queue.put((name, content))
        elif name != EVENTS:
            self.unrecorded_blocks += 1

    def _fail(self, reason: str) -> None:
        self.problem = f"{reason}; the recording ends here, the sound goes on"
        self._end.set()

    def _run(self) -> None:
        try:
            for name in (EVENTS, INPUT, OUTPUT):
                self._files[name] = (self._folder / name).open("ab", buffering=0)
            while not self._end.wait(WRITE_EVERY_S):
                self._write_all()
            self._write_all()
        except OSError as error:
            self._fail(f"can't record into {self._folder}: {reason_of(error)}")
        finally:
            for file in self._files.values():
                file.close()

    def _write_all(self) -> None:
        if self._start is not None:
            np.savez(self._folder / START, **self._start)
            self._start = None
        waiting: dict[str, list[bytes]] = {name: [] for name in self._files}
        while not self._queue.empty():
            name, content = self._queue.get()
            waiting[name].append(content)
        waiting_blocks = len(waiting[INPUT]) + len(waiting[OUTPUT])
        for name, parts in waiting.items():
            try:
                _write_whole(self._files[name], b"".join(parts))
            except OSError:
                self.unrecorded_blocks += waiting_blocks
                raise
            waiting_blocks -= len(parts) if name != EVENTS else 0


def _write_whole(file: BinaryIO, content: bytes) -> None:
    """Write all of it, or leave the file as it was: half a block would shift everything after it."""
    start = file.seek(0, os.SEEK_END)
    try:
        while content:
            content = content[file.write(content) :]
    except OSError:
        with suppress(OSError):
            file.truncate(start)
        raise
