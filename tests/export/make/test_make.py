"""`drawstop make`: from recordings to an instrument; refused before the work, resumed after it was broken off."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile
import torch

from drawstop.errors import DrawstopError
from drawstop.front.arguments import spread_values
from export.instrument.verify import open_instrument
from export.make.options import MakeOptions, MakeRequest, StopRequest, read_request
from export.make.sae_stop_maker import training_paths
from export.make.steps import make_instrument
from tests.helpers.make_progress import BrokenOffError, broken_off_at, check_reported_as_planned
from tests.helpers.make_summary import printed
from tests.helpers.programs.whole_command import drawstop
from tests.helpers.repository import RECORDINGS
from training.banks.bank import load_bank
from training.classifiers.training import ClassifierOptions
from training.find.rave.find import FindOptions
from training.find.rave.gate_fit import GateOptions

pytestmark = pytest.mark.slow

TRAIN = RECORDINGS / "train"
QUICK = MakeOptions(
    FindOptions(
        seed=3,
        kind="gated",
        mixtures=8,
        on_steps=2,
        gates=GateOptions(channels=8, off_steps=3, on_steps=2, batch=2),
    ),
    ClassifierOptions(steps=4, batch=4, reconstructions=6),
    sae_steps=20,
    threads=1,
)
CLIPS = {
    f"{slug}_{clip}.wav"
    for slug in ("guitar", "voice")
    for clip in ("with_0", "with_minus_1", "without_0", "without_plus_1")
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first four recordings of each concept."""
    copies = {}
    for concept in ("guitar", "voice"):
        copies[concept] = tmp_path_factory.mktemp("few") / concept
        copies[concept].mkdir()
        for path in sorted((TRAIN / concept).iterdir())[:4]:
            (copies[concept] / path.name).write_bytes(path.read_bytes())
    return copies


def request_of(rave: Path, folders: dict[str, Path], out: Path) -> MakeRequest:
    guitar, voice = folders["guitar"], folders["voice"]
    return read_request(rave, [("guitar", guitar, voice), ("voice", voice, guitar)], out, QUICK)


@pytest.fixture(scope="module")
def reported() -> list[tuple[str, int, int]]:
    """What `made` reported on its way."""
    return []


@pytest.fixture(scope="module")
def made(
    example_rave: Path,
    folders: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
    reported: list[tuple[str, int, int]],
) -> Path:
    out = tmp_path_factory.mktemp("made") / "organ"
    make_instrument(request_of(example_rave, folders, out), lambda *report: reported.append(report))
    return out


