"""`drawstop.Instrument`: a stream is a recording cut in pieces, and both are what the commands play."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drawstop.errors import DrawstopError
from drawstop.types import Audio
from export.api.files import load_bank, load_model, render
from export.api.instrument import Instrument
from tests.helpers.models.small_instrument import DELAY, RATIO, SAMPLE_RATE
from tests.helpers.programs.command_line import Run
from training.models.rave.model import RaveModel

BLOCK = 4 * RATIO


@pytest.fixture
def organ(small: Path) -> Instrument:
    return Instrument(small, block=BLOCK, seed=3)


def sound(samples: int = 20000) -> Audio:
    return np.random.default_rng(0).normal(0, 0.2, (1, samples)).astype(np.float32)


def played_in(organ: Instrument, audio: Audio, lengths: list[int]) -> Audio:
    """What `play` gives for audio in pieces of these lengths, the last one taking the rest."""
    ends = np.cumsum(lengths)
    return np.concatenate([organ.play(piece) for piece in np.split(audio, ends, axis=1)], axis=1)


@pytest.mark.parametrize("lengths", [[], [1, 0, 777, 3], [BLOCK] * 20, [5000, 1]])
def test_a_stream_cut_anyhow_is_the_rendered_recording_later(organ: Instrument, lengths: list[int]) -> None:
    audio = sound()
    whole = organ.render(audio)
    streamed = played_in(organ, np.pad(audio, ((0, 0), (0, organ.delay_samples))), lengths)
    assert organ.delay_samples == DELAY + BLOCK - 1
    np.testing.assert_array_equal(streamed[:, organ.delay_samples :], whole)


def test_its_description_of_itself(organ: Instrument, small: Path) -> None:
    assert (organ.sample_rate, organ.ratio, organ.channels) == (SAMPLE_RATE, RATIO, (1, 1))
    assert [(stop.slug, stop.minimum, stop.maximum) for stop in organ.stops] == [
        ("guitar", -1.0, 1.0),
        ("voice", -1.0, 1.0),
    ]
    assert organ.values == {"guitar": 0.0, "voice": 0.0}
    assert organ.description.name == "Small"


@pytest.mark.slow
def test_a_knob_moves_at_the_sample_that_comes_next_and_stays(organ: Instrument) -> None:
    audio, at = sound(), 1234
    moved = organ.render(audio, [(at / SAMPLE_RATE, "guitar", 1.0)])
    padded = np.pad(audio, ((0, 0), (0, organ.delay_samples)))
    before = organ.play(padded[:, :at])
    organ.set(guitar=1)
    streamed = np.concatenate([before, organ.play(padded[:, at:])], axis=1)
    np.testing.assert_array_equal(streamed[:, organ.delay_samples :], moved)
    assert organ.values["guitar"] == 1.0
    organ.reset()
    assert organ.values["guitar"] == 1.0
    np.testing.assert_array_equal(organ.render(audio), organ.render(audio, [(0.0, "guitar", 1.0)]))
    assert not np.array_equal(organ.render(audio), moved)


def test_reset_and_render_begin_a_stream_anew(organ: Instrument) -> None:
    audio = sound(3000)
    first = organ.play(audio)
    assert not np.array_equal(organ.play(audio), first)
    organ.reset()
    np.testing.assert_array_equal(organ.play(audio), first)
    organ.render(audio)
    np.testing.assert_array_equal(organ.play(audio), first)


def test_bypass_is_the_input_as_late_as_the_sound(organ: Instrument) -> None:
    organ.bypass = True
    audio = sound()
    played, late = organ.play(audio), organ.delay_samples
    settled = organ.sample_rate // 10  # the change of bypass itself is smooth
    np.testing.assert_array_equal(played[:, late + settled :], audio[:, settled:-late])
    assert organ.bypass
    organ.bypass = False
    assert not organ.bypass
    assert not np.array_equal(organ.render(audio), audio)


def test_it_renders_what_the_command_renders(small: Path, tmp_path: Path, run: Run) -> None:
    recording, out = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(recording, sound()[0], SAMPLE_RATE, subtype="FLOAT")
    options = ("--set", "guitar=0.75", "--set", "voice=-0.25", "--block", BLOCK, "--seed", 5)
    assert run("render", small, recording, "-o", out, *options)[0] == 0
    ours = tmp_path / "ours.wav"
    stops = {"guitar": 0.75, "voice": -0.25}
    audio, rate = render(small, recording, ours, stops, block=BLOCK, seed=5)
    assert (audio.shape, rate) == ((1, 20000), SAMPLE_RATE)
    assert ours.read_bytes() == out.read_bytes()


def test_what_is_wrong_is_one_line_and_changes_nothing(
    organ: Instrument, small: Path, tmp_path: Path
) -> None:
    with pytest.raises(DrawstopError, match=r"no stop 'guitr'.*did you mean 'guitar'"):
        organ.set(guitr=1)
    with pytest.raises(DrawstopError, match="takes -1 to 1, got 3"):
        organ.set(voice=0.5, guitar=3)
    assert organ.values == {"guitar": 0.0, "voice": 0.0}
    with pytest.raises(DrawstopError, match=r"audio must be \[1, n\], got \[100\]"):
        organ.play(np.zeros(100))
    with pytest.raises(DrawstopError, match="no instrument at"):
        Instrument(tmp_path / "none.ts")
    with pytest.raises(DrawstopError, match="multiple of 64 samples, got 100"):
        Instrument(small, block=100)
    with pytest.raises(DrawstopError, match=r"must end in \.wav or \.flac"):
        render(organ, tmp_path / "in.wav", tmp_path / "out.mp3")


def test_torchs_threads_are_the_programs_again_after_it_played(organ: Instrument) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        organ.play(sound(100))
        organ.render(sound(100))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_a_model_and_its_banks_play_without_a_file_and_leave_the_model_alone() -> None:
    model = load_model()
    assert isinstance(model, RaveModel)
    organ = Instrument.of(model, [load_bank()], block=512)
    audio = sound(8192)
    alone = organ.render(audio)
    before = organ.play(audio[:, :4096])
    model.encode(torch.from_numpy(audio)[None])  # its caches are its own
    streamed = np.concatenate([before, organ.play(np.pad(audio[:, 4096:], ((0, 0), (0, 639))))], axis=1)
    np.testing.assert_array_equal(streamed[:, 639:], alone)
    organ.set(guitar=-1, voice=-1)
    assert np.abs(organ.render(audio)).mean() < 0.9 * np.abs(alone).mean()
