"""Which layers of a RAVE carry a concept: some of the example RAVE's layers, on a few of its recordings."""

from dataclasses import replace

import pytest

from training.banks.bank import load_bank
from training.data.labelled_set import LabelledRecording
from training.data.recordings import Split
from training.evaluation.context import Options
from training.evaluation.example_set import EXAMPLE, example_set
from training.evaluation.experiments.layers import rave as layers
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Plot, Result, Table
from training.models.rave.model import RaveModel
from training.models.rave.site import LATENT

pytestmark = pytest.mark.slow

EACH = 3
"""Recordings of a concept alone, in each split."""
SPLITS: tuple[Split, Split] = ("train", "test")
STEPS, EVERY = 30, 20
"""Training steps of an SAE; one layer in so many is measured."""


def few(split: Split, label: str) -> list[LabelledRecording]:
    return [each for each in example_set(EXAMPLE.recordings).of(split) if each.labels == {label}][:EACH]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RaveContext:
    model = RaveModel(EXAMPLE.rave)
    chosen = [each for split in SPLITS for label in ("guitar", "voice") for each in few(split, label)]
    data = replace(example_set(EXAMPLE.recordings), recordings=tuple(chosen))
    return RaveContext(
        model, load_bank(EXAMPLE.folder / "bank", model.fingerprint), data, tmp_path_factory.mktemp("evidence"),
        Options(quick=True), EXAMPLE.classifier,
    )  # fmt: skip


@pytest.fixture(scope="module")
def result(context: RaveContext) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "STEPS", STEPS)
        patch.setattr(layers, "QUICK_EVERY", EVERY)
        patch.setattr(layers, "CLIPS", 2)
        return layers.run(context, context.options)


def test_every_so_many_layers_one_and_the_latent_have_a_row_in_the_order_of_the_sound(
    context: RaveContext, result: Result
) -> None:
    sites = list(context.model.sites())
    named = [row["site"] for row in result.metrics["rows"]]
    assert named == [site for i, site in enumerate(sites) if i % EVERY == 0 or site == LATENT]
    assert any(site.startswith("encoder") for site in named) and any(
        site.startswith("decoder") for site in named
    )


def test_each_row_says_how_its_layer_is_described_read_and_moved_beside_a_random_edit(result: Result) -> None:
    for row in result.metrics["rows"]:
        assert row["fve"] <= 1
        assert 0 < row["l0"] <= layers.K
        assert 0 <= row["dead"] < layers.MOST_FEATURES
        for concept in ("guitar", "voice"):
            assert 0 <= row["auroc_one"][concept] <= 1 and 0 <= row["auroc_five"][concept] <= 1
            assert row["effect"][concept] != row["control"][concept]
    assert any(row["effect"]["voice"] != 0 for row in result.metrics["rows"])


def test_the_table_holds_the_rows_and_the_answer_names_the_best_layers(result: Result) -> None:
    (table,) = (block for block in result.content if isinstance(block, Table))
    rows = result.metrics["rows"]
    assert [cells[0] for cells in table.rows] == [row["site"] for row in rows]
    assert table.columns[6:10] == ("guitar: AUROC 1", "guitar: AUROC 5", "guitar: effect", "guitar: random")
    assert [cells[9] for cells in table.rows] == [row["control"]["guitar"] for row in rows]
    best = max(rows, key=lambda row: row["auroc_five"]["guitar"])["site"]
    assert f"guitar is read best at {best} " in result.answer
    assert [len(plot.lines) for plot in result.content if isinstance(plot, Plot)] == [2, 4]
