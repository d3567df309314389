from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.context import Options
from training.evaluation.costs import FIXED, MEASURED_ON, PAIRS, SOUND, STOPS, PartCost
from training.evaluation.experiment_tables import MUSICGEN, RAVE
from training.evaluation.plan import UNKNOWN_S, planned_experiments
from training.evaluation.results import Result
from training.evaluation.run import Experiment

RECORDED_S = 2.0


@dataclass(frozen=True)
class Context:
    """A context with what `planned_experiments` needs."""

    data: LabelledSet
    concepts: tuple[str, ...] = ("guitar", "voice", "bass")
    options: Options = field(default_factory=Options)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Three concepts and one recording."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(int(8000 * RECORDED_S)), 8000)
    recording = LabelledRecording(path, frozenset({"guitar"}), "a", "test")
    return Context(LabelledSet("one", "folders", (recording,)))


def row(*costs: PartCost, needs: str = "") -> Experiment:
    def run(context: Context, options: Options) -> Result:
        raise AssertionError("a plan runs nothing")

    return Experiment("title", run, needs, costs)


@pytest.mark.parametrize(
    ("grows_with", "times"),
    [(STOPS, 3 / 2), (PAIRS, 3.0), (SOUND, RECORDED_S / MEASURED_ON[SOUND]), (FIXED, 1.0)],
)
def test_an_experiments_time_grows_with_its_own_quantity(
    context: Context, grows_with: str, times: float
) -> None:
    experiments = {"a": row(PartCost("part", 10, 40, grows_with), PartCost("a", 1, 2, FIXED))}
    assert planned_experiments(experiments, context) == [[("part", pytest.approx(40 * times)), ("a", 2)]]
    quick = replace(context, options=Options(quick=True))
    assert planned_experiments(experiments, quick) == [[("part", pytest.approx(10 * times)), ("a", 1)]]


def test_an_experiment_whose_row_has_no_costs_is_planned_under_its_own_name(context: Context) -> None:
    assert planned_experiments({"new": row()}, context) == [[("new", UNKNOWN_S[1])]]


def test_only_what_is_asked_for_and_has_recordings_is_planned_with_the_prefix(context: Context) -> None:
    experiments = {
        "a": row(),
        "b": row(),
        "too little": row(needs="steering"),
    }
    planned = planned_experiments(experiments, context, ["b", "too little"], "second bank: ")
    assert planned == [[("second bank: b", UNKNOWN_S[1])]]


@pytest.mark.parametrize("experiments", [RAVE, MUSICGEN], ids=["RAVE", "MusicGen"])
def test_the_last_part_of_every_experiment_is_the_one_that_ends_with_it(
    experiments: dict[str, Experiment],
) -> None:
    """`run_experiments` reports an experiment's end by its slug."""
    assert {slug: each.costs[-1].name for slug, each in experiments.items()} == {
        slug: slug for slug in experiments
    }
