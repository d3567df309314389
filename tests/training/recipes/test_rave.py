"""The demo's RAVE: a training that can be killed and resumed, and what its latents are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("rave", reason="needs the rave extra")

from training.recipes.rave.mixtures import CorpusPairs
from training.recipes.rave.rave_model import ModelConfig, build_model
from training.recipes.rave.rave_training import CHECKPOINT, Trainer, TrainingConfig

TINY = ModelConfig(capacity=4, latent_size=8)
SAMPLES = 8192


@pytest.fixture
def pairs() -> CorpusPairs:
    """Seeded noise in place of a rendered corpus: two guitars and a voice, three phrases each."""
    rng = np.random.default_rng(0)
    clips = [rng.integers(-9000, 9000, (3, 2 * SAMPLES)).astype(np.int16) for _ in range(3)]
    return CorpusPairs({"guitar": clips[:2], "voice": clips[2:]}, train_phrases=2, sample_rate=44100)


@pytest.mark.slow
def test_a_training_stopped_after_one_step_resumes_bit_for_bit(tmp_path: Path, pairs: CorpusPairs) -> None:
    config = TrainingConfig(steps=3, samples=SAMPLES)
    Trainer(tmp_path / "whole", pairs, config, TINY).run()
    Trainer(tmp_path / "parts", pairs, config, TINY).run(until=1)
    Trainer(tmp_path / "parts", pairs, config, TINY).run()
    whole, parts = (torch.load(tmp_path / n / CHECKPOINT, weights_only=True) for n in ("whole", "parts"))
    assert parts["step"] == 3
    assert all(torch.equal(value, parts["model"][name]) for name, value in whole["model"].items())


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path, pairs: CorpusPairs) -> None:
    Trainer(tmp_path, pairs, TrainingConfig(steps=1, samples=SAMPLES), TINY).run()
    with pytest.raises(ValueError, match="other settings"):
        Trainer(tmp_path, pairs, TrainingConfig(steps=2, samples=SAMPLES), TINY)


def test_latents_scale_with_gain_and_silence_stays_silent() -> None:
    model = build_model(TINY)
    audio = torch.randn(1, 1, SAMPLES, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        z = model.encoder(model.bands(audio))
        quiet = model.encoder(model.bands(audio / 4))
        silence = model.audio(model.decoder(model.encoder(model.bands(torch.zeros_like(audio)))))
    assert z.shape == (1, 8, SAMPLES // 512)
    assert torch.equal(quiet * 4, z)
    assert not silence.any()
