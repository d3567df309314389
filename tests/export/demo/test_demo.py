import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from export.demo.run import DemoFiles
from tests.helpers.programs.whole_command import drawstop

pytestmark = pytest.mark.slow

SIX = {"input.wav", "neutral.wav", "performance.wav", "performance.png", "instrument.ts", "figures.json"}
SAME = SIX - {"figures.json"}


def _parts_missing() -> bool:
    try:
        DemoFiles.find()
    except DrawstopError:
        return True
    return False


needs_parts = pytest.mark.skipif(_parts_missing(), reason="training/demo isn't complete (just demo-train)")


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Two runs of the demo at the same time, each in its own process, into folders of different names.

    The second is given its sound, the demo's own, as a stereo file, and doesn't measure the stops.
    """
    folder = tmp_path_factory.mktemp("demo")
    folders = [folder / name for name in ("first", "another-name")]
    (guitar, rate), (voice, _) = (soundfile.read(path, dtype="float32") for path in DemoFiles.find().stems)
    sound = guitar + voice
    soundfile.write(folder / "mine.wav", np.stack([sound, sound], 1), rate, subtype="FLOAT")
    command = [sys.executable, "-W", "ignore", "-m", "drawstop", "demo", "--out"]
    given: list[list[str]] = [[], ["--input", str(folder / "mine.wav"), "--no-measure"]]
    with ExitStack() as stack:
        runs = []
        for out, arguments in zip(folders, given, strict=True):
            run = subprocess.Popen(
                [*command, str(out), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            stack.callback(run.kill)
            runs.append(run)
        for run in runs:
            printed, errors = run.communicate(timeout=800)
            assert run.returncode == 0, errors
            assert "drawstop render" in printed.partition("Next: ")[2]
        yield folders


@needs_parts
def test_the_demo_writes_its_six_files(two_runs: list[Path]) -> None:
    assert {path.name for path in two_runs[0].iterdir()} == SIX


@needs_parts
def test_a_second_run_with_the_same_sound_as_a_stereo_file_writes_the_same_bits(two_runs: list[Path]) -> None:
    first, second = two_runs
    assert [
        name for name in sorted(SAME) if (first / name).read_bytes() != (second / name).read_bytes()
    ] == []
    figures = [json.loads((each / "figures.json").read_text()) for each in two_runs]
    del figures[0]["stops"]
    assert figures[0] == figures[1]


@needs_parts
def test_the_detection_figures_are_recomputed_from_the_written_sounds(two_runs: list[Path]) -> None:
    import torch

    from export.demo.measurements import probabilities
    from training.classifiers.network import load_classifier

    classifier = load_classifier(DemoFiles.find().classifier)
    stored = json.loads((two_runs[0] / "figures.json").read_text())["heard"]
    assert set(stored) == {"input", "neutral", "performance"}
    for name, figures in stored.items():
        audio, rate = soundfile.read(two_runs[0] / f"{name}.wav", dtype="float32")
        assert rate == classifier.sample_rate
        detected = probabilities(classifier, torch.from_numpy(audio))
        for concept in classifier.concepts:
            assert detected[concept]["clip"] == pytest.approx(figures[concept]["clip"], abs=2e-4)
            assert detected[concept]["per_second"] == pytest.approx(figures[concept]["per_second"], abs=2e-4)


@needs_parts
def test_the_written_sounds_are_as_long_as_the_input_and_the_knobs_change_only_what_follows_them(
    two_runs: list[Path],
) -> None:
    from drawstop.instrument_description import StopDescription
    from realtime.controllers.midi.midi_file import read_midi_file

    sounds = {
        name: soundfile.read(two_runs[0] / f"{name}.wav", dtype="float32")[0]
        for name in ("input", "neutral", "performance")
    }
    assert len({len(sound) for sound in sounds.values()}) == 1
    events = read_midi_file(
        DemoFiles.find().midi,
        44100,
        [
            StopDescription(slug, slug, slug, -1.0, highest)
            for slug, highest in (("guitar", 0.0), ("voice", 1.0))
        ],
    )
    first_move = min(event.sample for event in events if event.value != 0)
    # the part that a knob's movement in the same latent frame may already touch is left out
    still = first_move - 4096
    assert np.array_equal(sounds["neutral"][:still], sounds["performance"][:still])
    assert not np.array_equal(sounds["neutral"], sounds["performance"])


@needs_parts
def test_figures_hold_every_stop_beside_random_edits_and_neither_times_nor_places(
    two_runs: list[Path],
) -> None:
    text = (two_runs[0] / "figures.json").read_text()
    for slug in ("guitar", "voice"):
        measured = json.loads(text)["stops"]["shipped"][slug]
        for key in ("solo_falls_db", "rest_gains_db", "others_fall_db"):
            assert {"stop", "random"} == measured["separation"][key].keys()
        parts = {"solos", "mixtures"} | ({"brought_in"} if slug == "voice" else set())
        assert measured["detected"].keys() == parts
        for part in parts:
            for edit in ("at_0", "stop", "random"):
                for classifier in ("judge", "tagger"):
                    assert 0 <= measured["detected"][part][edit][classifier] <= 1
    assert str(two_runs[0]) not in text
    assert str(Path.cwd()) not in text


@needs_parts
def test_your_own_stereo_sound_at_another_rate_is_played(tmp_path: Path, two_runs: list[Path]) -> None:
    from drawstop.audio.files import read_audio
    from export.demo.plot import draw
    from export.demo.run import perform
    from training.classifiers.network import load_classifier

    seconds = np.arange(48000) / 48000
    tone = 0.2 * np.sin(2 * np.pi * 220 * seconds)
    soundfile.write(tmp_path / "mine.wav", np.stack([tone, tone], 1), 48000)
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(two_runs[0] / "instrument.ts", out)
    given = read_audio(tmp_path / "mine.wav", channels=1)
    events = perform(DemoFiles.find(), given, out, 0, lambda what, done, total: None)
    assert soundfile.info(out / "performance.wav").frames == 44100
    draw(out, events, load_classifier(DemoFiles.find().classifier), ["guitar", "voice"])
    assert (out / "performance.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("kind", "said"),
    [("missing", "no such file"), ("not audio", "isn't a sound file"), ("empty", "empty"), ("nan", "NaN")],
)
def test_a_bad_input_ends_with_one_line_before_the_work_starts(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / "bad.wav"
    if kind == "not audio":
        path.write_text("not a sound")
    elif kind == "empty":
        soundfile.write(path, np.zeros(0, np.float32), 44100)
    elif kind == "nan":
        soundfile.write(path, np.array([0, np.nan, 0], np.float32), 44100, subtype="FLOAT")
    done = drawstop("demo", "--input", path, "--out", tmp_path / "out", wait_s=300, PYTHONWARNINGS="ignore")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_made_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = drawstop("demo", "--out", tmp_path / "file" / "out", wait_s=300, PYTHONWARNINGS="ignore")
    assert done.returncode == 2
    assert "can't write into" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_help_has_an_example() -> None:
    done = drawstop("demo", "--help", wait_s=300, PYTHONWARNINGS="ignore")
    assert done.returncode == 0
    assert "Example: drawstop demo" in done.stdout


def test_the_two_parts_of_a_mixture_are_equally_loud_and_of_other_labels() -> None:
    import torch

    from export.demo.measurements import DemoClips, parts_of

    labels = ["guitar", "guitar", "voice", "both", "neither"]
    latents = torch.arange(1.0, 6.0).reshape(5, 1, 1) * torch.ones(5, 4, 6)
    parts = parts_of(DemoClips(labels, latents), "guitar", seed=0)
    assert len(parts.solos) == len(parts.others) == 2
    assert torch.allclose(parts.wanted.square().mean((1, 2)), parts.rest.square().mean((1, 2)))
    assert {float(value) for value in parts.rest[:, 0, 0]} == {3.0, 5.0}


@needs_parts
@pytest.mark.parametrize(("samples", "seconds"), [(1, 1), (44100, 1), (44101, 1), (60000, 2), (529200, 12)])
def test_a_sound_of_any_length_is_classified_second_by_second(samples: int, seconds: int) -> None:
    import torch

    from export.demo.measurements import probabilities
    from training.classifiers.network import load_classifier

    sound = torch.randn(samples, generator=torch.Generator().manual_seed(0))
    for figures in probabilities(load_classifier(DemoFiles.find().classifier), sound).values():
        assert len(figures["per_second"]) == seconds
        assert all(0 <= value <= 1 for value in [figures["clip"], *figures["per_second"]])
