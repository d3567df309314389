"""SAEs of more and more sound: which recordings they are trained on, and what they say of all."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.training_sound import experiment
from training.evaluation.experiments.training_sound.experiment import LEAST_FRAMES, features_by_minutes
from training.sae.config import SAEConfig
from training.sae.model import SAE

pytestmark = pytest.mark.slow

WIDTH, FEATURES, FRAMES, RATE = 6, 16, 300, 10.0
TRAINING, TESTS = 6, 2
MINUTES = FRAMES / RATE / 60


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> EncodedSet:
    """Random frames of eight recordings of half a minute, six of them to train on."""
    folder, count = tmp_path_factory.mktemp("none"), TRAINING + TESTS
    recordings = tuple(
        LabelledRecording(folder / f"{i}.wav", frozenset(), str(i), "train" if i < TRAINING else "test")
        for i in range(count)
    )
    rng = np.random.default_rng(0)
    frames = tuple(rng.standard_normal((FRAMES, WIDTH)).astype(np.float32) for _ in range(count))
    nothing = np.zeros((count, 0), dtype=np.float32)
    return EncodedSet(
        LabelledSet("random", "folders", recordings), "latent", SAE(SAEConfig(WIDTH, FEATURES, 4)), RATE, 44100,
        (0.0,) * count, frames, nothing, nothing, nothing, nothing, nothing.astype(bool), (), np.ones(count, dtype=bool),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "STEPS", 20)
    monkeypatch.setattr(experiment, "QUICK_STEPS", 20)


def test_each_has_more_minutes_than_the_last_and_too_little_sound_has_none(encoded: EncodedSet) -> None:
    assert FRAMES < LEAST_FRAMES  # an eighth of six recordings is one
    assert list(features_by_minutes(encoded, 0)) == pytest.approx([2 * MINUTES, 3 * MINUTES, 6 * MINUTES])
    assert list(features_by_minutes(encoded, 0, quick=True)) == pytest.approx([3 * MINUTES, 6 * MINUTES])


def test_every_recording_has_shares_of_one_and_the_same_seed_gives_the_same_bits(encoded: EncodedSet) -> None:
    first, again, other = (features_by_minutes(encoded, seed, quick=True) for seed in (0, 0, 1))
    for minutes, shares in first.items():
        assert shares.shape == (TRAINING + TESTS, FEATURES)
        assert shares.sum(1) == pytest.approx(1.0)
        assert np.array_equal(shares, again[minutes])
        assert not np.array_equal(shares, other[minutes])


def test_unseen_recordings_train_nothing(encoded: EncodedSet) -> None:
    silent = replace(
        encoded, frames=(*encoded.frames[:TRAINING], *(0 * each for each in encoded.frames[TRAINING:]))
    )
    for minutes, shares in features_by_minutes(encoded, 0, quick=True).items():
        without = features_by_minutes(silent, 0, quick=True)[minutes]
        assert np.array_equal(shares[:TRAINING], without[:TRAINING])
