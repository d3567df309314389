"""The recorder of a performance: what decides a block's sound is in the session, also while its player is late or dies."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from realtime.engine.limiter import Limiter
from realtime.engine.performance import Performance
from realtime.processes.child_process import CONTEXT
from realtime.processes.player_client import SLOTS, RemotePlayer, player_fields
from realtime.processes.shared_arrays import SharedArrays
from realtime.recording.performance_recorder import PerformanceRecorder
from realtime.recording.session_file import START
from tests.helpers.control.session_events import events_of
from tests.helpers.models.small_instrument import SAMPLE_RATE, description

BLOCK = 512
SILENCE = np.zeros((1, BLOCK), dtype=np.float32)


@pytest.fixture
def arrays() -> Iterator[list[SharedArrays]]:
    """What two players share with us; nobody plays what we send, unless a test does."""
    made = [SharedArrays(player_fields(description(), BLOCK)) for _ in range(2)]
    yield made
    for each in made:
        each.close()


@pytest.fixture
def players(arrays: list[SharedArrays]) -> list[RemotePlayer]:
    return [RemotePlayer(each.descriptor, CONTEXT.Semaphore(0)) for each in arrays]


@pytest.fixture
def performance(players: list[RemotePlayer]) -> Performance:
    return Performance(description(), players[0], BLOCK, -0.3)


@pytest.fixture
def recorder(performance: Performance, players: list[RemotePlayer]) -> PerformanceRecorder:
    return PerformanceRecorder(performance, players.index)


def submit(performance: Performance, recorder: PerformanceRecorder, blocks: int) -> None:
    for _ in range(blocks):
        start = performance.next_sample
        recorder.submitted(start, SILENCE, performance.submit(SILENCE))


def collect(performance: Performance, recorder: PerformanceRecorder) -> None:
    while (played := performance.collect()) is not None:
        recorder.collected(played)


def test_each_block_that_a_player_has_no_room_for_is_in_the_session_also_before_the_player_sounds(
    performance: Performance,
    recorder: PerformanceRecorder,
    players: list[RemotePlayer],
    arrays: list[SharedArrays],
    tmp_path: Path,
) -> None:
    recorder.begin(tmp_path, from_middle=False)
    recorder.swapped(performance.swap(description(), players[1]), "digest", 1)
    for _ in range(SLOTS + 3):
        submit(performance, recorder, 1)
        arrays[0]["played"][0] += 1  # the old one is in time
        collect(performance, recorder)
    recorder.close()
    assert [event for event in events_of(tmp_path) if "skip" in event] == [
        {"sample": (SLOTS + more) * BLOCK, "skip": 1} for more in range(3)
    ]


def test_a_new_instrument_that_dies_before_it_sounds_has_no_fade(
    performance: Performance, recorder: PerformanceRecorder, players: list[RemotePlayer], tmp_path: Path
) -> None:
    recorder.begin(tmp_path, from_middle=False)
    recorder.swapped(performance.swap(description(), players[1]), "digest", 1)
    submit(performance, recorder, 1)
    performance.fail(players[1])
    recorder.died(1)
    submit(performance, recorder, 1)
    recorder.close()
    assert events_of(tmp_path) == [
        {"sample": 0, "swap": "digest", "slot": 1},
        {"sample": BLOCK, "died": 1},
    ]


def test_a_session_that_begins_while_blocks_are_being_played_holds_the_limiter_as_it_is_before_its_own_first_block(
    performance: Performance, recorder: PerformanceRecorder, arrays: list[SharedArrays], tmp_path: Path
) -> None:
    submit(performance, recorder, 3)
    recorder.begin(tmp_path, from_middle=True)
    submit(performance, recorder, 2)
    peaks = [3.0, 2.0, 0.1, 0.1, 0.1]
    for index, peak in enumerate(peaks):
        arrays[0]["outbox"][index] = peak
    arrays[0]["played"][0] = len(peaks)
    collect(performance, recorder)
    recorder.close()
    limiter = Limiter(SAMPLE_RATE, -0.3)
    for peak in peaks[:3]:
        limiter(np.full((1, BLOCK), peak, dtype=np.float32))
    assert limiter.reduction > 0.1
    with np.load(tmp_path / START) as state:
        assert state["reduction"] == pytest.approx(limiter.reduction)
