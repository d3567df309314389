"""Planted truth: what is generated is what is said, and every architecture finds it."""

import json
from dataclasses import replace

import pytest
import torch

from drawstop.errors import DrawstopError
from training.recipes.planted import planted, recovery
from training.sae.config import Architecture
from training.sae.model import SAE

pytestmark = pytest.mark.slow

SHARE_TOLERANCE = 0.03
"""Three standard errors of a share of 1/4 over 40 recordings' 20 x 200 frames are 0.02."""

SHORT_RECOVERY = 0.8
"""Share of the directions that less than half of the steps must find."""


def test_planted_recordings_are_what_their_labels_and_strengths_say() -> None:
    made = planted.planted_recordings(3, recordings=40, frames=200, concepts=6)
    assert torch.equal(made.labels, made.present)
    assert made.present.sum(0).tolist() == [20] * 6
    for recording, (frames, strengths) in enumerate(zip(made.frames, made.strengths, strict=True)):
        assert ((strengths > 0).sum(1) == planted.ACTIVE).all()
        assert torch.equal(made.active(recording).any(0), made.present[recording])
        clean = strengths @ made.directions
        noise_db = 10 * torch.log10(clean.square().mean() / (frames - clean).square().mean())
        assert noise_db.item() == pytest.approx(planted.SIGNAL_TO_NOISE_DB, abs=0.5)
    rates = torch.stack([made.active(i).float().mean(0) for i in range(40)]).sum(0) / 20
    assert torch.allclose(rates, torch.tensor(0.25), atol=SHARE_TOLERANCE)


def test_labels_are_wrong_as_often_as_asked_for_and_seeds_decide_everything() -> None:
    noisy = planted.planted_recordings(0, recordings=400, frames=2, label_noise=0.2)
    assert (noisy.labels != noisy.present).float().mean().item() == pytest.approx(0.2, abs=SHARE_TOLERANCE)
    again = planted.planted_recordings(0, recordings=400, frames=2, label_noise=0.2)
    assert all(torch.equal(a, b) for a, b in zip(noisy.frames, again.frames, strict=True))
    assert torch.equal(noisy.labels, again.labels)
    other = planted.planted_recordings(1, recordings=400, frames=2, label_noise=0.2)
    assert not torch.equal(noisy.frames[0], other.frames[0])


def test_a_signature_is_the_same_in_all_frames_of_a_recording_and_differs_between_recordings() -> None:
    plain = planted.planted_recordings(0, recordings=4, frames=10)
    signed = planted.planted_recordings(0, recordings=4, frames=10, signature=2.0)
    own = torch.stack([b - a for a, b in zip(plain.frames, signed.frames, strict=True)])
    assert torch.allclose(own, own[:, :1], atol=1e-5)
    assert torch.allclose(own[:, 0].norm(dim=1), torch.tensor(2.0), atol=1e-5)
    assert torch.pdist(own[:, 0]).min() > 1.0


def test_recovery_counts_directions_that_some_row_meets_with_either_sign() -> None:
    directions, _ = planted.planted_frames(0, 1)
    assert planted.recovered_share(directions, -3 * directions[:64]) == 64 / 256


@pytest.mark.parametrize("change", [{"concepts": 0}, {"concepts": 253}, {"rate": 1.5}, {"label_noise": -0.1}])
def test_what_can_not_be_planted_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(DrawstopError, match=next(iter(change))):
        planted.planted_recordings(0, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", recovery.TRAINED)
def test_the_measured_recovery_of_every_architecture_reaches_the_goal_on_three_seeds(
    architecture: Architecture,
) -> None:
    measured = json.loads(recovery.FILE.read_text())
    settings = recovery.config_of(architecture, 0).described()
    for name in settings.keys() - {"architecture", "seed"}:
        assert measured["settings"][name] == settings[name], "measured with other settings: measure again"
    seeds = measured["architectures"][architecture]
    assert len(seeds) == 3
    assert min(seed["recovered"] for seed in seeds.values()) >= recovery.GOAL


def test_the_settings_of_the_measured_recovery_recover_in_a_shorter_training_too() -> None:
    config = replace(recovery.config_of("batchtopk", 0), steps=500)
    found = recovery.recovery(config, 20_000)
    assert found["recovered"] >= SHORT_RECOVERY
    directions, frames = planted.planted_frames(0, 20_000)
    untrained = SAE(config)
    untrained.start_from(frames[: config.n_features] - frames.mean(0))
    assert planted.recovered_share(directions, untrained.W_dec) < 0.1
