"""A session's files: what is written is read again, under the names that the file format has had from the start."""

import json
from pathlib import Path

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.performance import Played
from realtime.recording import session_writer
from realtime.recording.session_file import (
    ABOUT,
    EVENTS,
    INPUT,
    OUTPUT,
    Death,
    Lost,
    SessionAbout,
    Skip,
    Swap,
    begin_session,
    read_session,
)
from realtime.recording.session_writer import SessionWriter
from tests.helpers.models.small_instrument import SAMPLE_RATE, description, save_small_instrument
from tests.helpers.waiting import wait_for

BLOCK = 512
MOVEMENTS = [ControlEvent(0, "guitar", 0.5, "cc 20"), ControlEvent(700, "voice", -1.0, "osc", 441)]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A folder with a session that has begun."""
    instrument = save_small_instrument(tmp_path / "small.ts")
    small = description()
    about = SessionAbout(
        SAMPLE_RATE, small.channels_in, small.channels_out, BLOCK, 0, None, -0.3, sha256_file(instrument), {}
    )
    begin_session(tmp_path / "take", about, instrument)
    return tmp_path / "take"


def test_sound_and_movements_are_read_as_they_were_written(session: Path) -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, (1, 3 * BLOCK)).astype(np.float32)
    writer = SessionWriter(session)
    for event in MOVEMENTS:
        writer.movement(event)
    for start in range(0, sound.shape[1], BLOCK):
        writer.input(sound[:, start : start + BLOCK])
        writer.output(Played(start, -sound[:, start : start + BLOCK]))
    writer.close()
    back = read_session(session)
    assert back.events == MOVEMENTS
    np.testing.assert_array_equal(back.input, sound)
    np.testing.assert_array_equal(back.output, -sound)


@pytest.mark.slow
def test_what_is_played_is_in_the_files_while_the_session_goes_on(session: Path) -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, (1, BLOCK)).astype(np.float32)
    writer = SessionWriter(session)
    writer.movement(MOVEMENTS[0])
    for start in (0, BLOCK):
        writer.input(sound)
        writer.output(Played(start, -sound))
        wait_for(lambda end=start + BLOCK: written_samples(session) == (end, end), "the block in the files")
    back = read_session(session)
    assert not writer.ending
    writer.close()
    assert back.events == MOVEMENTS[:1]
    np.testing.assert_array_equal(back.input, np.tile(sound, 2))
    np.testing.assert_array_equal(back.output, -np.tile(sound, 2))


def written_samples(session: Path) -> tuple[int, ...]:
    """The samples of input and of output that the files hold."""
    paths = (session / INPUT, session / OUTPUT)
    return tuple(
        path.stat().st_size // np.dtype(np.float32).itemsize if path.is_file() else 0 for path in paths
    )


def test_a_movements_ramp_is_called_glide_in_the_file_and_left_out_where_there_is_none(session: Path) -> None:
    writer = SessionWriter(session)
    for event in MOVEMENTS:
        writer.movement(event)
    writer.close()
    assert [json.loads(line) for line in (session / EVENTS).read_text().splitlines()] == [
        {"sample": 0, "to": "guitar", "value": 0.5, "source": "cc 20"},
        {"sample": 700, "to": "voice", "value": -1.0, "source": "osc", "glide": 441},
    ]


def test_events_of_an_older_session_are_read_whatever_else_stands_there(session: Path) -> None:
    lines = [
        '{"sample": 512, "swap": "abc", "slot": 1}',
        '{"sample": 2048, "fade": 512}',
        '{"sample": 1024, "lost": 512, "why": "late", "unheard": 100}',
        '{"sample": 1536, "died": 0}',
        '{"sample": 1536, "skip": 1}',
        '{"sample": 1600, "something": "of a later version"}',
        '{"sample": 1700, "to": "guitar", "val',
    ]
    (session / EVENTS).write_text("\n".join(lines))
    back = read_session(session)
    assert back.swaps == [Swap(512, "abc", 1, 2048)]
    assert back.lost == [Lost(1024, 512, "late", 100)]
    assert back.deaths == [Death(1536, 0)]
    assert back.changes == [*back.swaps, *back.deaths]
    assert back.skips == [Skip(1536, 1)]
    assert back.events == []


def test_another_format_a_damaged_description_and_no_session_are_refused(
    session: Path, tmp_path: Path
) -> None:
    with pytest.raises(DrawstopError, match="no session"):
        read_session(tmp_path)
    (session / ABOUT).write_text('{"format": 99}')
    with pytest.raises(DrawstopError, match="format 99"):
        read_session(session)
    (session / ABOUT).write_text("{")
    with pytest.raises(DrawstopError, match="damaged"):
        read_session(session)


def test_the_events_of_a_block_are_written_before_its_sound_so_that_a_killed_session_has_them(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write = session_writer._write_whole
    monkeypatch.setattr(
        session_writer,
        "_write_whole",
        lambda file, content: (written.append(Path(file.name).name), write(file, content)),
    )
    writer = SessionWriter(session)
    sound = np.zeros((1, BLOCK), dtype=np.float32)
    writer.input(sound)
    writer.output(Played(0, sound))
    writer.movement(MOVEMENTS[1])
    writer.input(sound)
    writer.close()
    assert written[:3] == [EVENTS, INPUT, OUTPUT]


@pytest.mark.slow
def test_a_full_disk_ends_the_session_at_a_block_and_the_rest_is_counted(session: Path) -> None:
    (session / OUTPUT).symlink_to("/dev/full")
    writer = SessionWriter(session)
    sound = np.zeros((1, BLOCK), dtype=np.float32)
    writer.input(sound)
    writer.output(Played(0, sound))
    wait_for(lambda: writer.ended, "its end")
    assert writer.problem is not None and "No space left on device" in writer.problem
    writer.input(sound)
    writer.close()
    assert writer.unrecorded_blocks == 2
    assert writer.samples == BLOCK
    assert read_session(session).input.shape == (1, BLOCK)


def test_the_fade_of_an_early_version_that_began_before_its_instrument_came_is_left_out(
    session: Path,
) -> None:
    (session / EVENTS).write_text('{"sample": 512, "swap": "abc", "slot": 1}\n{"sample": 0, "fade": 512}\n')
    assert read_session(session).swaps == [Swap(512, "abc", 1)]
