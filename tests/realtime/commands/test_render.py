"""Rendering, as a function and as the command; the command runs in this process, by `drawstop.cli.main`."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from drawstop.stop_settings import parse_setting
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_file import LoadedInstrument, load
from realtime.engine.render import render
from tests.helpers.models.small_instrument import (
    DELAY,
    ECHO,
    POISONED_ABOVE,
    RAISES_ABOVE,
    SAMPLE_RATE,
    save_small_instrument,
)

BLOCK = 512


@pytest.fixture(scope="module")
def stereo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_instrument(tmp_path_factory.mktemp("instrument") / "stereo.ts", channels=2)


@pytest.fixture
def quiet(small: Path) -> LoadedInstrument:
    """Without noise, so that the output is known exactly."""
    instrument = load(small)
    instrument.module.set_noise(0)
    return instrument


def audio(length: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(length).uniform(-0.5, 0.5, (channels, length)).astype(np.float32)


def wet(signal: np.ndarray) -> np.ndarray:
    """What the small instrument at rest adds to nothing: the signal and its echo, delay taken out."""
    delayed = np.pad(signal, [(0, 0), (ECHO, 0)])[:, : signal.shape[1]]
    return signal + np.float32(0.25) * delayed


@pytest.mark.parametrize("length", [0, 1, 2, DELAY, BLOCK - DELAY, BLOCK - DELAY + 1, BLOCK, 5 * BLOCK + 3])
def test_a_rendering_lies_on_its_input_sample_for_sample_whatever_the_length(
    quiet: LoadedInstrument, length: int
) -> None:
    signal = audio(length)
    np.testing.assert_allclose(render(quiet, signal, inner_block=BLOCK), wet(signal), rtol=0, atol=1e-6)


def test_a_setting_and_an_event_change_the_gain_from_their_frame_on(quiet: LoadedInstrument) -> None:
    signal = audio(4 * BLOCK)
    event = ControlEvent(2 * BLOCK, "guitar", 1.0, "test")
    rendered = render(quiet, signal, [event], {"voice": 1.0}, inner_block=BLOCK)
    settled = 64  # the small instrument's ramp lasts one latent frame
    before, after = slice(settled, 2 * BLOCK - DELAY), slice(2 * BLOCK - DELAY + settled, None)
    np.testing.assert_allclose(rendered[:, before], 0.75 * wet(signal)[:, before], rtol=0, atol=1e-6)
    np.testing.assert_allclose(rendered[:, after], 1.25 * wet(signal)[:, after], rtol=0, atol=1e-6)


def test_rendering_twice_gives_the_same_bits_and_another_seed_others(small: Path) -> None:
    instrument = load(small)
    first, second = (render(instrument, audio(3000), inner_block=BLOCK, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first != render(instrument, audio(3000), inner_block=BLOCK, seed=2)).any()


@pytest.mark.parametrize("peak", [1.5 * POISONED_ABOVE, 1.5 * RAISES_ABOVE])
def test_an_instrument_that_fails_or_gives_nan_is_an_error_and_no_silent_gap(
    quiet: LoadedInstrument, peak: float
) -> None:
    signal = audio(4 * BLOCK)
    signal[0, 700] = peak
    with pytest.raises(DrawstopError, match="NaN"):
        render(quiet, signal, inner_block=BLOCK)


@pytest.mark.parametrize("text", ["guitar", "guitar=", "=1", "guitar=loud", ""])
def test_a_setting_that_is_no_slug_and_number_is_refused(text: str) -> None:
    with pytest.raises(DrawstopError, match="slug=value"):
        parse_setting(text)


class Command:
    """`drawstop render` with the small instrument and a second of sound, in one folder."""

    def __init__(self, folder: Path, instrument: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.instrument, self._capsys = folder, instrument, capsys
        self.out = folder / "out.wav"
        self.recording = folder / "in.wav"
        soundfile.write(self.recording, audio(SAMPLE_RATE)[0], SAMPLE_RATE, subtype="FLOAT")

    def __call__(
        self,
        *options: str,
        recording: Path | None = None,
        instrument: Path | None = None,
        out: Path | None = None,
    ) -> tuple[int, str]:
        """Exit code and stderr; where it has written, stdout says what."""
        from drawstop.cli import main

        arguments = [str(instrument or self.instrument), str(recording or self.recording)]
        with pytest.raises(SystemExit) as left:
            main(["render", *arguments, "-o", str(out or self.out), *options])
        code = left.value.code or 0
        assert isinstance(code, int)
        said = self._capsys.readouterr()
        assert (" is written: " in said.out) == (code == 0)
        return code, said.err

    def refuses(self, cause: str, *options: str, **files: Path) -> None:
        """The command ends with exit code 2, one line that names the cause, and no output file."""
        code, stderr = self(*options, **files)
        assert code == 2, stderr
        assert cause in stderr
        assert len(stderr.strip().splitlines()) == 1
        assert not self.out.exists()


@pytest.fixture
def command(tmp_path: Path, small: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, small, capsys)


def test_the_command_writes_what_the_function_renders(command: Command, small: Path) -> None:
    assert command("--set", "guitar=0.8", "--set", "voice=-0.3", "--seed", "4") == (0, "")
    written, rate = soundfile.read(command.out, dtype="float32")
    expected = render(load(small), audio(SAMPLE_RATE), settings={"guitar": 0.8, "voice": -0.3}, seed=4)
    assert rate == SAMPLE_RATE
    np.testing.assert_array_equal(written, expected[0])


def test_a_midi_file_moves_the_stops(command: Command, small: Path) -> None:
    file = mido.MidiFile()
    message = mido.Message("control_change", control=20, value=127, time=480)  # half a second at 120 bpm
    file.tracks.append(mido.MidiTrack([message]))
    file.save(command.folder / "moves.mid")
    assert command("--midi", str(command.folder / "moves.mid")) == (0, "")
    event = ControlEvent(SAMPLE_RATE // 2, "guitar", 1.0, "test")
    expected = render(load(small), audio(SAMPLE_RATE), [event])
    np.testing.assert_array_equal(soundfile.read(command.out, dtype="float32")[0], expected[0])


def test_a_midi_file_that_moves_nothing_is_mentioned(command: Command) -> None:
    mido.MidiFile(tracks=[mido.MidiTrack()]).save(command.folder / "still.mid")
    code, stderr = command("--midi", str(command.folder / "still.mid"))
    assert code == 0
    assert "moves no stop" in stderr


@pytest.mark.parametrize(
    ("rate", "channels", "length"), [(8000, 1, 4000), (96000, 2, 48000), (44100, 6, 22050)]
)
def test_other_rates_and_channel_counts_are_converted(
    command: Command, rate: int, channels: int, length: int
) -> None:
    source = command.folder / "other.wav"
    soundfile.write(source, audio(length, channels).T, rate)
    assert command(recording=source) == (0, "")
    info = soundfile.info(command.out)
    assert (info.samplerate, info.channels, info.frames) == (
        SAMPLE_RATE,
        1,
        round(length * SAMPLE_RATE / rate),
    )


def test_mono_plays_on_both_channels_of_a_stereo_instrument_and_six_channels_are_refused(
    command: Command, stereo_path: Path
) -> None:
    six = command.folder / "six.wav"
    soundfile.write(six, audio(1000, 6).T, SAMPLE_RATE)
    command.refuses("6 channels", recording=six, instrument=stereo_path)
    assert command(instrument=stereo_path) == (0, "")
    assert soundfile.info(command.out).channels == 2


def test_one_sample_in_gives_one_sample_out(command: Command) -> None:
    short = command.folder / "short.wav"
    soundfile.write(short, np.ones(1, dtype=np.float32), SAMPLE_RATE)
    assert command(recording=short) == (0, "")
    assert soundfile.info(command.out).frames == 1


def test_recordings_that_hold_no_sound_are_refused(command: Command) -> None:
    folder = command.folder
    soundfile.write(folder / "empty.wav", np.zeros(0, dtype=np.float32), SAMPLE_RATE)
    soundfile.write(folder / "nan.wav", np.array([0, np.nan], dtype=np.float32), SAMPLE_RATE, subtype="FLOAT")
    (folder / "text.wav").write_text("not audio")
    for name in ("missing.wav", "empty.wav", "nan.wav", "text.wav"):
        command.refuses(name, recording=folder / name)


def test_files_that_are_no_instrument_are_refused(command: Command, small: Path) -> None:
    content = small.read_bytes()
    (command.folder / "cut.ts").write_bytes(content[: len(content) // 2])
    (command.folder / "corrupt.ts").write_bytes(b"\0" * len(content))
    for name in ("missing.ts", "cut.ts", "corrupt.ts", "in.wav"):
        command.refuses(name, instrument=command.folder / name)


@pytest.mark.parametrize(
    ("cause", "options"),
    [
        ("guitar, voice", ["--set", "oboe=1"]), ("-1 to 1", ["--set", "guitar=1.5"]),
        ("-1 to 1", ["--set", "guitar=nan"]), ("slug=value", ["--set", "guitar"]),
        ("multiple of 64", ["--block", "100"]), ("multiple of 64", ["--block", "0"]),
        ("no MIDI file", ["--midi", "missing.mid"]),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_with_the_cause(command: Command, cause: str, options: list[str]) -> None:
    command.refuses(cause, *options)


def test_an_output_that_cannot_be_written_is_refused(command: Command) -> None:
    command.refuses("no folder", out=command.folder / "missing" / "out.wav")
    command.refuses(".wav or .flac", out=command.folder / "out.mp3")
    command.refuses("is the input", out=command.recording)
    assert soundfile.info(command.recording).frames == SAMPLE_RATE


def test_a_folder_that_does_not_let_write_is_refused(command: Command) -> None:
    """/proc takes no new file, not even from root."""
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc on this system")
    command.refuses("/proc/out.wav", out=Path("/proc/out.wav"))
