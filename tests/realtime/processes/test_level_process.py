"""The stops' levels: the level process gives what the instrument's `listen` gives for the same sound."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.audio.files import read_audio
from drawstop.types import Audio
from realtime.engine import instrument_file
from realtime.processes.level_memory import STALE_S, LevelReader, LevelWriter, Tally, level_fields
from realtime.processes.level_process import LevelMeter
from realtime.processes.player_client import SLOTS, RemotePlayer, player_fields
from realtime.processes.shared_arrays import SharedArrays
from tests.helpers.models.small_instrument import RATIO, save_small_instrument
from tests.helpers.repository import RECORDINGS

BLOCK = 512
STOPS = ("guitar", "voice")
ROUNDING = 1e-4
"""A level, 0..1, is right within so much: convolutions add up in another order when blocks are longer."""
HELD_OUT = RECORDINGS / "held_out"


class Played:
    """The audio process's end of a player that plays at once, and a level meter beside it."""

    def __init__(self, path: Path, block: int = BLOCK) -> None:
        instrument = instrument_file.load(path)
        self.description = instrument.description
        self.inbox = SharedArrays(player_fields(self.description, block))
        self.levels = SharedArrays(level_fields(len(self.description.stops)))
        self.reader = LevelReader(self.levels, [stop.slug for stop in self.description.stops])
        self._work_ready = torch.multiprocessing.get_context("spawn").Semaphore(0)
        self.player = RemotePlayer(self.inbox.descriptor, self._work_ready)
        self.meter = LevelMeter(instrument, block, self.inbox, LevelWriter(self.levels))
        self.block = block

    def send(self, audio: Audio, reset: bool = False) -> None:
        """One block to the player; at any value of the knobs, which the meter doesn't get."""
        block = np.ones((len(self.inbox["inbox"][0]), self.block), dtype=np.float32)
        block[: self.description.channels_in] = audio
        assert self.player.submit(block, None, reset)
        self.inbox["played"][0] += 1
        assert self.player.collect() is not None

    def close(self) -> None:
        del self.meter, self.reader
        for each in (self.player.shared, self.inbox, self.levels):
            each.close()


def blocks_of(audio: Audio, block: int = BLOCK) -> list[Audio]:
    return [audio[:, start : start + block] for start in range(0, audio.shape[1] - block + 1, block)]


def offline(path: Path, audio: Audio) -> Audio:
    """`listen` of a whole recording at once. `[channels, samples]` -> `[stops, frames]`"""
    instrument = instrument_file.load(path)
    with torch.inference_mode():
        return instrument.module.listen(torch.from_numpy(audio)[None])[0].numpy()


@pytest.fixture
def played(small: Path) -> Iterator[Played]:
    each = Played(small)
    yield each
    each.close()


