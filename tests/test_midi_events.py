from pathlib import Path

import mido
import pytest
from small_instrument import STOPS

from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent
from realtime.controls.midi import MidiRoute, cc_value, default_routes, read_midi_file

RATE = 44100
SLUGS = [stop.slug for stop in STOPS]


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


def test_controller_at_0_64_and_127_lands_exactly_on_minimum_middle_and_maximum() -> None:
    assert [cc_value(data) for data in (0, 64, 127)] == [-1.0, 0.0, 1.0]
    assert [cc_value(data, 0.0, 0.5) for data in (0, 64, 127)] == [0.0, 0.25, 0.5]
    values = [cc_value(data) for data in range(128)]
    assert values == sorted(set(values))


def test_default_routes_take_cc_20_and_note_60_on_every_channel_in_the_order_of_the_stops(
    tmp_path: Path,
) -> None:
    track = [
        cc(20, 127, channel=3), cc(21, 0, time=480), cc(22, 0),
        mido.Message("note_on", note=61, velocity=127, time=480, channel=9),
        mido.Message("note_on", note=61, velocity=0, time=480, channel=9),
        mido.Message("note_on", note=60, velocity=64),
        mido.Message("note_off", note=60, velocity=99, time=480),
    ]  # fmt: skip
    events = read_midi_file(midi_file(tmp_path / "a.mid", track), RATE, default_routes(SLUGS))
    half = RATE // 2
    assert moves(events) == [
        (0, "guitar", 1.0), (half, "voice", -1.0), (2 * half, "voice", 1.0), (3 * half, "voice", 0.0),
        (3 * half, "guitar", 64 / 127), (4 * half, "guitar", 0.0),
    ]  # fmt: skip


def test_tempo_changes_in_another_track_move_the_events_to_the_right_sample(tmp_path: Path) -> None:
    conductor = [tempo(60), tempo(240, time=480)]  # one second, then a quarter second per beat
    player = [cc(20, 0, time=240), cc(20, 64, time=480), cc(20, 127, time=480)]
    events = read_midi_file(midi_file(tmp_path / "a.mid", conductor, player), RATE, default_routes(SLUGS))
    assert moves(events) == [
        (RATE // 2, "guitar", -1.0), (round(RATE * 1.125), "guitar", 0.0),
        (round(RATE * 1.375), "guitar", 1.0),
    ]  # fmt: skip


def test_a_long_file_with_an_odd_tempo_does_not_drift(tmp_path: Path) -> None:
    ticks, count, microseconds = 7, 20_000, 487_013
    track = [mido.MetaMessage("set_tempo", tempo=microseconds)] + [cc(20, 1, time=ticks)] * count
    events = read_midi_file(midi_file(tmp_path / "a.mid", track), RATE, default_routes(SLUGS))
    exact = (ticks * count * microseconds * RATE + 240_000_000) // 480_000_000
    assert events[-1].sample == exact


def test_smpte_time_division_counts_frames_and_ignores_the_tempo(tmp_path: Path) -> None:
    path = midi_file(tmp_path / "a.mid", [tempo(30), cc(20, 127, time=1000)])
    content = bytearray(path.read_bytes())
    content[12:14] = bytes([256 - 25, 40])  # 25 frames of 40 ticks: a tick is a millisecond
    path.write_bytes(content)
    assert moves(read_midi_file(path, RATE, default_routes(SLUGS))) == [(RATE, "guitar", 1.0)]


def test_a_route_with_a_channel_ignores_the_other_channels(tmp_path: Path) -> None:
    path = midi_file(tmp_path / "a.mid", [cc(7, 127, channel=1), cc(7, 0, channel=2)])
    events = read_midi_file(path, RATE, [MidiRoute("cc", 7, "voice", channel=2)])
    assert moves(events) == [(0, "voice", -1.0)]


def test_a_toggle_flips_on_each_press_and_ignores_the_release(tmp_path: Path) -> None:
    press, release = mido.Message("note_on", note=40, velocity=127), mido.Message("note_off", note=40)
    path = midi_file(tmp_path / "a.mid", [press, release, press, release, cc(5, 127), cc(5, 0), cc(5, 127)])
    routes = [
        MidiRoute("note", 40, "guitar", toggle=True),
        MidiRoute("cc", 5, "voice", maximum=0.5, toggle=True),
    ]
    assert [(event.slug, event.value) for event in read_midi_file(path, RATE, routes)] == [
        ("guitar", 1.0), ("guitar", 0.0), ("voice", 0.5), ("voice", 0.0)
    ]  # fmt: skip


def test_missing_damaged_empty_and_type_2_files_are_refused_in_one_line(tmp_path: Path) -> None:
    whole = midi_file(tmp_path / "whole.mid", [cc(20, value) for value in range(100)]).read_bytes()
    files = {"cut.mid": whole[:50], "empty.mid": b"", "text.mid": b"not midi at all", "head.mid": whole[:14]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    midi_file(tmp_path / "two.mid", [cc(20, 1)], file_type=2)
    for name in [*files, "two.mid", "missing.mid"]:
        with pytest.raises(DrawstopError) as raised:
            read_midi_file(tmp_path / name, RATE, default_routes(SLUGS))
        assert name in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("wrong", [{"number": 128}, {"number": -1}, {"channel": 16}, {"kind": "bend"}])
def test_a_route_outside_the_midi_ranges_is_refused(wrong: dict) -> None:
    with pytest.raises(DrawstopError):
        MidiRoute(**{"kind": "cc", "number": 1, "slug": "guitar", **wrong})
