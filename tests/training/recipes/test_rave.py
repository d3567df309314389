"""The example RAVE: a training that can be killed and resumed, and what its latents are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.recipes.rave.mixtures import CorpusPairs

if TYPE_CHECKING:  # importing acids-rave takes ten seconds: only the worker that runs these tests does
    from training.recipes.rave.rave_model import ModelConfig
    from training.recipes.rave.rave_training import Trainer

pytestmark = pytest.mark.slow

SAMPLES = 8192


@pytest.fixture
def tiny() -> ModelConfig:
    """The settings of a small RAVE."""
    from training.recipes.rave.rave_model import ModelConfig

    return ModelConfig(capacity=4, latent_size=8)


def training(folder: Path, pairs: CorpusPairs, steps: int, model: ModelConfig) -> Trainer:
    """A training of so many steps, begun or gone on with in this folder."""
    from training.recipes.rave.rave_training import Trainer, TrainingConfig

    return Trainer(folder, pairs, TrainingConfig(steps=steps, samples=SAMPLES), model)


@pytest.fixture
def pairs() -> CorpusPairs:
    """Seeded noise in place of a rendered corpus: two guitars and a voice, three phrases each."""
    rng = np.random.default_rng(0)
    clips = [rng.integers(-9000, 9000, (3, 2 * SAMPLES)).astype(np.int16) for _ in range(3)]
    return CorpusPairs({"guitar": clips[:2], "voice": clips[2:]}, train_phrases=2, sample_rate=44100)


def test_a_training_stopped_after_one_step_resumes_bit_for_bit(
    tmp_path: Path, pairs: CorpusPairs, tiny: ModelConfig
) -> None:
    from training.recipes.rave.rave_training import CHECKPOINT

    training(tmp_path / "whole", pairs, 3, tiny).run()
    training(tmp_path / "parts", pairs, 3, tiny).run(until=1)
    training(tmp_path / "parts", pairs, 3, tiny).run()
    whole, parts = (torch.load(tmp_path / n / CHECKPOINT, weights_only=True) for n in ("whole", "parts"))
    assert parts["step"] == 3
    assert all(torch.equal(value, parts["model"][name]) for name, value in whole["model"].items())


def test_a_checkpoint_of_other_settings_is_refused(
    tmp_path: Path, pairs: CorpusPairs, tiny: ModelConfig
) -> None:
    training(tmp_path, pairs, 1, tiny).run()
    with pytest.raises(ValueError, match="other settings"):
        training(tmp_path, pairs, 2, tiny)


def test_latents_scale_with_gain_and_silence_stays_silent(tiny: ModelConfig) -> None:
    from training.recipes.rave.rave_model import build_model

    model = build_model(tiny)
    audio = torch.randn(1, 1, SAMPLES, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        z = model.encoder(model.bands(audio))
        quiet = model.encoder(model.bands(audio / 4))
        silence = model.audio(model.decoder(model.encoder(model.bands(torch.zeros_like(audio)))))
    assert z.shape == (1, 8, SAMPLES // 512)
    assert torch.equal(quiet * 4, z)
    assert not silence.any()
