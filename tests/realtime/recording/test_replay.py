"""Replaying a session offline: the same bits as were played, also across a swap and a skipped block."""

from pathlib import Path

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_file import load
from realtime.engine.instrument_player import Player
from realtime.engine.performance import Performance, Played
from realtime.recording.performance_recorder import PerformanceRecorder
from realtime.recording.replay import compared, replay
from realtime.recording.session_file import EVENTS as EVENTS_FILE
from realtime.recording.session_file import (
    MEMORY,
    SessionAbout,
    begin_session,
    copy_instrument,
    read_session,
)
from realtime.recording.session_writer import SessionWriter
from tests.helpers.models.small_instrument import SAMPLE_RATE, save_small_instrument

BLOCK, BLOCKS, SEED = 512, 150, 7
SWAP_AT = 20
SKIPS = {22: [1], 112: [0], 140: [1]}
"""The slots that skip a block: the new instrument before it sounds, the old one in the cross-fade, the new one after it."""
FROM = 12
EVENTS = [
    ControlEvent(100, "guitar", 0.7, "cc 20"), ControlEvent(5000, "voice", -1.0, "osc", 3000),
    ControlEvent(30000, "engine.output_gain", -6.0, "test"), ControlEvent(40000, "engine.wet", 0.5, "test", 500),
]  # fmt: skip


def recorded(folder: Path, skips: dict[int, list[int]] = SKIPS) -> Path:
    """A session with another instrument that comes in and blocks that are skipped."""
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
    players = [player]
    performance = Performance(small, player, BLOCK, -0.3)
    recorder = PerformanceRecorder(performance, players.index)
    recorder.begin(take, from_middle=False)
    performance.prepare()
    performance.schedule(EVENTS)
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (1, BLOCKS * BLOCK)).astype(np.float32)
    for index in range(BLOCKS):
        if index == SWAP_AT:
            other = Player(load(second), SEED)
            other.prepare(BLOCK)
            players.append(other)
            recorder.swapped(performance.swap(other.instrument.description, other), sha256_file(second), 1)
        skip = [players[slot] for slot in skips.get(index, [])]
        played = play_block(performance, recorder, sound, index, skip)
        assert performance.skipped == skip
        if played.skipped:
            recorder.lost(played, 0)
    recorder.close()
    assert read_session(take).swaps[0].fade_at is not None
    return take


def play_block(
    performance: Performance, recorder: PerformanceRecorder, sound: np.ndarray, index: int, skip: list[Player]
) -> Played:
    """Play and record a block of the sound."""
    block = sound[:, index * BLOCK : (index + 1) * BLOCK]
    recorder.submitted(index * BLOCK, block, performance.submit(block, skip=skip))
    played = performance.collect()
    assert played is not None
    recorder.collected(played)
    return played


@pytest.mark.slow
def test_a_replay_gives_the_bits_that_were_played(tmp_path: Path) -> None:
    session = read_session(recorded(tmp_path))
    assert len(session.swaps) == 1 and len(session.lost) == 2 and len(session.skips) == 3
    assert session.swaps[0].fade_at == 110 * BLOCK
    rendered = replay(session)
    np.testing.assert_array_equal(rendered, session.output)
    assert "the same bits as were played" in compared(session, rendered)[0]


@pytest.mark.slow
def test_an_older_session_whose_lost_blocks_dont_say_who_skipped_them_replays_too(tmp_path: Path) -> None:
    take = recorded(tmp_path, {140: [1]})
    lines = (take / EVENTS_FILE).read_text().splitlines(keepends=True)
    (take / EVENTS_FILE).write_text("".join(line for line in lines if '"skip"' not in line))
    session = read_session(take)
    assert not session.skips and len(session.lost) == 1
    np.testing.assert_array_equal(replay(session), session.output)


@pytest.mark.slow
def test_a_movement_of_a_stop_that_has_left_with_its_instrument_is_left_out(tmp_path: Path) -> None:
    take = recorded(tmp_path)
    with (take / EVENTS_FILE).open("a") as events:
        events.write('{"sample": 70000, "to": "flute", "value": 0.5, "source": "osc"}\n')
    session = read_session(take)
    np.testing.assert_array_equal(replay(session), session.output)


