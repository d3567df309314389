"""Plays a recorded performance again: the same bits, and the lost blocks whole."""

import importlib.metadata
import sys
from collections import defaultdict, deque
from collections.abc import Iterator

import numpy as np

from drawstop.types import Audio
from realtime.engine import instrument_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_player import Player
from realtime.engine.performance import Performance
from realtime.engine.render import BlockProgress
from realtime.recording.session_file import MEMORY, START, Death, Session, Swap

NEVER = sys.maxsize
SHOWN_LOSSES = 10


def replay(session: Session, progress: BlockProgress | None = None) -> Audio:
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
    changes = deque(session.changes)
    skipped_slots = _skipped_slots(session)
    events = _by_block(session.events, about.block)
    played: list[Audio] = [np.zeros((about.channels_out, 0), dtype=np.float32)]
    blocks = range(session.input.shape[1] // about.block)
    for index in progress(blocks) if progress else blocks:
        start = index * about.block
        while changes and changes[0].sample <= start:
            _repeat(changes.popleft(), performance, session, players)
        performance.queue(next(events))
        slots = skipped_slots.get(start, set())
        performance.submit(
            session.input[:, start : start + about.block],
            skip=[player for slot, player in players.items() if slot in slots],
        )
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
    if session.gaps:
        left_out = sum(gap.samples for gap in session.gaps) / session.about.sample_rate
        where = ", ".join(str(gap.sample) for gap in session.gaps[:SHOWN_LOSSES])
        lines.append(
            f"{left_out:.1f} s of input were left out, as the machine stood still; before samples: {where}"
        )
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


def _repeat(
    change: Swap | Death, performance: Performance, session: Session, players: dict[int, Player]
) -> None:
    if isinstance(change, Death):
        performance.fail(players[change.slot])
        return
    player = players[change.slot] = _player(session, change.instrument)
    player.prepare(session.about.block)
    fade_at = NEVER if change.fade_at is None else change.fade_at
    performance.swap(player.instrument.description, player, fade_at)


def _skipped_slots(session: Session) -> dict[int, set[int]]:
    """The slots of the players that had no room for a block, by the block's first sample."""
    slots = defaultdict[int, set[int]](set)
    for skip in session.skips:
        slots[skip.sample].add(skip.slot)
    for lost in session.lost:
        if lost.why == "skipped" and lost.sample not in slots:  # an older session doesn't say whose
            slots[lost.sample] = {session.about.slot, *(swap.slot for swap in session.swaps)}
    return slots


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
