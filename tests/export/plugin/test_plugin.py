"""Instruments as Neutone models, played by the SDK's own host side."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from neutone_sdk.utils import load_neutone_model

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from export.plugin.knobs import PluginKnob, choose_knobs
from export.plugin.texts import LONG_LIMIT, NAME_LIMIT, SHORT_LIMIT, texts_of
from export.plugin.verify import SEED, delay_between, host_plays, verify_plugin
from export.plugin.write import Written, write_plugin
from realtime.engine.instrument_file import load
from tests.helpers.models.small_instrument import DELAY, RATIO, SAMPLE_RATE, STOPS, save_small_instrument
from tests.helpers.patch_descriptions import description
from tests.helpers.programs.command_line import Run, refused

pytestmark = pytest.mark.slow

CELLS = [(44100, 64), (44100, 96), (44100, 4096), (48000, 64), (48000, 512), (96000, 1000)]
SECONDS = 0.2
RESAMPLED_LATE = 2
"""Samples: the SDK turns the model's delay into the host's by whole buffers, rounded down."""


@pytest.fixture(scope="module")
def written(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_plugin(small, tmp_path_factory.mktemp("plugin") / "organ.nm")


def test_the_hosts_output_is_plays_and_as_late_as_reported_at_every_rate_and_buffer(
    small: Path, written: Written
) -> None:
    for cell in verify_plugin(written.path, load(small), written.knobs, CELLS, SECONDS):
        cell.require(SAMPLE_RATE)
        assert cell.measured is not None
        late = 0 if cell.rate == SAMPLE_RATE else RESAMPLED_LATE
        assert abs(cell.measured - cell.buffering - cell.delay) <= late, cell
        assert cell.model_block == RATIO


def test_several_buffers_are_used_where_the_host_has_them(small: Path, tmp_path: Path) -> None:
    made = write_plugin(small, tmp_path / "organ.nm", knobs=["voice"], buffers=[256, 64])
    assert made.buffers == (64, 256)
    cells = verify_plugin(
        made.path, load(small), made.knobs, [(44100, 256), (44100, 64), (44100, 512)], SECONDS
    )
    assert [(cell.model_block, cell.buffering, cell.difference) for cell in cells] == [
        (256, 0, 0.0), (64, 0, 0.0), (256, 0, 0.0),
    ]  # fmt: skip
    assert all(cell.measured is None for cell in cells)  # no knob lets the input pass unchanged


def test_a_difference_is_found(small: Path, written: Written) -> None:
    wrong = (replace(written.knobs[0], stop=1), *written.knobs[1:])
    (cell,) = verify_plugin(written.path, load(small), wrong, [(44100, 64)], SECONDS)
    with pytest.raises(DrawstopError, match="differs from its instrument"):
        cell.require(SAMPLE_RATE)


def test_knobs_in_the_middle_are_at_rest_and_a_reset_forgets(small: Path, written: Written) -> None:
    model, _ = load_neutone_model(str(written.path))
    audio = 0.1 * torch.randn(1, 64 * RATIO, generator=torch.Generator().manual_seed(1))
    rest = model.get_default_param_values().repeat(1, audio.shape[1])
    instrument = load(small)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        first, second = (host_plays(model, SAMPLE_RATE, RATIO, audio, rest) for _ in range(2))
        torch.manual_seed(SEED)
        expected = [instrument.module.forward(part).clone() for part in audio.unsqueeze(0).split(RATIO, -1)]
    assert torch.equal(first, torch.cat(expected, -1)[0])
    assert torch.equal(first, second)


def test_a_stereo_instrument_stays_stereo_and_mono_hosts_hear_it(tmp_path: Path) -> None:
    stereo = save_small_instrument(tmp_path / "stereo.ts", channels=2)
    made = write_plugin(stereo, tmp_path / "organ.nm", name="Wide", authors=["A", "B"])
    model, metadata = load_neutone_model(str(made.path))
    assert (metadata["model_type"], metadata["model_name"]) == ("stereo-stereo", "Wide")
    assert metadata["model_authors"] == ["A", "B"]
    audio = torch.randn(1, 512)
    model.set_daw_sample_rate_and_buffer_size(SAMPLE_RATE, 512)
    assert model.forward(audio, torch.full((4, 512), 0.5)).shape == (1, 512)


def test_the_file_says_what_it_is(written: Written) -> None:
    model, metadata = load_neutone_model(str(written.path))
    assert list(metadata["neutone_parameters"]) == ["p1", "p2", "p3"]
    assert [knob["name"] for knob in metadata["neutone_parameters"].values()] == ["guitar", "voice", "wet"]
    assert [knob["default_value"] for knob in metadata["neutone_parameters"].values()] == [0.5, 0.5, 1.0]
    assert metadata["native_sample_rates"] == [SAMPLE_RATE] and metadata["native_buffer_sizes"] == [RATIO]
    assert "CC BY-NC" in metadata["technical_description"] and "LGPL" in metadata["technical_description"]
    model.set_daw_sample_rate_and_buffer_size(SAMPLE_RATE, RATIO)
    assert model.calc_model_delay_samples() == DELAY


def names(knobs: tuple[PluginKnob, ...]) -> list[str]:
    return [knob.name for knob in knobs]


def test_the_knobs_are_the_first_four_stops_or_all_and_wet_or_those_named() -> None:
    many = replace(description(stops=5))
    slugs = [stop.slug for stop in many.stops]
    assert names(choose_knobs(many)) == slugs[:4]
    assert names(choose_knobs(description(stops=3))) == [*slugs[:3], "wet"]
    assert names(choose_knobs(many, ["wet", slugs[4]])) == ["wet", slugs[4]]
    assert choose_knobs(many, [slugs[4]])[0].stop == 4
    away = replace(many, stops=(StopDescription("Bass", "bass", "bass", maximum=0.0),))
    assert choose_knobs(away)[0].maximum == 0.0
    for wanted, words in (
        ((), "no stops"),
        (("nobody",), "no stop 'nobody'"),
        (("wet", "wet"), "twice"),
        (tuple("abcde"), "4 knobs, got 5"),
    ):
        with pytest.raises(DrawstopError, match=words):
            choose_knobs(many if wanted else replace(many, stops=()), wanted)


def test_texts_keep_the_sdks_limits() -> None:
    long = tuple(replace(STOPS[0], slug="a_stop_with_a_long_name" * 5) for _ in range(4))
    texts = texts_of(description(), tuple(stop.slug for stop in long))
    assert (
        len(texts.short) <= SHORT_LIMIT
        and len(texts.long) <= LONG_LIMIT
        and len(texts.technical) <= LONG_LIMIT
    )
    with pytest.raises(DrawstopError, match="--name"):
        texts_of(description(), ("guitar",), name="n" * (NAME_LIMIT + 1))
    with pytest.raises(DrawstopError, match="authors"):
        texts_of(description(), ("guitar",), authors=("A", "A"))


def test_bad_input_is_one_clear_line_and_leaves_nothing(run: Run, small: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("-o", tmp_path / "organ.ts"), ".nm"),
        (("-o", tmp_path / "organ.nm", "--knobs", "nobody"), "no stop 'nobody'"),
        (("-o", tmp_path / "organ.nm", "--buffers", "100"), "multiples of the instrument's ratio, 64"),
    ):
        refused(run("plugin", small, *arguments), words)
    refused(run("plugin", tmp_path / "none.ts", "-o", tmp_path / "organ.nm"), "no instrument at")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_file_and_its_figures(run: Run, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "organ.nm"
    code, printed, _ = run(
        "plugin", small, "-o", out, "--knobs", "voice", "wet", "--json", tmp_path / "figures.json"
    )
    assert code == 0 and "knobs voice, wet" in printed
    cells = json.loads((tmp_path / "figures.json").read_text())["cells"]
    assert all(cell["difference"] == 0 for cell in cells if cell["rate"] == SAMPLE_RATE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures.json", "organ.nm"]


def test_inspect_says_what_a_model_is_and_refuses_a_damaged_one(
    run: Run, written: Written, tmp_path: Path
) -> None:
    code, printed, _ = run("inspect", written.path)
    assert code == 0 and "Neutone model" in printed and "guitar Guitar. 0: taken away" in printed
    (tmp_path / "half.nm").write_bytes(written.path.read_bytes()[:1000])
    refused(run("inspect", tmp_path / "half.nm"), "no Neutone model, or it is damaged")


def test_the_delay_between_two_sounds_is_found() -> None:
    sound = torch.randn(1000)
    assert delay_between(sound, torch.cat([torch.zeros(123), sound])[:1000]) == 123


def test_help_shows_an_example() -> None:
    command = [sys.executable, "-m", "drawstop", "plugin", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "drawstop plugin organ.ts -o organ.nm" in " ".join(shown.split())
