import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from tests.helpers.programs.command_line import Run, refused
from tests.helpers.repository import REPOSITORY
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.context import Options
from training.evaluation.example_set import EXAMPLE
from training.evaluation.open import read_prompt
from training.evaluation.results import Result
from training.evaluation.run import Experiment, identity_of, run_experiments

pytestmark = pytest.mark.slow

BANK = EXAMPLE.folder / "bank"


@dataclass(frozen=True)
class Context:
    """A context with what `run_experiments` needs."""

    data: LabelledSet
    folder: Path
    concepts: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)


class Counted:
    """Experiments that count how often they were run."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def experiment(self, slug: str, needs: str = "") -> Experiment:
        def run(context: Context, options: Options) -> Result:
            self.runs.append(slug)
            return Result(slug, slug, "?", "measured", metrics={"runs": len(self.runs)})

        return Experiment(slug, run, needs)

    def experiments(self) -> dict[str, Experiment]:
        return {slug: self.experiment(slug) for slug in ("a", "b")}


@pytest.fixture
def data(tmp_path: Path) -> LabelledSet:
    """One recording with and one without."""
    recordings = []
    for i, labels in enumerate((frozenset({"guitar"}), frozenset[str]())):
        path = tmp_path / f"{i}.wav"
        soundfile.write(path, 0.1 * np.random.default_rng(i).standard_normal(8000), 8000)
        recordings.append(LabelledRecording(path, labels, str(i), "test"))
    return LabelledSet("two", "folders", tuple(recordings))


def test_what_was_measured_is_read_back(data: LabelledSet, tmp_path: Path) -> None:
    counted = Counted()
    first = run_experiments(counted.experiments(), Context(data, tmp_path), "same")
    again = run_experiments(counted.experiments(), Context(data, tmp_path), "same")
    assert counted.runs == ["a", "b"]
    assert again == first


@pytest.mark.parametrize("damage", ["", "{", '{"identity": "same"}', '{"identity": "same", "section": {}}'])
def test_a_damaged_result_is_measured_anew(data: LabelledSet, tmp_path: Path, damage: str) -> None:
    counted = Counted()
    run_experiments(counted.experiments(), Context(data, tmp_path), "same")
    (tmp_path / "sections" / "a.json").write_text(damage)
    run_experiments(counted.experiments(), Context(data, tmp_path), "same")
    assert counted.runs == ["a", "b", "a"]


def test_of_other_things_everything_is_measured_anew(data: LabelledSet, tmp_path: Path) -> None:
    counted = Counted()
    run_experiments(counted.experiments(), Context(data, tmp_path), "one")
    run_experiments(counted.experiments(), Context(data, tmp_path), "other")
    assert counted.runs == ["a", "b", "a", "b"]


def test_the_identity_follows_recordings_labels_options_and_banks(data: LabelledSet, tmp_path: Path) -> None:
    plain = identity_of("model", ["bank"], data, None, Options())
    changed = LabelledSet("two", "folders", (*data.recordings[:1],))
    others = [
        identity_of("other", ["bank"], data, None, Options()),
        identity_of("model", ["other"], data, None, Options()),
        identity_of("model", ["bank"], changed, None, Options()),
        identity_of("model", ["bank"], data, None, Options(seed=1)),
        identity_of("model", ["bank"], data, None, Options(quick=True)),
        identity_of("model", ["bank"], data, data.recordings[0].path, Options()),
        identity_of("model", ["bank"], data, None, Options(), prompts=["a"]),
    ]
    assert len({plain, *others}) == 8
    assert identity_of("model", ["bank"], data, None, Options()) == plain


def test_a_killed_run_goes_on_from_the_last_finished_experiment(data: LabelledSet, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from types import SimpleNamespace\n"
        "from training.evaluation.run import Experiment, run_experiments\n"
        "from training.data.labelled_set import LabelledSet\n"
        "from training.evaluation.results import Result\n"
        "def done(slug):\n"
        "    open(Path(sys.argv[1]) / 'runs', 'a').write(slug)\n"
        "    return Result(slug, slug, '?', 'measured')\n"
        "def dies():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "last = dies if len(sys.argv) > 2 else lambda: done('b')\n"
        "experiments = {'a': Experiment('a', lambda *_: done('a')), 'b': Experiment('b', lambda *_: last())}\n"
        "data = LabelledSet('', 'folders', ())\n"
        "run_experiments(experiments,\n"
        "    SimpleNamespace(data=data, concepts=(), folder=Path(sys.argv[1]), options=None), 'same')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(script), str(tmp_path)]
    assert subprocess.run([*command, "dies"], env=environment, check=False).returncode == -signal.SIGKILL
    subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "runs").read_text() == "ab"


def test_an_experiment_that_is_not_there_raises_one_line(data: LabelledSet, tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="no experiment 'c': expected one of a, b"):
        run_experiments(Counted().experiments(), Context(data, tmp_path), "same", ["c"])


def test_too_little_for_one_experiment_is_said_in_its_result(data: LabelledSet, tmp_path: Path) -> None:
    counted = Counted()
    experiments = {"a": counted.experiment("a"), "b": counted.experiment("b", "steering")}
    found = run_experiments(experiments, Context(data, tmp_path, ("guitar",)), "same")
    assert counted.runs == ["a"]
    assert found[1].answer.startswith("Not measured: ") and "guitar" in found[1].answer


def test_too_little_for_everything_is_refused(data: LabelledSet, tmp_path: Path) -> None:
    experiments = {"b": Counted().experiment("b", "steering")}
    with pytest.raises(DrawstopError, match="guitar"):
        run_experiments(experiments, Context(data, tmp_path, ("guitar",)), "same")


def test_evaluate_gives_the_same_numbers_for_the_same_seed(run: Run, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        code, out, _ = run(
            "evaluate",
            BANK,
            "--only",
            "separability",
            "--quick",
            "--out",
            tmp_path / name,
            "--json",
            tmp_path / f"{name}.json",
        )
        assert code == 0
        assert "Are the concepts separable?" in out
        written.append((tmp_path / f"{name}.json").read_bytes())
    assert written[0] == written[1]
    result = json.loads(written[0])[0]
    matrix = result["figures"]["moved"]["−1"]["judge"]
    assert len(matrix) == 2 and matrix[1][1] < -0.2  # voice -1 takes voices away


def test_a_bank_that_is_not_the_demos_asks_for_its_model(run: Run, tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    bank.mkdir()
    for path in BANK.iterdir():
        content = path.read_bytes()
        if path.name == "model.json":
            content = b'{"fingerprint": "0"}'
        (bank / path.name).write_bytes(content)
    refused(run("evaluate", bank), "say its --model and its --recordings")
    refused(
        run("evaluate", bank, "--model", EXAMPLE.rave, "--recordings", EXAMPLE.recordings),
        "made for another model",
    )


def test_recordings_without_a_stops_label_are_refused(run: Run, tmp_path: Path) -> None:
    for label in ("piano", "neither"):
        (tmp_path / label).mkdir()
        for i in range(4):
            sound = 0.1 * np.random.default_rng(i + len(label)).standard_normal(44100)
            soundfile.write(tmp_path / label / f"{i}.wav", sound, 44100)
    refused(
        run("evaluate", BANK, "--recordings", tmp_path, "--out", tmp_path / "out"),
        "no recording is labelled guitar",
    )


@pytest.mark.parametrize("text", ["guitar", "=words", "guitar=", " = "])
def test_a_prompt_without_labels_or_words_is_refused(text: str) -> None:
    with pytest.raises(DrawstopError, match="LABELS=TEXT"):
        read_prompt(text)
