"""From recordings of two kinds to a stop: seeded, honest about what it had, and of the kind that was asked for."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.helpers.repository import RECORDINGS
from training.banks.stop import Stop
from training.find.rave.encoded_recordings import encode_file
from training.find.rave.find import FindOptions, Kind, find_stop
from training.find.rave.gate_fit import GateOptions
from training.find.rave.latent_sae import train_latent_sae
from training.models.rave.model import RaveModel
from training.sae.model import SAE

TRAIN = RECORDINGS / "train"
SECONDS = 1.6
SAE_STEPS, FEATURES = 40, 128

Paths = tuple[list[Path], list[Path]]
"""Recordings with the concept, and without it."""


@pytest.fixture(scope="module")
def model(example_rave: Path) -> RaveModel:
    return RaveModel(example_rave)


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The beginnings of the first four recordings with voice and with guitar: the same phrases, so they are parallel."""
    folder = tmp_path_factory.mktemp("parallel")
    return beginnings(folder, "voice", ""), beginnings(folder, "guitar", "")


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The same sounds under names of which no two are of one phrase."""
    folder = tmp_path_factory.mktemp("unpaired")
    return beginnings(folder, "voice", "voice-"), beginnings(folder, "guitar", "guitar-")


def beginnings(folder: Path, concept: str, prefix: str) -> list[Path]:
    (folder / concept).mkdir()
    paths = []
    for path in sorted((TRAIN / concept).glob("*.flac"))[:4]:
        sound, rate = soundfile.read(path)
        paths.append(folder / concept / f"{prefix}{path.stem}.wav")
        soundfile.write(paths[-1], np.asarray(sound)[: int(SECONDS * rate)], rate)
    return paths


@pytest.fixture(scope="module")
def frames(model: RaveModel, parallel: Paths) -> list[torch.Tensor]:
    return [encode_file(model, path) for paths in parallel for path in paths]


@pytest.fixture(scope="module")
def sae(model: RaveModel, frames: list[torch.Tensor]) -> SAE:
    return train_latent_sae(model, frames, 0, SAE_STEPS, n_features=FEATURES)


def quick_stop(model: RaveModel, sae: SAE, paths: Paths, kind: Kind = "auto", seed: int = 0) -> Stop:
    gates = GateOptions(channels=8, off_steps=3, on_steps=2, batch=2)
    options = FindOptions(
        seed=seed, kind=kind, on_steps=2, mixtures=8, gates=gates, variations=0, transpositions=0
    )
    return find_stop(model, sae, "voice", *paths, options)


@pytest.fixture(scope="module")
def stop(model: RaveModel, sae: SAE, parallel: Paths) -> Stop:
    return quick_stop(model, sae, parallel)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_sae_and_another_seed_does_not(
    sae: SAE, model: RaveModel, frames: list[torch.Tensor]
) -> None:
    same, other = (train_latent_sae(model, frames, seed, SAE_STEPS, n_features=FEATURES) for seed in (0, 1))
    for name in ("W_enc", "W_dec"):
        assert torch.equal(getattr(sae, name), getattr(same, name))
        assert not torch.equal(getattr(sae, name), getattr(other, name))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_stop_and_another_seed_does_not(
    stop: Stop, model: RaveModel, sae: SAE, parallel: Paths
) -> None:
    same, other = (quick_stop(model, sae, parallel, seed=seed) for seed in (0, 1))
    assert torch.equal(stop.removal_weights, same.removal_weights)
    assert torch.equal(stop.write_vectors, same.write_vectors)
    assert stop.metrics == same.metrics
    assert not torch.equal(stop.write_vectors, other.write_vectors)


def test_a_stop_says_how_much_it_had_to_learn_from(stop: Stop) -> None:
    assert stop.metrics["recordings_with"] == 4
    assert 1 <= stop.metrics["parallel_pairs"] <= 4
    assert 0 <= stop.metrics["additivity_error"] < 1


@pytest.mark.slow
def test_a_static_stop_without_parallel_recordings_gets_the_difference_of_means_and_says_so(
    model: RaveModel, sae: SAE, unpaired: Paths
) -> None:
    stop = quick_stop(model, sae, unpaired, "static")
    assert "difference of means" in stop.metrics["on"]
    assert torch.linalg.matrix_rank(stop.write_vectors) == 1


@pytest.mark.slow
def test_a_gated_stop_without_parallel_recordings_gets_an_on_gate_of_similar_pieces_and_says_so(
    model: RaveModel, sae: SAE, unpaired: Paths
) -> None:
    stop = quick_stop(model, sae, unpaired, "gated")
    assert "pieces of the same pitches" in stop.metrics["on"]
    assert stop.gates is not None
    assert stop.gates.on is not None
