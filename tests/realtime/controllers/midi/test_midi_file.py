from pathlib import Path

import mido
import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.midi_file import read_midi_file
from realtime.controllers.midi.source import parse_source
from realtime.engine.control_event import ControlEvent
from tests.helpers.models.small_instrument import STOPS

RATE = 44100


def midi_file(path: Path, *tracks: list[mido.Message], file_type: int = 1) -> Path:
    file = mido.MidiFile(type=file_type, ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(path)
    return path


def cc(control: int, value: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=control, value=value, time=time, channel=channel)


def tempo(beats_per_minute: float, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_per_minute), time=time)


def moves(events: list[ControlEvent]) -> list[tuple[int, str, float]]:
    return [(event.sample, event.slug, event.value) for event in events]


def test_the_default_mapping_takes_cc_20_and_note_60_on_every_channel_in_the_order_of_the_stops(
    tmp_path: Path,
) -> None:
    track = [
        cc(20, 127, channel=3), cc(21, 0, time=480), cc(22, 0),
        mido.Message("note_on", note=61, velocity=127, time=480, channel=9),
        mido.Message("note_on", note=61, velocity=0, time=480, channel=9),
        mido.Message("note_on", note=60, velocity=64),
        mido.Message("note_off", note=60, velocity=99, time=480),
    ]  # fmt: skip
    events = read_midi_file(midi_file(tmp_path / "a.mid", track), RATE, STOPS)
    half = RATE // 2
    assert moves(events) == [
        (0, "guitar", 1.0), (half, "voice", -1.0), (2 * half, "voice", 1.0), (3 * half, "voice", 0.0),
        (3 * half, "guitar", 64 / 127), (4 * half, "guitar", 0.0),
    ]  # fmt: skip


def test_tempo_changes_in_another_track_move_the_events_to_the_right_sample(tmp_path: Path) -> None:
    conductor = [tempo(60), tempo(240, time=480)]  # one second, then a quarter second per beat
    player = [cc(20, 0, time=240), cc(20, 64, time=480), cc(20, 127, time=480)]
    events = read_midi_file(midi_file(tmp_path / "a.mid", conductor, player), RATE, STOPS)
    assert moves(events) == [
        (RATE // 2, "guitar", -1.0), (round(RATE * 1.125), "guitar", 0.0),
        (round(RATE * 1.375), "guitar", 1.0),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_long_file_with_an_odd_tempo_does_not_drift(tmp_path: Path) -> None:
    ticks, count, microseconds = 7, 20_000, 487_013
    track = [mido.MetaMessage("set_tempo", tempo=microseconds)] + [cc(20, 1, time=ticks)] * count
    events = read_midi_file(midi_file(tmp_path / "a.mid", track), RATE, STOPS)
    exact = (ticks * count * microseconds * RATE + 240_000_000) // 480_000_000
    assert events[-1].sample == exact


def test_smpte_time_division_counts_frames_and_ignores_the_tempo(tmp_path: Path) -> None:
    path = midi_file(tmp_path / "a.mid", [tempo(30), cc(20, 127, time=1000)])
    content = bytearray(path.read_bytes())
    content[12:14] = bytes([256 - 25, 40])  # 25 frames of 40 ticks: a tick is a millisecond
    path.write_bytes(content)
    assert moves(read_midi_file(path, RATE, STOPS)) == [(RATE, "guitar", 1.0)]


def test_a_mapping_says_which_messages_count(tmp_path: Path) -> None:
    path = midi_file(tmp_path / "a.mid", [cc(7, 127, channel=1), cc(7, 0, channel=2), cc(20, 127)])
    mapping = Mapping((Knob(parse_source("cc 7", channel=3), "voice", takeover="jump"),))
    assert moves(read_midi_file(path, RATE, STOPS, mapping)) == [(0, "voice", -1.0)]


def test_a_14_bit_value_has_the_time_of_its_second_half_and_a_lonely_half_counts_at_the_end(
    tmp_path: Path,
) -> None:
    path = midi_file(tmp_path / "a.mid", [cc(1, 64), cc(33, 1, time=3), cc(1, 127, time=480)])
    mapping = Mapping((Knob(parse_source("cc14 1"), "voice", takeover="jump"),))
    events = read_midi_file(path, RATE, STOPS, mapping)
    assert [event.sample for event in events] == [round(RATE * 3 / 960), round(RATE * 483 / 960)]
    assert [event.value for event in events] == [pytest.approx(1 / 8191), pytest.approx(1 - 127 / 8191)]


def test_missing_damaged_empty_and_type_2_files_are_refused_in_one_line(tmp_path: Path) -> None:
    whole = midi_file(tmp_path / "whole.mid", [cc(20, value) for value in range(100)]).read_bytes()
    files = {"cut.mid": whole[:50], "empty.mid": b"", "text.mid": b"not midi at all", "head.mid": whole[:14]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    midi_file(tmp_path / "two.mid", [cc(20, 1)], file_type=2)
    for name in [*files, "two.mid", "missing.mid"]:
        with pytest.raises(DrawstopError) as raised:
            read_midi_file(tmp_path / name, RATE, STOPS)
        assert name in str(raised.value)
        assert "\n" not in str(raised.value)
