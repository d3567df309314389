"""From a folder of recordings to a bank: seeded, honest about what it had, and refusing what it can't use."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from repository import RECORDINGS

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.find.rave.find import FindOptions, Kind
from training.find.rave.gate_fit import GateOptions
from training.find.rave.make_bank import make_bank
from training.models.rave.model import RaveModel

pytestmark = pytest.mark.slow

TRAIN = RECORDINGS / "train"
QUICK = FindOptions(
    on_steps=2,
    mixtures=8,
    gates=GateOptions(channels=8, off_steps=3, on_steps=2, batch=2),
    variations=0,
    transpositions=0,
)


@pytest.fixture(scope="module")
def model(demo_rave: Path) -> RaveModel:
    return RaveModel(demo_rave)


@pytest.fixture(scope="module")
def few_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four recordings of each concept: the same phrases, so they are parallel."""
    folder = tmp_path_factory.mktemp("few")
    for concept in ("guitar", "voice"):
        (folder / concept).mkdir()
        for path in sorted((TRAIN / concept).glob("*.flac"))[:4]:
            (folder / concept / path.name).write_bytes(path.read_bytes())
    return folder


def quick_bank(model: RaveModel, recordings: Path, seed: int, kind: Kind = "auto") -> StopBank:
    options = replace(QUICK, seed=seed, kind=kind)
    return make_bank(model, recordings, seed, sae_steps=40, options=options)


@pytest.fixture(scope="module")
def bank(model: RaveModel, few_recordings: Path) -> StopBank:
    return quick_bank(model, few_recordings, 0)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(
    bank: StopBank, model: RaveModel, few_recordings: Path
) -> None:
    first, second, other = bank, *(quick_bank(model, few_recordings, seed) for seed in (0, 1))
    for name in ("W_enc", "W_dec"):
        assert torch.equal(getattr(first.sae, name), getattr(second.sae, name))
        assert not torch.equal(getattr(first.sae, name), getattr(other.sae, name))
    for one, same in zip(first.stops, second.stops, strict=True):
        assert torch.equal(one.removal_weights, same.removal_weights)
        assert torch.equal(one.write_vectors, same.write_vectors)
        assert one.metrics == same.metrics


def test_stops_say_how_much_they_had_to_learn_from(bank: StopBank) -> None:
    assert [stop.name for stop in bank.stops] == ["guitar", "voice"]
    for stop in bank.stops:
        assert stop.metrics["recordings_with"] == 4
        assert stop.metrics["parallel_pairs"] <= 4
        assert 0 <= stop.metrics["additivity_error"] < 1


def test_recordings_without_a_parallel_one_get_the_difference_of_means_and_say_so(
    model: RaveModel, few_recordings: Path, tmp_path: Path
) -> None:
    for concept in ("guitar", "voice"):
        (tmp_path / concept).mkdir()
        for path in sorted((few_recordings / concept).iterdir()):
            (tmp_path / concept / f"{concept}-{path.name}").write_bytes(path.read_bytes())
    stop = quick_bank(model, tmp_path, 0, "static").stop("voice")
    assert "difference of means" in stop.metrics["on"]
    assert torch.linalg.matrix_rank(stop.write_vectors) == 1
    gated = quick_bank(model, tmp_path, 0, "gated").stop("voice")
    assert "pieces of the same pitches" in gated.metrics["on"]
    assert gated.gates is not None
    assert gated.gates.on is not None


def test_a_folder_with_one_concept_only_is_refused(
    model: RaveModel, few_recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "guitar").mkdir()
    first = min((few_recordings / "guitar").iterdir())
    (tmp_path / "guitar" / first.name).write_bytes(first.read_bytes())
    with pytest.raises(DrawstopError, match="expected a folder voice"):
        make_bank(model, tmp_path)
