"""A stop of named features: -1 takes exactly their part away, +1 adds it once more, 0 changes no bit."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.helpers.models.random_banks import random_stops
from tests.helpers.programs.command_line import Run, refused
from training.banks.bank import StopBank, load_bank
from training.banks.steering import Steering
from training.find.feature_stop import feature_stop

CHOSEN = [7, 30]


@pytest.fixture
def bank() -> StopBank:
    return random_stops(16, "f" * 64, "latent", ("static", "random"))


def frames_that_use(bank: StopBank) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames in which the chosen features fire, among others, and what these add to them. `[1, 16, frames]` each."""
    z = torch.randn(4000, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        features = bank.sae.encode(bank.sae.normalise(z))
        fires = (features[:, CHOSEN] > 0).all(1) & ((features > 0).sum(1) > len(CHOSEN))
        part = features[:, CHOSEN] @ bank.sae.W_dec[CHOSEN] * bank.sae.scale
    assert int(fires.sum()) > 3
    return z[fires].T[None], part[fires].T[None]


def test_minus_one_takes_the_features_part_and_plus_one_adds_it_once_more(bank: StopBank) -> None:
    stop = feature_stop(bank, "pluck", CHOSEN)
    steering = Steering(bank.sae, StopBank(bank.sae, (stop,), bank.model_fingerprint, bank.site))
    z, part = frames_that_use(bank)
    neutral, off, on = (steering(z, torch.full((1, 1, 1), value)) for value in (0.0, -1.0, 1.0))
    assert torch.equal(neutral, z)
    torch.testing.assert_close(on - z, part, rtol=1e-4, atol=1e-4)
    removed = z - off
    alike = torch.nn.functional.cosine_similarity(removed, part, dim=1)
    assert float(alike.min()) > 0.5, "with the share of the SAE's error that goes along"
    assert float((removed - part).norm() / part.norm()) < 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--feature", "64"], "this bank's features are 0 to 63, got 64"),
        (["--feature", "3", "--feature", "3"], "a feature is named twice: 3, 3"),
        (["--feature", "3", "--with", "."], "--feature needs neither recordings nor a model"),
        (["--with", "."], "a concept needs recordings with and without it"),
    ],
)
def test_what_cannot_be_raises_one_line(random_bank: Path, run: Run, words: list[str], says: str) -> None:
    refused(run("find", random_bank, "pluck", *words), says)
    assert len(load_bank(random_bank).stops) == 2


def test_the_command_adds_it_to_the_bank(random_bank: Path, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "bank"
    shutil.copytree(random_bank, folder)
    code, out, err = run("find", folder, "pluck", "--feature", 12)
    assert code == 0, err
    assert "the stop pluck" in out
    (stop,) = [each for each in load_bank(folder).stops if each.slug == "pluck"]
    assert stop.removal_weights.nonzero().flatten().tolist() == [12]
