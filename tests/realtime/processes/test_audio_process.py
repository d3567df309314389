"""The audio process: it must have a movement before the block is sent in which it counts."""

from pathlib import Path

import numpy as np
import pytest

from realtime.engine.control_event import ControlEvent
from realtime.processes.audio_process import AudioProcess, play_round
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_ring import RING_SAMPLES, STOPPED, DeviceRing
from realtime.processes.messages import (
    CloseDevice,
    End,
    GetReport,
    OpenDevice,
    Perform,
    PerformPassThrough,
    PlayerDied,
    RecordSession,
    Report,
    ScheduleEvents,
    SwapInstrument,
)
from realtime.processes.player_client import player_fields
from realtime.processes.shared_arrays import SharedArrays
from realtime.recording.session_file import EVENTS, INPUT, OUTPUT
from tests.helpers.control.session_events import events_of
from tests.helpers.models.small_instrument import description

RATE, BLOCK, PERIOD = 44100, 512, 256


def test_a_movement_that_came_before_its_block_was_cut_counts_at_its_own_sample(
    ring: DeviceRing, tmp_path: Path
) -> None:
    here, there = CONTEXT.Pipe()
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    audio.execute(PerformPassThrough(description(), BLOCK))
    audio.execute(RecordSession(str(tmp_path)))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), PERIOD, 0))
    ring.arrays.position[0] = BLOCK - PERIOD
    play_round(audio, there)
    here.send(ScheduleEvents([ControlEvent(300, "engine.wet", 0.5, "cc 20")]))
    ring.arrays.position[0] = BLOCK  # the device's next call completes the block
    play_round(audio, there)
    audio.execute(End())
    ring.phase = STOPPED  # nobody calls any more
    audio.close(CONTEXT.Semaphore(0))
    assert '"sample": 300, "to": "engine.wet"' in (tmp_path / EVENTS).read_text()


def test_a_storm_of_commands_does_not_keep_a_block_that_has_come(ring: DeviceRing) -> None:
    here, there = CONTEXT.Pipe()
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    audio.execute(PerformPassThrough(description(), BLOCK))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), PERIOD, 0))
    for _ in range(200):
        here.send(ScheduleEvents([ControlEvent(0, "engine.wet", 0.5, "cc 20")] * 4))
    ring.arrays.position[0] = BLOCK
    play_round(audio, there)
    assert there.poll(0)  # some wait
    report = audio.execute(GetReport())
    assert isinstance(report, Report)
    assert report.sample == BLOCK


def delay_of(played: np.ndarray, brought: np.ndarray) -> int:
    """Samples by which the last periods that were played are later than they were brought."""
    end, length = len(played), 10 * PERIOD
    likeness = [
        float(played[-length:] @ brought[end - delay - length : end - delay]) for delay in range(4 * BLOCK)
    ]
    assert max(likeness) > 0.9 * float(played[-length:] @ played[-length:]) > 0.0
    return int(np.argmax(likeness))


