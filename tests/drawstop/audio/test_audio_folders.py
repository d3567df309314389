"""Folders of recordings as people have them: links, formats, damaged headers, names in any encoding."""

import io
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drawstop.audio.decoding import header_of
from drawstop.audio.files import list_audio, read_audio
from drawstop.audio.folders import LISTED, NO_FFMPEG, list_folder, skipped_lines
from drawstop.errors import DrawstopError
from drawstop.files import write_json
from drawstop.names import shown, write_anything
from tests.helpers.recordings.odd_recordings import RATE, SINE, by_ffmpeg, says_no_samples, write_sine
from training.data.phrases import is_like, phrase_of

LOSSY_CORRELATION = 0.99
"""A sine correlates so far with itself coded at 64 kbit/s or more."""


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_linked_folders_are_followed_and_a_loop_ends(tmp_path: Path) -> None:
    write_sine(tmp_path / "disk" / "far.wav")
    folder = tmp_path / "here"
    write_sine(folder / "sub" / "near.wav")
    (folder / "linked").symlink_to(tmp_path / "disk")
    (folder / "file.wav").symlink_to(tmp_path / "disk" / "far.wav")
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "again").symlink_to(folder / "sub")
    (folder / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    listing = list_folder(folder)
    assert [str(path.relative_to(folder)) for path in listing.sounds] == [
        "file.wav",
        "linked/far.wav",
        "sub/near.wav",
    ]
    assert {each.path.name: each.why for each in listing.skipped} == {
        "again": LISTED,
        "loop": LISTED,
        "gone.wav": "a link to nothing",
    }


def test_what_is_no_sound_is_reported_by_suffix_and_a_hidden_recording_by_name(tmp_path: Path) -> None:
    write_sine(tmp_path / "a.wav")
    for name in ("cover.jpg", "b.JPG", "notes.txt", "._a.wav", ".DS_Store", "take.raw"):
        (tmp_path / name).write_bytes(b"x")
    listing = list_folder(tmp_path)
    assert names(listing.sounds) == ["a.wav"]
    assert skipped_lines(listing.skipped) == [
        "3 no sound by their names: .jpg 2, .txt 1",
        "1 (._a.wav): hidden: its name begins with a dot",
        "1 (take.raw): headerless: neither its rate nor its channels are known; convert it to wav",
    ]


def test_a_folder_without_sound_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DrawstopError, match=r"holds 1 no sound by their names: \.txt 1"):
        list_audio(tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.aifc", {"format": "AIFF", "subtype": "FLOAT"}),
        ("a.AIF", {"format": "AIFF"}),
        ("a.wave", {}),
        ("a.snd", {"format": "AU"}),
        ("a.caf", {"format": "CAF"}),
        ("a.w64", {"format": "W64"}),
        ("a.oga", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.voc", {"format": "VOC"}),
        ("a.nist", {"format": "NIST"}),
        ("a.mp3", {"format": "MP3", "subtype": "MPEG_LAYER_III"}),
        ("mp3 in truth.wav", {"format": "MP3", "subtype": "MPEG_LAYER_III"}),
    ],
)
def test_whatever_libsndfile_reads_is_listed_and_read(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path = write_sine(tmp_path / name, **options)
    assert list_audio(tmp_path) == [path]
    audio, rate = read_audio(path)
    assert rate == RATE
    assert np.corrcoef(audio[0, : len(SINE)], SINE[: audio.shape[1]])[0, 1] > LOSSY_CORRELATION


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["m4a", "mp4", "mka", "wma", "mov", "aac", "oga"])
def test_what_libsndfile_cannot_read_is_read_by_ffmpeg(
    tmp_path: Path, suffix: str, needs_program: Callable[[str], None]
) -> None:
    needs_program("ffmpeg")
    path = by_ffmpeg(tmp_path / f"b.{suffix}", write_sine(tmp_path / "source" / "a.wav"))
    assert list_audio(tmp_path)[0] == path
    audio, rate = read_audio(path)
    assert rate == RATE
    assert abs(audio.shape[1] / RATE - 1) < 0.1  # a coder fills its last block up
    late, _ = read_audio(path, part=(0.5, 0.25))
    np.testing.assert_array_equal(late[0], audio[0, RATE // 2 : RATE // 2 + RATE // 4])


def test_without_ffmpeg_its_formats_are_skipped_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sine(tmp_path / "a.wav")
    (tmp_path / "b.m4a").write_bytes(b"x" * 500)
    monkeypatch.setenv("PATH", str(tmp_path))
    listing = list_folder(tmp_path)
    assert names(listing.sounds) == ["a.wav"]
    assert [each.why for each in listing.skipped] == [NO_FFMPEG]
    with pytest.raises(DrawstopError, match="install ffmpeg"):
        read_audio(tmp_path / "b.m4a")


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_sound_behind_a_header_that_says_no_samples_is_read(
    tmp_path: Path, suffix: str, needs_program: Callable[[str], None]
) -> None:
    needs_program("ffmpeg")
    path = says_no_samples(suffix, tmp_path / f"lost.{suffix}")
    assert header_of(path).frames == RATE
    np.testing.assert_allclose(read_audio(path)[0][0], SINE, atol=2.0**-15)


def test_without_ffmpeg_such_a_header_is_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = says_no_samples("wav", tmp_path / "lost.wav")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DrawstopError, match="install ffmpeg, or save it again"):
        read_audio(path)


@pytest.mark.parametrize(
    "name", [b"caf\xe9.wav", b"two\nlines.wav", "Grün.wav".encode(), b"[red]x[/red].wav"]
)
def test_a_file_of_any_name_is_listed_and_read(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    write_sine(path)
    assert list_audio(tmp_path) == [path]
    assert read_audio(path)[0].shape == (1, RATE)
    assert "\n" not in shown(path)
    assert shown(path).encode().decode() == shown(path)
    write_json(tmp_path / "names.json", {"name": path.name})
    assert json.loads((tmp_path / "names.json").read_text("utf-8"))["name"] == path.name


def test_output_in_another_encoding_never_ends_a_command() -> None:
    for encoding in ("ascii", "latin-1", "cp437", "utf-8"):
        content = io.BytesIO()
        stream = io.TextIOWrapper(content, encoding=encoding)
        write_anything(stream)
        stream.write("−1 → Grün 日本 \udce9\n")
        stream.flush()
        said = content.getvalue().decode(encoding)
        assert said.endswith("\\xe9\n")
        if encoding == "ascii":
            assert said == "-1 -> Gr\\xfcn \\u65e5\\u672c \\xe9\n"


@pytest.mark.slow
def test_a_command_writes_a_name_to_a_pipe_of_another_encoding(tmp_path: Path) -> None:
    path = write_sine(Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"[b] caf\xe9 \xe6\x97\xa5.wav"))))
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "drawstop", "inspect", path], capture_output=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"[b] caf\\xe9 \\u65e5.wav: recording" in b" ".join(done.stdout.split())


def test_composed_and_decomposed_names_are_one_phrase() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Grün") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert phrase_of(Path(f"{composed}@a.wav")) == phrase_of(Path(f"{decomposed}@b.flac"))
    assert is_like(Path(f"{decomposed}.wav"), f"{composed}*")


@pytest.mark.slow
def test_decoded_files_are_removed(tmp_path: Path, needs_program: Callable[[str], None]) -> None:
    needs_program("ffmpeg")
    source = write_sine(tmp_path / "a.wav")
    work = tmp_path / "work"
    work.mkdir()
    for number in range(4):
        by_ffmpeg(tmp_path / f"{number}.m4a", source)
    code = (
        "import sys, pathlib; from drawstop.audio.files import read_audio;"
        "[read_audio(pathlib.Path(p)) for p in sys.argv[1:]];"
        "import os; print(len(os.listdir(os.environ['TMPDIR'])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(tmp_path / f"{number}.m4a") for number in range(4))],
        env=os.environ | {"TMPDIR": str(work)},
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) <= 2
    assert list(work.iterdir()) == []
    shutil.rmtree(work)
