"""Replaying a session offline: the same bits as were played, also across a swap and a skipped block."""

from pathlib import Path

import numpy as np
from small_instrument import SAMPLE_RATE, save_small_instrument

from drawstop.files import sha256_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_file import load
from realtime.engine.instrument_player import Player
from realtime.engine.performance import Performance
from realtime.recording.replay import compared, replay
from realtime.recording.session_file import (
    SessionAbout,
    SessionWriter,
    begin_session,
    copy_instrument,
    read_session,
)

BLOCK, BLOCKS, SEED = 512, 150, 7
SWAP_AT, SKIPPED = 20, 110
EVENTS = [
    ControlEvent(100, "guitar", 0.7, "cc 20"), ControlEvent(5000, "voice", -1.0, "osc", 3000),
    ControlEvent(30000, "engine.output_gain", -6.0, "test"), ControlEvent(40000, "engine.wet", 0.5, "test", 500),
]  # fmt: skip


def recorded(folder: Path) -> Path:
    """A session as the audio process writes it, with another instrument that comes in and a block that is skipped."""
    first = save_small_instrument(folder / "first.ts")
    second = save_small_instrument(folder / "second.ts", channels=2)
    player = Player(load(first), SEED)
    small = player.instrument.description
    about = SessionAbout(
        SAMPLE_RATE, small.channels_in, small.channels_out, BLOCK, SEED, None, -0.3, sha256_file(first), {}
    )
    take = folder / "take"
    begin_session(take, about, first)
    copy_instrument(take, second, sha256_file(second))
    writer = SessionWriter(take)
    performance = Performance(small, player, BLOCK, -0.3)
    performance.prepare()
    performance.schedule(EVENTS)
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (1, BLOCKS * BLOCK)).astype(np.float32)
    faded = False
    for index in range(BLOCKS):
        if index == SWAP_AT:
            other = Player(load(second), SEED)
            other.prepare(BLOCK)
            sample = performance.swap(other.instrument.description, other)
            writer.event(sample, swap=sha256_file(second), slot=1)
        block = sound[:, index * BLOCK : (index + 1) * BLOCK]
        for event in performance.submit(block, skip=index == SKIPPED):
            writer.movement(event)
        writer.input(block)
        played = performance.collect()
        assert played is not None
        writer.output(played.audio)
        if played.skipped:
            writer.event(played.start, lost=BLOCK, why="skipped", unheard=0)
        if not faded and index >= SWAP_AT and performance.fade_at is not None:
            writer.event(performance.fade_at, fade=SWAP_AT * BLOCK)
            faded = True
    writer.close()
    assert faded
    return take


def test_a_replay_gives_the_bits_that_were_played(tmp_path: Path) -> None:
    session = read_session(recorded(tmp_path))
    assert len(session.swaps) == 1 and len(session.lost) == 1
    rendered = replay(session)
    np.testing.assert_array_equal(rendered, session.output)
    assert "the same bits as were played" in compared(session, rendered)[0]


def test_a_difference_is_reported_with_its_first_sample(tmp_path: Path) -> None:
    session = read_session(recorded(tmp_path))
    rendered = session.output.copy()
    rendered[0, 1234] += 0.5
    assert "1 samples differ from what was played, from 1234 on" in compared(session, rendered)[0]
