"""`drawstop make` without a RAVE: the shipped model and its separator."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
import torch

from drawstop.errors import DrawstopError
from export.instrument.verify import open_instrument
from export.make.options import MakeOptions, MakeRequest, read_request
from export.make.steps import make_instrument
from tests.helpers.make_progress import BrokenOffError, broken_off_at, check_reported_as_planned
from tests.helpers.make_summary import printed
from tests.helpers.repository import RECORDINGS
from training.banks.separated_bank import load_separated_bank
from training.find.separated.fit import QueryOptions
from training.shipped import SHIPPED_BANK, SHIPPED_RAVE

pytestmark = pytest.mark.slow

QUICK = MakeOptions(query=QueryOptions(steps=25, batch=2, mixtures=8, frames=64, checked=4), threads=1)
CLIPS = {"guitar_with_0.wav", "guitar_with_minus_1.wav", "guitar_without_0.wav", "guitar_without_minus_1.wav"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The first five recordings of each concept."""
    folder = tmp_path_factory.mktemp("few")
    for concept in ("guitar", "voice"):
        (folder / concept).mkdir()
        for path in sorted((RECORDINGS / "train" / concept).iterdir())[:5]:
            (folder / concept / path.name).write_bytes(path.read_bytes())
    return folder / "guitar", folder / "voice"


def request_of(folders: tuple[Path, Path], out: Path, model: Path | None = None) -> MakeRequest:
    return read_request(model, [("guitar", *folders)], out, QUICK)


def silent(what: str, done: int, total: int) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def reported() -> list[tuple[str, int, int]]:
    """What `made` reported on its way."""
    return []


@pytest.fixture(scope="module")
def made(
    folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, reported: list[tuple[str, int, int]]
) -> Path:
    out = tmp_path_factory.mktemp("made") / "organ"
    make_instrument(request_of(folders, out), lambda *report: reported.append(report))
    return out


def test_what_is_printed_has_the_measured_decibels_beside_a_random_querys(made: Path) -> None:
    measured = json.loads((made / "figures.json").read_text())["stops"]["guitar"]["measured"]
    rows = [line.split("│") for line in printed(made).splitlines() if "│ guitar " in line]
    assert [row[2].strip() for row in rows] == ["alone", "mixed", "without it"]
    assert f"{measured['solo_falls_db']['stop']:+.1f} dB" in rows[0][5]
    assert f"{measured['solo_falls_db']['random']:+.1f} dB" in rows[0][6]


def test_it_leaves_a_verified_instrument_with_one_knob_from_minus_one_to_zero(made: Path) -> None:
    module, description = open_instrument(made / "instrument.ts")
    (stop,) = description.stops
    assert (stop.slug, stop.minimum, stop.maximum) == ("guitar", -1.0, 0.0)
    assert description.delay_samples == 128
    module.set_guitar(0.5)
    assert module.get_guitar() == (0.0,)
    assert {path.name for path in (made / "clips").iterdir()} == CLIPS


def test_the_bank_has_the_shipped_separator_and_the_new_stop_alone(made: Path) -> None:
    bank, shipped = load_separated_bank(made / "bank"), load_separated_bank(SHIPPED_BANK)
    assert [stop.name for stop in bank.stops] == ["guitar"]
    for own, other in zip(bank.separator.parameters(), shipped.separator.parameters(), strict=True):
        assert torch.equal(own, other)


def test_the_figures_have_what_the_stop_does_beside_random_queries_and_a_verdict(made: Path) -> None:
    figures = json.loads((made / "figures.json").read_text())["stops"]["guitar"]
    assert figures["measured"]["unseen_recordings"] == {"with": 2, "without": 2}
    for key in ("solo_falls_db", "rest_gains_db", "others_fall_db"):
        assert figures["measured"][key].keys() == {"stop", "random"}
    assert figures["verdict"]["sentences"]


def test_its_clips_differ_where_the_stop_was_moved(made: Path) -> None:
    before, rate = soundfile.read(made / "clips" / "guitar_with_0.wav")
    after, _ = soundfile.read(made / "clips" / "guitar_with_minus_1.wav")
    assert rate == 44100
    assert abs(before - after).max() > 0


def test_the_plan_has_what_is_reported_in_its_order_and_each_part_ends(
    made: Path, folders: tuple[Path, Path], tmp_path: Path, reported: list[tuple[str, int, int]]
) -> None:
    check_reported_as_planned(request_of(folders, tmp_path / "out"), reported)


def test_broken_off_and_started_again_it_ends_with_the_same_bits(
    made: Path, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "organ"
    for step in ("guitar: fitting", "guitar: measuring"):
        with pytest.raises(BrokenOffError):
            make_instrument(request_of(folders, out), broken_off_at(step))
        assert [path.name for path in out.iterdir()] == ["unfinished"]
    steps: list[str] = []
    make_instrument(request_of(folders, out), lambda what, done, total: steps.append(what))
    assert not any("fitting" in what for what in steps)
    for name in ("figures.json", *(f"clips/{clip}" for clip in CLIPS)):
        assert (out / name).read_bytes() == (made / name).read_bytes(), name


def test_the_shipped_model_by_its_path_is_the_same_request(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = (request_of(folders, tmp_path / "out", model) for model in (None, SHIPPED_RAVE))
    assert first.is_shipped
    assert first.identity() == second.identity()
    other = replace(first, options=replace(QUICK, query=QueryOptions(steps=26)))
    assert other.identity() != first.identity()


def test_asked_to_bring_in_a_stop_goes_to_plus_one_and_plays_grains(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    options = replace(QUICK, brings_in=True)
    make_instrument(read_request(None, [("guitar", *folders)], tmp_path / "organ", options), silent)
    _, description = open_instrument(tmp_path / "organ" / "instrument.ts")
    assert description.stops[0].maximum == 1.0
    before, _ = soundfile.read(tmp_path / "organ" / "clips" / "guitar_without_0.wav")
    after, _ = soundfile.read(tmp_path / "organ" / "clips" / "guitar_without_plus_1.wav")
    assert abs(after - before).max() > 0.01
    figures = json.loads((tmp_path / "organ" / "figures.json").read_text())["stops"]["guitar"]
    assert "wasn't measured" in figures["verdict"]["sentences"][1]


def test_too_few_recordings_are_refused_before_anything_is_written(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    for path in sorted(folders[0].iterdir())[:2]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(DrawstopError, match="different recordings or more"):
        request_of((tmp_path, folders[1]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_options_of_the_other_kind_of_model_are_refused(
    folders: tuple[Path, Path], example_rave: Path, tmp_path: Path
) -> None:
    stops = [("guitar", *folders)]
    with pytest.raises(DrawstopError, match="--kind and --like"):
        read_request(None, stops, tmp_path / "out", MakeOptions.of(0, "gated", "*"))
    with pytest.raises(DrawstopError, match="--bring-in"):
        read_request(example_rave, stops, tmp_path / "out", MakeOptions.of(0, "auto", "*", brings_in=True))
    assert not (tmp_path / "out").exists()