@pytest.mark.parametrize(
    "stood_still", [RING_SAMPLES // 2 + PERIOD, 2 * RING_SAMPLES], ids=["half a ring", "two rings"]
)
@pytest.mark.parametrize("rate", [RATE, 48000])
def test_after_it_stood_still_for_long_it_goes_on_with_the_sound_of_now_at_the_same_delay(
    ring: DeviceRing, tmp_path: Path, rate: int, stood_still: int
) -> None:
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    audio.execute(PerformPassThrough(description(), BLOCK))
    audio.execute(RecordSession(str(tmp_path)))
    audio.execute(OpenDevice(ring.descriptor, rate, (1, 1), PERIOD, slack=2 * PERIOD))
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RING_SAMPLES + 80 * PERIOD)
    window = np.hanning(64) / 32  # it leaves little that a resampler changes
    brought = np.convolve(noise, window, "same").astype(np.float32)
    taken: list[np.ndarray] = []
    position = 0

    def bring(samples: int, then: bool = True) -> None:
        """What the device does: its input into the ring, its output out of it."""
        nonlocal position
        for _ in range(samples // PERIOD):
            there = np.arange(position, position + PERIOD) % RING_SAMPLES
            ring.arrays.input[there, 0] = brought[position : position + PERIOD]
            taken.append(ring.arrays.output[there, 0].copy())
            ring.arrays.output[there] = 0.0
            position += PERIOD
            ring.arrays.position[0] = position
            if then:
                audio.advance()

    bring(20 * PERIOD)
    bring(stood_still, then=False)
    now = round(position * RATE / rate)  # as the sender counts, who knows of nothing
    audio.execute(
        ScheduleEvents(
            [ControlEvent(now, "engine.ramp", 0.1), ControlEvent(now + 9 * BLOCK, "engine.output_gain", -1.0)]
        )
    )
    bring(2 * PERIOD)
    audio.execute(ScheduleEvents([ControlEvent(now + 5 * BLOCK, "engine.output_gain", 0.0)]))
    bring(38 * PERIOD)
    audio.execute(End())
    ring.phase = STOPPED
    audio.close(CONTEXT.Semaphore(0))
    played = np.concatenate(taken)
    assert delay_of(played[: 20 * PERIOD], brought) == delay_of(played, brought)
    moved = [event["sample"] for event in events_of(tmp_path) if "to" in event]
    gap, *more = (event for event in events_of(tmp_path) if "gap" in event)
    assert not more
    resumed = gap["sample"]
    np.testing.assert_allclose(moved, [resumed, resumed + 5 * BLOCK, resumed + 9 * BLOCK], atol=PERIOD + 1)
    recorded = (tmp_path / INPUT).stat().st_size // 4
    assert abs(gap["gap"] + recorded - position * RATE / rate) < 2 * BLOCK
    assert audio.report.lost_samples >= stood_still


def test_blocks_that_were_sent_for_a_device_that_is_gone_are_recorded_and_not_played_to_the_next_one(
    ring: DeviceRing, tmp_path: Path
) -> None:
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    player = SharedArrays(player_fields(description(), BLOCK))
    audio.execute(Perform(description(), player.descriptor, 0, BLOCK, None))
    audio.execute(RecordSession(str(tmp_path)))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), BLOCK, slack=BLOCK))
    ring.arrays.position[0] = 3 * BLOCK
    audio.advance()
    audio.execute(CloseDevice())
    audio.advance()
    other = DeviceRing.create(1, 1)
    audio.execute(OpenDevice(other.descriptor, RATE, (1, 1), BLOCK, slack=BLOCK))
    other.arrays.position[0] = BLOCK
    audio.advance()
    player["outbox"][:3], player["outbox"][3] = 0.5, 0.25  # what the player does, late
    player["played"][0] = 4
    audio.advance()
    assert other.arrays.output[BLOCK : 2 * BLOCK].max() == pytest.approx(0.25)
    other.phase = STOPPED
    audio.close(CONTEXT.Semaphore(0))
    played = np.fromfile(tmp_path / OUTPUT, np.float32).reshape(4, BLOCK)
    np.testing.assert_allclose(played[:, -1], [0.5, 0.5, 0.5, 0.25])
    for each in (other, player):
        each.close()


def test_a_player_that_died_is_reported_once_to_be_free_also_without_a_device(ring: DeviceRing) -> None:
    audio = AudioProcess((CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)))
    players = [SharedArrays(player_fields(description(), BLOCK)) for _ in range(2)]
    audio.execute(Perform(description(), players[0].descriptor, 0, BLOCK, -0.3))
    audio.execute(OpenDevice(ring.descriptor, RATE, (1, 1), BLOCK, 0))
    audio.execute(SwapInstrument(description(), players[1].descriptor, 1, "digest"))
    ring.arrays.position[0] = BLOCK
    audio.advance()
    audio.execute(PlayerDied(1))
    ring.arrays.position[0] = 2 * BLOCK
    audio.advance()
    audio.execute(CloseDevice())
    for player in players:
        player["played"][0] = player["sent"][0]
    audio.advance()
    reports = [audio.execute(GetReport()) for _ in range(2)]
    assert [report.retired for report in reports if isinstance(report, Report)] == [[1], []]
    audio.close(CONTEXT.Semaphore(0))
    for player in players:
        player.close()
