"""A RAVE's bank under examination: the demo's, with one of its stops."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from training.banks.bank import load_bank
from training.data.labelled_set import LabelledSet
from training.evaluation.context import Options
from training.evaluation.example_set import EXAMPLE, example_set
from training.evaluation.playback.edits import difference_of_means
from training.evaluation.rave_context import RaveContext
from training.models.rave.model import RaveModel


def context(folder: Path, data: LabelledSet) -> RaveContext:
    model = RaveModel(EXAMPLE.rave)
    bank = load_bank(EXAMPLE.rave.parent / "bank", model.fingerprint)
    return RaveContext(model, replace(bank, stops=bank.stops[:1]), data, folder, Options(quick=True))


def few(*labels: set[str]) -> LabelledSet:
    """Two training recordings of each set of labels."""
    data = example_set(EXAMPLE.recordings)
    chosen = [
        recording
        for wanted in labels
        for recording in [r for r in data.of("train") if r.labels == wanted][:2]
    ]
    return replace(data, recordings=tuple(chosen))


@pytest.mark.slow
def test_the_baseline_of_a_single_stop_is_against_recordings_without_its_concept(tmp_path: Path) -> None:
    one = context(tmp_path, few({"guitar"}, {"voice"}))
    edit = difference_of_means(one.bank, one.solos)
    slug = one.bank.stops[0].slug
    z = one.solos.frames[slug][:50].T[None]
    assert torch.equal(edit(z, {slug: 0.0}), z)
    moved = edit(z, {slug: -1.0})
    assert moved.isfinite().all() and not torch.allclose(moved, z, rtol=0.01)


@pytest.mark.slow
def test_without_any_such_recording_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="no training recording lacks guitar"):
        _ = context(tmp_path, few({"guitar"})).solos
