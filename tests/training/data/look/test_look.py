"""A look at recordings: all that would spoil a result are refused at once, before any work; odd ones are reported."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from tests.helpers.programs.command_line import Run
from tests.helpers.recordings.odd_recordings import RATE, SINE, by_ffmpeg, write_sound
from training.data.look.findings import Needs
from training.data.look.look import Look, look_at

FLOAT = {"subtype": "FLOAT"}


def noise(seed: int, level: float = 0.1, seconds: float = 2.0) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def folder_of(path: Path, count: int, seed: int = 0) -> Path:
    for number in range(count):
        write_sound(path / f"{number:02}.wav", noise(seed + number))
    return path


def kinds(look: Look) -> list[tuple[str, str, bool]]:
    return [(each.path.name, each.kind, each.spoils) for folder in look.folders for each in folder.findings]


def test_a_plain_folder_has_a_line_of_facts_and_nothing_else(tmp_path: Path) -> None:
    look = look_at([folder_of(tmp_path / "a", 3)])
    (line,) = look.lines()
    assert re.fullmatch(
        r".*/a: 3 recordings, 6 s, 44100 Hz, 1 channel, peak -\d+\.\d dBFS, level -20\.0 dBFS \(.*\)", line
    )
    look.refuse()


def test_every_spoiling_recording_is_named_in_one_error(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", 3)
    for name, value in (("big", 1e29), ("nan", np.nan), ("integer", 32768.0)):
        sound = noise(50)
        sound[RATE] = value
        write_sound(folder / f"{name}.wav", sound, **FLOAT)
    (folder / "text.flac").write_text("no sound" * 50)
    with pytest.raises(DrawstopError) as caught:
        look_at([folder]).refuse()
    said = str(caught.value)
    assert said.startswith("4 recordings can't be used: ")
    for words in (
        "big.wav: its peak is 1e+29",
        "nan.wav: sample 44100 is NaN",
        "divide by 32768",
        "text.flac: isn't",
    ):
        assert words in said, words


def test_a_recording_that_holds_most_of_the_energy_is_refused_where_levels_matter(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", 4)
    write_sound(folder / "loud.wav", noise(9, level=1.2), **FLOAT)
    assert kinds(look_at([folder])) == [("loud.wav", "most of the energy", True)]
    assert kinds(look_at([folder], Needs(levels_matter=False))) == [("loud.wav", "most of the energy", False)]


def test_a_long_recording_among_short_ones_is_only_reported(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", 4)
    write_sound(folder / "long.wav", noise(9, seconds=20))
    assert kinds(look_at([folder])) == [("long.wav", "most of the energy", False)]


@pytest.mark.parametrize("options", [(), ("-ar", "48000"), ("-af", "volume=-12dB"), ("-ac", "2")])
@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_the_same_recording_on_both_sides_is_refused_in_any_format(
    tmp_path: Path, suffix: str, options: tuple[str, ...]
) -> None:
    sides = folder_of(tmp_path / "with", 3), folder_of(tmp_path / "without", 3, seed=100)
    by_ffmpeg(sides[1] / f"other name.{suffix}", sides[0] / "01.wav", *options)
    look = look_at(sides, opposites=[sides])
    assert kinds(look) == [(f"other name.{suffix}", "with and without the concept", True)]


def test_parallel_recordings_that_differ_by_little_are_reported_and_equal_ones_refused(
    tmp_path: Path,
) -> None:
    sides = folder_of(tmp_path / "with", 3), folder_of(tmp_path / "without", 3, seed=100)
    write_sound(sides[1] / "01.wav", noise(1) + noise(8, level=0.003))
    write_sound(sides[1] / "02@b.flac", noise(2), format="FLAC")
    write_sound(sides[0] / "02.wav", noise(2))
    look = look_at(sides, opposites=[sides])
    assert kinds(look) == [
        ("01.wav", "with and without the concept", False),
        ("02@b.flac", "with and without the concept", True),
    ]


def test_takes_of_one_phrase_by_other_timbres_are_not_the_same_recording() -> None:
    folder = Path(__file__).parents[4] / "training" / "demo" / "recordings" / "train"
    assert kinds(look_at([folder])) == []


def test_parallel_pairs_are_counted(tmp_path: Path) -> None:
    sides = folder_of(tmp_path / "with", 5), folder_of(tmp_path / "without", 3, seed=100)
    assert (
        look_at(sides, opposites=[sides])
        .pairs[0]
        .endswith("3 phrases in both, parallel; 2 recordings without a partner")
    )
    for path in sides[1].iterdir():
        path.rename(path.with_name(f"other {path.name}"))
    assert "no parallel recordings" in look_at(sides, opposites=[sides]).pairs[0]


def test_a_look_at_headers_reads_no_sample(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", 2)
    write_sound(folder / "nan.wav", np.full(RATE, np.nan, np.float32), **FLOAT)
    assert kinds(look_at([folder], Needs(samples=False))) == []


def test_of_more_sound_than_is_read_whole_a_bad_float_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.look.look.ALL_SAMPLES_UP_TO_HOURS", 2 / 3600)
    folder = folder_of(tmp_path / "a", 3)
    write_sound(folder / "silent.wav", 0 * noise(5, seconds=9))
    sound = noise(4, seconds=9)
    sound[round(1.5 * RATE)] = np.inf
    write_sound(folder / "wild.wav", sound, **FLOAT)
    look = look_at([folder])
    assert look.every > 1
    assert kinds(look) == [("silent.wav", "silent", False), ("wild.wav", "not finite", True)]
    assert "one second in" in look.lines()[-1]


@pytest.mark.slow
def test_of_many_equal_files_each_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "many"
    write_sound(folder / "0.wav", noise(0, seconds=1))
    for number in range(1, 100):
        shutil.copy(folder / "0.wav", folder / f"{number}.wav")
    read: list[int] = []

    class Counted(soundfile.SoundFile):
        def read(self, *arguments: object, **options: object) -> np.ndarray:
            sound = super().read(*arguments, **options)
            read.append(len(sound))
            return sound

    monkeypatch.setattr(soundfile, "SoundFile", Counted)
    look = look_at([folder])
    assert len(look.folders[0].recordings) == 100
    assert sum(read) == 100 * RATE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["big", "nan"])
def test_train_and_find_refuse_before_the_first_frame(
    tmp_path: Path, run: Run, example_rave: Path, name: str
) -> None:
    folder, other = folder_of(tmp_path / "a", 4), folder_of(tmp_path / "b", 4, seed=50)
    sound = noise(1)
    sound[10] = 1e29 if name == "big" else np.nan
    write_sound(folder / "wild.wav", sound, **FLOAT)
    bank = Path(__file__).parents[4] / "training" / "demo" / "bank"
    for arguments in (
        ("train", example_rave, folder, "--out", tmp_path / "bank"),
        ("activations", example_rave, folder, "--out", tmp_path / "frames"),
        ("find", bank, "x", "--with", folder, "--without", other, "--model", example_rave),
        ("make", "--stop", "x", folder, other, "--out", tmp_path / "made"),
        ("make", example_rave, "--stop", "x", other, folder, "--out", tmp_path / "made"),
    ):
        code, _, said = run(*arguments)
        assert code == 2, arguments
        assert "1 recording can't be used" in said
        assert "wild.wav" in said
        assert "Traceback" not in said
    assert not list(tmp_path.glob("bank*")) + list(tmp_path.glob("frames*")) + list(tmp_path.glob("made*"))


def test_inspect_of_two_folders_says_what_is_parallel_and_writes_it_as_json(tmp_path: Path, run: Run) -> None:
    folder_of(tmp_path / "x" / "with", 3)
    folder_of(tmp_path / "x" / "without", 3, seed=60)
    (tmp_path / "x" / "with" / "cover.jpg").write_bytes(b"x")
    code, out, _ = run("inspect", tmp_path / "x", "--json", tmp_path / "facts.json")
    assert code == 0
    assert "3 phrases in both, parallel" in " ".join(out.split())
    assert ".jpg 1" in out
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert [each["recordings"] for each in facts["folders"]] == [3, 3]


def test_inspect_of_a_plain_folder_is_of_recordings(tmp_path: Path, run: Run) -> None:
    code, out, _ = run("inspect", folder_of(tmp_path / "plain", 2))
    assert code == 0
    assert "recordings" in out
    assert "2 recordings, 4 s, 44100 Hz" in " ".join(out.split())


def test_the_mark_of_a_short_or_strange_rate_is_taken(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", SINE[:50], 11025)
    soundfile.write(tmp_path / "b.wav", SINE[:5000], 96000)
    assert {kind for _, kind, _ in kinds(look_at([tmp_path]))} == {"very short"}
