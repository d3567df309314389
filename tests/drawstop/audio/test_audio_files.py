from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.audio.files import list_audio, read_audio, write_audio
from drawstop.errors import DrawstopError

PCM_24_STEP = 2.0**-23
RESAMPLING_ERROR = 1e-4  # of a sine well inside both bands, away from the ends


def sine(rate: int, frequency_hz: float = 440.0, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def test_a_float_wav_comes_back_bit_for_bit(tmp_path: Path) -> None:
    audio = np.stack([sine(44100), 2.5 * sine(44100, 880)])
    write_audio(tmp_path / "a.wav", audio, 44100)
    back, rate = read_audio(tmp_path / "a.wav")
    assert rate == 44100
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, audio)


def test_a_flac_comes_back_within_one_step_of_24_bits(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.flac", sine(44100)[None], 44100)
    back, _ = read_audio(tmp_path / "a.flac")
    np.testing.assert_allclose(back[0], sine(44100), atol=PCM_24_STEP)


def test_a_written_wav_holds_no_time_of_writing(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", sine(44100)[None], 44100)
    assert b"PEAK" not in (tmp_path / "a.wav").read_bytes()[:200]


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (48_000, 6), (22_050, 1)])
def test_any_rate_and_channel_count_becomes_mono_at_the_models_rate(
    tmp_path: Path, rate: int, channels: int
) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([sine(rate)] * channels, axis=1), rate, "FLOAT")
    audio, given = read_audio(tmp_path / "a.wav", sample_rate=44100, channels=1)
    assert given == 44100
    assert audio.shape == (1, 44100)
    middle = slice(4410, -4410)
    np.testing.assert_allclose(audio[0, middle], sine(44100)[middle], atol=RESAMPLING_ERROR)


def test_mono_is_the_mean_of_the_channels_and_stereo_repeats_mono(tmp_path: Path) -> None:
    write_audio(tmp_path / "two.wav", np.stack([sine(44100), np.zeros(44100)]), 44100)
    mono, _ = read_audio(tmp_path / "two.wav", channels=1)
    np.testing.assert_array_equal(mono[0], sine(44100) / 2)
    write_audio(tmp_path / "one.wav", sine(44100)[None], 44100)
    stereo, _ = read_audio(tmp_path / "one.wav", channels=2)
    np.testing.assert_array_equal(stereo, np.stack([sine(44100)] * 2))


def test_channels_that_do_not_convert_are_refused_with_both_counts(tmp_path: Path) -> None:
    write_audio(tmp_path / "six.wav", np.stack([sine(8000)] * 6), 8000)
    with pytest.raises(DrawstopError, match="has 6 channels and 2 were asked for"):
        read_audio(tmp_path / "six.wav", channels=2)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_one_sample_is_sound_too(tmp_path: Path, rate: int) -> None:
    write_audio(tmp_path / "a.wav", np.full((1, 1), 0.25, np.float32), rate)
    audio, _ = read_audio(tmp_path / "a.wav", sample_rate=44100)
    assert audio.shape[1] >= 1
    assert np.isfinite(audio).all()


def test_a_missing_file_a_folder_and_an_empty_file_are_reported(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    write_audio(tmp_path / "no_samples.wav", np.zeros((1, 0), np.float32), 44100)
    with pytest.raises(DrawstopError, match="no such file"):
        read_audio(tmp_path / "nothing.wav")
    with pytest.raises(DrawstopError, match="got the folder"):
        read_audio(tmp_path)
    with pytest.raises(DrawstopError, match="empty: 0 bytes"):
        read_audio(tmp_path / "empty.wav")
    with pytest.raises(DrawstopError, match="empty: 0 samples"):
        read_audio(tmp_path / "no_samples.wav")


@pytest.mark.parametrize("name", ["letter.txt", "letter.wav", "letter.flac", "letter.raw"])
def test_a_file_that_is_not_audio_is_reported_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear organist, " * 100)
    with pytest.raises(DrawstopError, match="isn't a sound file"):
        read_audio(tmp_path / name)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_named(tmp_path: Path, bad: float) -> None:
    audio = np.stack([sine(44100), sine(44100)], axis=1)
    audio[1234, 1] = bad
    soundfile.write(tmp_path / "a.wav", audio, 44100, "FLOAT")
    with pytest.raises(DrawstopError, match="sample 1234 is NaN or infinite"):
        read_audio(tmp_path / "a.wav", sample_rate=22050, channels=1)


def test_what_cannot_be_written_as_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"got '\.mp3'"):
        write_audio(tmp_path / "a.mp3", sine(44100)[None], 44100)
    with pytest.raises(DrawstopError, match=r"got shape \[44100\]"):
        write_audio(tmp_path / "a.wav", sine(44100), 44100)
    with pytest.raises(DrawstopError, match="sample 0 is NaN"):
        write_audio(tmp_path / "a.wav", np.full((1, 3), np.nan), 44100)
    assert list(tmp_path.iterdir()) == []


def test_a_listing_is_sorted_and_leaves_out_other_and_hidden_files(tmp_path: Path) -> None:
    for name in ("b/z.FLAC", "a.wav", "notes.txt", ".hidden.wav", "b/.cache/x.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list_audio(tmp_path) == [tmp_path / "a.wav", tmp_path / "b" / "z.FLAC"]


def test_a_folder_that_is_missing_or_holds_no_audio_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DrawstopError, match="no sound files in"):
        list_audio(tmp_path)
    with pytest.raises(DrawstopError, match="no such folder"):
        list_audio(tmp_path / "nothing")