@pytest.mark.slow
def test_players_that_die_and_come_while_no_sound_does_are_repeated_in_their_order(
    tmp_path: Path, small: Path
) -> None:
    other = save_small_instrument(tmp_path / "other.ts", channels=2)
    players = [Player(load(path), SEED) for path in (small, other, small)]
    about_it = players[0].instrument.description
    take = tmp_path / "take"
    about = SessionAbout(
        SAMPLE_RATE,
        about_it.channels_in,
        about_it.channels_out,
        BLOCK,
        SEED,
        None,
        -0.3,
        sha256_file(small),
        {},
    )
    begin_session(take, about, small)
    copy_instrument(take, other, sha256_file(other))
    performance = Performance(about_it, players[0], BLOCK, -0.3)
    recorder = PerformanceRecorder(performance, players.index)
    recorder.begin(take, from_middle=False)
    performance.prepare()
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (1, BLOCKS * BLOCK)).astype(np.float32)
    for index in range(BLOCKS):
        if index == SWAP_AT:
            for slot in (1, 2):
                players[slot].prepare(BLOCK)
                digest = sha256_file(other if slot == 1 else small)
                description = players[slot].instrument.description
                recorder.swapped(performance.swap(description, players[slot]), digest, slot)
                if slot == 1:
                    performance.fail(players[slot])
                    recorder.died(slot)
        play_block(performance, recorder, sound, index, [])
    recorder.close()
    session = read_session(take)
    assert [swap.fade_at is None for swap in session.swaps] == [True, False]
    np.testing.assert_array_equal(replay(session), session.output)


@pytest.mark.slow
def test_a_difference_is_reported_with_its_first_sample(tmp_path: Path) -> None:
    session = read_session(recorded(tmp_path))
    rendered = session.output.copy()
    rendered[0, 1234] += 0.5
    assert "1 samples differ from what was played, from 1234 on" in compared(session, rendered)[0]


def test_a_session_that_begins_in_the_middle_goes_on_from_the_state_of_that_moment(
    tmp_path: Path, small: Path
) -> None:
    """With a ramp on its way, a parameter that is being smoothed, a limiter that recovers, and noise."""
    instrument, block = small, BLOCK
    player = Player(load(instrument), SEED)
    about_it = player.instrument.description
    first, second = (stop.slug for stop in about_it.stops[:2])
    performance = Performance(about_it, player, block, -0.3)
    performance.prepare()
    middle = FROM * block
    performance.schedule(
        [
            ControlEvent(0, first, -1.0, "test", 2 * middle),
            ControlEvent(0, "engine.ramp", 0.2, "test"),
            ControlEvent(middle - 100, "engine.wet", 0.4, "test"),
            ControlEvent(middle - 1000, "engine.output_gain", 12.0, "test", 1000),
            ControlEvent(middle + 700, second, -0.5, "test"),
        ]
    )
    about = SessionAbout(
        about_it.sample_rate, about_it.channels_in, about_it.channels_out, block, SEED, None, -0.3,
        sha256_file(instrument), {}, slot=1, from_middle=True,
    )  # fmt: skip
    take, recorder = tmp_path / "take", PerformanceRecorder(performance, [player].index)
    begin_session(take, about, instrument)
    shape = (about_it.channels_in, 2 * middle)
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, shape).astype(np.float32)
    for index in range(2 * FROM):
        if index == FROM:
            np.savez(take / MEMORY, **player.state)
            recorder.begin(take, from_middle=True)
        play_block(performance, recorder, sound, index, [])
    recorder.close()
    session = read_session(take)
    assert [(event.slug, event.sample) for event in session.events] == [(second, 700)]
    assert np.abs(session.output).max() > 0.3
    np.testing.assert_array_equal(replay(session), session.output)
    (take / MEMORY).unlink()
    with pytest.raises(DrawstopError, match="begins in the middle of a performance can't be rendered"):
        replay(session)


def test_a_recording_ends_with_the_block_before_its_end_once_that_is_played(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path, 5 * BLOCK)
    silence = np.zeros((1, BLOCK), dtype=np.float32)
    writer.output(Played(4 * BLOCK, silence))  # its input came before the beginning
    for _ in range(2):
        writer.input(silence)
    writer.movement(ControlEvent(6 * BLOCK, "guitar", 0.5, "test"))
    writer.end_at(7 * BLOCK)
    writer.input(silence)
    writer.movement(ControlEvent(7 * BLOCK, "guitar", 0.7, "test"))
    for index in (5, 6, 7):
        assert writer.ending and not writer.ended
        writer.output(Played(index * BLOCK, silence))
        if index == 6:
            break
    writer.close()
    assert writer.ended
    assert (
        (tmp_path / "input.f32").stat().st_size == (tmp_path / "output.f32").stat().st_size == 2 * 4 * BLOCK
    )
    assert (tmp_path / "events.jsonl").read_text().count("sample") == 1