def test_it_leaves_bank_instrument_figures_and_clips_and_nothing_else(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == {
        "bank",
        "instrument.ts",
        "figures.json",
        "clips",
        "patches",
    }
    assert {path.name for path in (made / "clips").iterdir()} == CLIPS
    _, description = open_instrument(made / "instrument.ts")
    assert [stop.slug for stop in description.stops] == ["guitar", "voice"]
    assert [stop.name for stop in load_bank(made / "bank").stops] == ["guitar", "voice"]


def test_the_figures_name_the_unseen_recordings_the_classifier_and_the_checks(made: Path) -> None:
    figures = json.loads((made / "figures.json").read_text())
    assert any(name.startswith("neutral") for name in figures["checks"])
    for each in figures["stops"].values():
        assert each["measured"]["unseen_recordings"] == {"with": 2, "without": 2}
        assert 0 <= each["measured"]["ear"]["reconstructions"]["auroc"] <= 1
        assert each["verdict"]["sentences"]


def test_a_stop_changes_the_sound_of_its_clips(made: Path) -> None:
    before, rate = soundfile.read(made / "clips" / "guitar_with_0.wav")
    after, _ = soundfile.read(made / "clips" / "guitar_with_minus_1.wav")
    assert rate == 44100
    assert before.shape == after.shape
    assert abs(before - after).max() > 0


def test_what_is_printed_has_a_row_for_each_kind_of_clip_the_verdicts_and_the_next_step(made: Path) -> None:
    figures, text = json.loads((made / "figures.json").read_text()), printed(made)
    assert f"{len(figures['checks'])} checks passed" in text
    for slug, each in figures["stops"].items():
        rows = [line for line in text.splitlines() if f"│ {slug} " in line]
        assert [row.split("│")[2].split()[1] for row in rows] == ["alone", "mixed", "without"]
        assert all(sentence in text for sentence in each["verdict"]["sentences"])
    assert f"render {made / 'instrument.ts'} YOURS.wav -o out.wav --set guitar=-1" in text


def test_the_plan_has_what_is_reported_in_its_order_and_each_part_ends(
    made: Path,
    example_rave: Path,
    folders: dict[str, Path],
    tmp_path: Path,
    reported: list[tuple[str, int, int]],
) -> None:
    check_reported_as_planned(request_of(example_rave, folders, tmp_path / "out"), reported)


def test_broken_off_and_started_again_it_goes_on_and_ends_with_the_same_bits(
    made: Path, example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "organ"
    for step in ("voice: listening", "guitar: measuring"):
        with pytest.raises(BrokenOffError):
            make_instrument(request_of(example_rave, folders, out), broken_off_at(step))
        assert [path.name for path in out.iterdir()] == ["unfinished"]
    steps: list[str] = []
    make_instrument(request_of(example_rave, folders, out), lambda what, done, total: steps.append(what))
    assert not any(what.startswith("training the SAE") or "listening" in what for what in steps)
    assert (out / "figures.json").read_bytes() == (made / "figures.json").read_bytes()
    for name in CLIPS:
        assert (out / "clips" / name).read_bytes() == (made / "clips" / name).read_bytes()


def test_unfinished_work_of_other_options_is_not_gone_on_with(
    example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "organ"
    with pytest.raises(BrokenOffError):
        make_instrument(request_of(example_rave, folders, out), broken_off_at("encoding"))
    with pytest.raises(DrawstopError, match="delete it to start anew"):
        read_request(example_rave, [("guitar", folders["guitar"], folders["voice"])], out, QUICK)


def test_no_test_recording_of_any_stop_reaches_the_autoencoder_or_an_ear(
    example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    request = request_of(example_rave, folders, tmp_path / "organ")
    tested = {path for wanted in request.stops for part in wanted.recordings("test") for path in part}
    assert len(tested) == 4
    assert not tested & set(training_paths(request))
    for wanted in request.stops:
        assert not tested & {path for part in wanted.recordings("train", "validation") for path in part}


def test_a_finished_folder_may_be_made_anew_and_a_foreign_one_may_not(
    made: Path, example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    assert request_of(example_rave, folders, made).out == made
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(DrawstopError, match="aren't ours to replace"):
        request_of(example_rave, folders, tmp_path)


def few(folder: Path, names: list[str], sound: torch.Tensor) -> Path:
    folder.mkdir()
    for number, name in enumerate(names):
        soundfile.write(folder / name, (sound * (1 + 0.01 * number)).numpy(), 44100)
    return folder


NOISE = 0.1 * torch.randn(44100 * 2, generator=torch.Generator().manual_seed(0))
FOUR = [f"{number}.wav" for number in range(4)]


@pytest.mark.parametrize(
    "make_folder, message",
    [
        (lambda path: path / "nowhere", "no such folder"),
        (lambda path: few(path / "three", FOUR[:3], NOISE), "expected 4 different recordings or more"),
        (lambda path: few(path / "silent", FOUR, NOISE * 1e-5), "silent"),
        (lambda path: few(path / "short", FOUR, NOISE[:2000]), "expected 1 s or more"),
    ],
)
def test_useless_recordings_are_refused_in_one_line_before_anything_is_written(
    make_folder: Callable[[Path], Path],
    message: str,
    example_rave: Path,
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    stops = [("guitar", make_folder(tmp_path), folders["voice"])]
    with pytest.raises(DrawstopError, match=message):
        read_request(example_rave, stops, tmp_path / "organ", QUICK)
    assert not (tmp_path / "organ").exists()


def test_a_recording_in_both_folders_is_refused(
    example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(DrawstopError, match="both folders"):
        read_request(example_rave, [("g", folders["guitar"], folders["guitar"])], tmp_path / "organ", QUICK)


@pytest.mark.parametrize("names", [("guitar", "guitar"), ("guitar", "Guitar!"), ("guitar", " ")])
def test_names_that_would_be_the_same_knob_or_none_are_refused(
    names: tuple[str, str], example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    stops = [(name, folders["guitar"], folders["voice"]) for name in names]
    with pytest.raises(DrawstopError, match="name"):
        read_request(example_rave, stops, tmp_path / "organ", QUICK)


def test_an_output_folder_among_the_recordings_is_refused(
    example_rave: Path, folders: dict[str, Path]
) -> None:
    with pytest.raises(DrawstopError, match="among the recordings"):
        request_of(example_rave, folders, folders["guitar"] / "organ")


def test_a_pattern_that_no_recording_has_is_refused(
    example_rave: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    options = MakeOptions.of(0, "auto", "nylon*")
    with pytest.raises(DrawstopError, match="--like"):
        read_request(example_rave, [("g", folders["guitar"], folders["voice"])], tmp_path / "organ", options)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--stop", "guitar", "a"), "--stop takes 3 values, got 2: guitar a"),
        (("--stop", "guitar", "a", "--stop", "b", "c", "d"), "--stop takes 3 values, got 2: guitar a"),
        (("--stop", "guitar", "a", "b"), "no such folder: a"),
        (("--stop", "guitar", "a", "b", "--kind", "loud"), "expected a kind of stop"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], message: str, example_rave: Path, tmp_path: Path
) -> None:
    seen = drawstop("make", example_rave, *arguments, "--out", tmp_path / "organ", PYTHONWARNINGS="ignore")
    assert seen.returncode == 2
    assert message in seen.stderr
    assert seen.stderr.count("\n") == 1
    assert not (tmp_path / "organ").exists()


def test_an_option_of_several_values_may_come_again() -> None:
    given = ["--stop", "a", "b", "c", "-x", "--stop", "d", "e", "f"]
    spread = spread_values(given, "--stop", 3)
    assert [value for value in spread if value != "--stop"] == ["a", "b", "c", "-x", "d", "e", "f"]
    assert spread.count("--stop") == 6


def test_unfinished_work_keeps_the_identity_that_earlier_versions_gave_it() -> None:
    model = SimpleNamespace(fingerprint="x")
    stop = StopRequest("a", [], [], ([], []), 0)
    request = MakeRequest(model, [stop], Path("organ"), MakeOptions.of(3, "auto", "*"))  # type: ignore[arg-type]
    assert request.identity() == "c986f17346a49382ee3596abf7abf4c357e93e2768a88f9a2d4ff70d86e7fe15"