@pytest.mark.slow
@pytest.mark.parametrize("concept, other", [STOPS, STOPS[::-1]])
@pytest.mark.parametrize("block", [512, 2048])
def test_the_levels_of_a_recording_are_those_that_listen_gives_offline(
    example_instrument: Path, concept: str, other: str, block: int
) -> None:
    playing = Played(example_instrument, block)
    audio = read_audio(HELD_OUT / concept / ("01.flac" if concept == "guitar" else "05.flac"), 44100, 1)[0]
    levels_read, measured = [], [0]
    for now, sound in enumerate(blocks_of(audio, block)):
        playing.send(sound)
        if playing.meter.measure_next():
            levels_read.append(playing.reader.read(now))
            measured.append(playing.reader.tally().measured_blocks)
    whole = offline(example_instrument, audio[:, : measured[-1] * block])
    ratio = playing.description.method("listen").out_ratio
    for levels, (start, stop) in zip(levels_read, pairwise(measured), strict=True):
        expected = whole[:, start * block // ratio : stop * block // ratio].mean(axis=1)
        assert list(levels.values()) == pytest.approx(expected.tolist(), abs=ROUNDING)
    means = playing.reader.tally().means()
    assert measured[-1] * block >= len(audio[0]) - (playing.meter.piece + 1) * block
    assert playing.reader.tally().skipped_blocks == 0
    assert list(means.values()) == pytest.approx(whole.mean(axis=1).tolist(), abs=ROUNDING)
    assert means[concept] > 3 * means[other]
    assert means[concept] > 0.5
    playing.close()


def test_blocks_that_it_is_too_slow_for_are_skipped_and_counted_and_the_newest_are_measured(
    played: Played,
) -> None:
    piece = played.meter.piece
    for number in range(3 * SLOTS):
        played.send(np.full((1, BLOCK), number / 1000, dtype=np.float32))
    assert played.meter.measure_next()
    assert not played.meter.measure_next()
    newest = [number / 1000 for number in range(3 * SLOTS - piece, 3 * SLOTS)]
    assert played.reader.read(0.0)["guitar"] == pytest.approx(np.mean(newest), abs=ROUNDING)
    assert played.reader.tally().measured_blocks == piece
    assert played.reader.tally().skipped_blocks == 3 * SLOTS - piece


def test_one_that_is_a_little_late_skips_nothing(played: Played) -> None:
    for _ in range(3 * played.meter.piece):
        played.send(np.full((1, BLOCK), 0.5, dtype=np.float32))
    while played.meter.measure_next():
        assert played.reader.read(0.0) == pytest.approx({"guitar": 0.5, "voice": 1.0})
    assert played.reader.tally().measured_blocks == 3 * played.meter.piece
    assert played.reader.tally().skipped_blocks == 0


@pytest.mark.slow
def test_a_cleared_memory_is_cleared_in_the_level_process_too(example_instrument: Path) -> None:
    playing = Played(example_instrument)
    rng = np.random.default_rng(0)
    sound = [(0.3 * rng.standard_normal((1, BLOCK))).astype(np.float32) for _ in range(playing.meter.piece)]
    levels_read = []
    for reset in (False, False, True):
        for number, block in enumerate(sound):
            playing.send(block, reset=reset and number == 0)
        assert playing.meter.measure_next()
        levels_read.append(list(playing.reader.read(0.0).values()))
    assert levels_read[2] == pytest.approx(levels_read[0], abs=ROUNDING)
    assert levels_read[1] != pytest.approx(levels_read[0], abs=10 * ROUNDING)  # the memory is measured
    playing.close()


def test_two_channels_and_the_stops_of_another_instrument(tmp_path: Path) -> None:
    playing = Played(save_small_instrument(tmp_path / "two.ts", channels=2))
    for _ in range(playing.meter.piece):
        playing.send(np.array([[0.5], [-0.25]], dtype=np.float32).repeat(BLOCK, axis=1))
    assert playing.meter.measure_next()
    assert playing.reader.read(0.0) == pytest.approx({"guitar": 0.375, "voice": 1.0})
    playing.close()


def test_levels_are_means_since_the_last_news_and_end_when_none_come() -> None:
    shared = SharedArrays(level_fields(2))
    writer, reader = LevelWriter(shared), LevelReader(shared, STOPS)
    assert reader.read(0.0) == {}
    writer.write(np.array([[0.0, 0.5], [1.0, 1.0]], dtype=np.float32), 1, 0)
    writer.write(np.array([[1.0, 1.0], [0.0, 0.0]], dtype=np.float32), 1, 3)
    assert reader.read(10.0) == {"guitar": 0.625, "voice": 0.5}
    assert reader.read(10.0 + STALE_S) == {"guitar": 0.625, "voice": 0.5}
    assert reader.read(10.1 + STALE_S) == {}
    for _ in range(100):
        writer.write(np.full((2, RATIO), 0.25, dtype=np.float32), 2, 0)
    assert reader.read(20.0) == {"guitar": 0.25, "voice": 0.25}
    tally = reader.tally()
    assert (tally.measured_blocks, tally.skipped_blocks) == (202, 3)
    assert tally.means() == pytest.approx({"guitar": (2.5 + 1600) / 6404, "voice": (2.0 + 1600) / 6404})
    shared.close()


def test_the_tallies_of_two_instruments_add_up_by_stop() -> None:
    one = Tally({"guitar": 100.0, "voice": 100.0}, {"guitar": 50.0, "voice": 0.0}, 10, 1)
    two = Tally({"guitar": 300.0, "flute": 300.0}, {"guitar": 30.0, "flute": 60.0}, 30, 2)
    both = Tally({}, {}) + one + two
    assert both.means() == {"guitar": 0.2, "voice": 0.0, "flute": 0.2}
    assert (both.measured_blocks, both.skipped_blocks) == (40, 3)
