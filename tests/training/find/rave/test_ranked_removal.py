"""A stop found where only mixtures are at hand."""

from pathlib import Path

import pytest
import torch

from drawstop.audio.files import list_audio
from drawstop.errors import DrawstopError
from tests.helpers.repository import DEMO
from training.classifiers.training import ClassifierOptions
from training.find.rave import ranked_removal
from training.find.rave.find import FindOptions, find_stop
from training.models.rave.model import RaveModel
from training.sae.files.folder import load_sae

QUICK = FindOptions(
    mixed=True,
    variations=0,
    transpositions=0,
    classifier=ClassifierOptions(steps=12, batch=8, reconstructions=12),
)


@pytest.mark.slow
def test_a_stop_from_mixtures_takes_whole_features_and_says_how_it_was_found(
    monkeypatch: pytest.MonkeyPatch, example_rave: Path
) -> None:
    monkeypatch.setattr(ranked_removal, "CANDIDATES", 6)
    train = DEMO / "recordings" / "train"
    stop = find_stop(
        RaveModel(example_rave),
        load_sae(DEMO / "bank"),
        "voice",
        list_audio(train / "both"),
        list_audio(train / "guitar"),
        QUICK,
    )
    assert stop.kind == "static"
    assert set(stop.removal_weights.unique().tolist()) == {0.0, 1.0}
    assert 1 <= int(stop.removal_weights.sum()) <= 6
    assert "only mixtures" in stop.metrics["off"]
    assert 0.0 <= stop.metrics["others_touched"] <= 1.0
    assert torch.isfinite(torch.tensor(stop.metrics["ear_logit_lower"]))


def test_a_gated_stop_of_mixtures_is_refused() -> None:
    options = FindOptions(mixed=True, kind="gated")
    with pytest.raises(DrawstopError, match="concept alone"):
        find_stop(None, None, "voice", [], [], options)  # type: ignore[arg-type]
