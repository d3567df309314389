"""Plays a recorded performance again: the same bits, and the lost blocks whole."""

import importlib.metadata
import sys
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from drawstop.types import Audio
from realtime.engine import instrument_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_player import Player
from realtime.engine.performance import Performance
from realtime.recording.session_file import MEMORY, START, Session

Progress = Callable[[range], Iterable[int]]

NEVER = sys.maxsize
SHOWN_LOSSES = 10


def replay(session: Session, progress: Progress | None = None) -> Audio:
    """Play a recorded performance from its input and events. Nothing is taken out: no delay, no gap.

    Args:
        session: as read.
        progress: wraps the range of blocks, for a progress bar.

    Shape: returns `[channels_out, samples]`, as many whole blocks as the input holds.

    Raises:
        DrawstopError: an instrument of the session is missing or damaged.
    """
    about = session.about
    first = _player(session, about.instrument)
    players = {about.slot: first}
    channels = (about.channels_in, about.channels_out)
    performance = Performance(first.instrument.description, first, about.block, about.ceiling_db, channels)
    performance.prepare()
    if about.from_middle:
        first.restore(session.state(MEMORY))
        performance.restore(session.state(START))
    skipped = {lost.sample for lost in session.lost if lost.why == "skipped"}
    swaps = {swap.sample: swap for swap in session.swaps}
    deaths = dict(session.deaths)
    events = _by_block(session.events, about.block)
    played: list[Audio] = [np.zeros((about.channels_out, 0), dtype=np.float32)]
    blocks = range(session.input.shape[1] // about.block)
    for index in progress(blocks) if progress else blocks:
        start = index * about.block
        if start in swaps:
            swap = swaps[start]
            players[swap.slot] = _player(session, swap.instrument)
            players[swap.slot].prepare(about.block)
            performance.swap(
                players[swap.slot].instrument.description,
                players[swap.slot],
                NEVER if swap.fade_at is None else swap.fade_at,
            )
        if start in deaths:
            performance.fail(players[deaths[start]])
        performance.schedule(next(events))
        performance.submit(session.input[:, start : start + about.block], skip=start in skipped)
        while (block := performance.collect()) is not None:
            played.append(block.audio)
    return np.concatenate(played, axis=1)


def compared(session: Session, rendered: Audio) -> list[str]:
    """Compare the rendering with what was played; lines for the user, with the blocks that were late or lost."""
    length = min(session.output.shape[1], rendered.shape[1])
    seconds = rendered.shape[1] / session.about.sample_rate
    differ = (session.output[:, :length] != rendered[:, :length]).any(axis=0).nonzero()[0]
    if not len(differ):
        lines = [f"Rendered {seconds:.1f} s: the same bits as were played."]
    else:
        lines = [
            f"Rendered {seconds:.1f} s: {len(differ)} samples differ from what was played, from {differ[0]} on."
        ]
        lines += [_versions(session)]
    if session.lost:
        lines.append(
            f"{len(session.lost)} blocks didn't sound whole in the performance; here they are. At samples:"
        )
        lines += [
            f"  {lost.sample}: {lost.why}, {lost.silent_samples} samples"
            for lost in session.lost[:SHOWN_LOSSES]
        ]
    return lines


def _versions(session: Session) -> str:
    now = {name: importlib.metadata.version(name) for name in ("torch", "numpy")}
    then = {name: session.about.versions.get(name) for name in now}
    if now == then:
        return "Same versions: was it another machine, or did an instrument crash? See its events.jsonl."
    return f"It was played with {then}, this is {now}: the same bits need the same versions and machine."


def _player(session: Session, digest: str) -> Player:
    instrument = instrument_file.load(session.instrument(digest))
    return Player(instrument, session.about.seed, noise=session.about.noise, backend=session.about.backend)


def _by_block(events: list[ControlEvent], block: int) -> Iterator[list[ControlEvent]]:
    """The events of each block in turn, in the order in which they were applied."""
    index, stop = 0, block
    while True:
        first = index
        while index < len(events) and events[index].sample < stop:
            index += 1
        yield events[first:index]
        stop += block
