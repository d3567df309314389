"""The SAE: its equations, what it recovers, and that a killed training resumes to the same bits."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.repository import REPOSITORY
from training.activations.store import write_store
from training.data.recordings import Recording
from training.recipes.planted.planted import ACTIVE, WIDTH, planted_frames, recovered_share
from training.sae import losses
from training.sae.config import Architecture, SAEConfig
from training.sae.model import SAE
from training.sae.sparse_features import DensePreActivations, pre_activations_of
from training.sae.train import StepProgress, train

RECOVERED_SHARE = 0.9

SMALL = SAEConfig(
    d_in=16, n_features=48, k=3, steps=60, batch_size=64, checkpoint_every=10, dead_after_steps=5
)


def frames_of(seed: int = 0, count: int = 500, width: int = SMALL.d_in) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) * 3 + 2


def same_bits(a: SAE, b: SAE) -> bool:
    mine, other = a.state_dict(), b.state_dict()
    return mine.keys() == other.keys() and all(torch.equal(mine[name], other[name]) for name in mine)


class KilledError(Exception):
    """Raised in a progress callback."""


def kill_at(step: int) -> StepProgress:
    def progress(done: int, loss: float) -> None:
        if done == step:
            raise KilledError

    return progress


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2] if os.environ.get("DRAWSTOP_WHOLE_TABLE") else [0])
def test_a_planted_dictionary_is_recovered(seed: int) -> None:
    directions, frames = planted_frames(seed, 50_000)
    config = SAEConfig(
        d_in=WIDTH,
        n_features=384,
        k=ACTIVE,
        steps=1200,
        batch_size=512,
        learning_rate=6e-3,
        seed=seed,
    )
    untrained = SAE(config)
    untrained.start_from(frames[: config.n_features] - frames.mean(0))
    assert recovered_share(directions, untrained.W_dec) < 0.1
    sae = train(frames, config)
    assert recovered_share(directions, sae.W_dec) >= RECOVERED_SHARE
    assert sae.metrics is not None
    assert 0.8 < sae.metrics.fraction_of_variance_explained < 0.99


def test_topk_keeps_the_k_largest_positive_pre_activations() -> None:
    sae = SAE(SMALL)
    z = frames_of()
    pre = z @ sae.W_enc + sae.b_enc
    kth = pre.sort(dim=1, descending=True).values[:, SMALL.k - 1 : SMALL.k]
    assert torch.equal(sae.encode(z), torch.where(pre >= kth, pre.relu(), torch.zeros(())))
    assert torch.equal(sae(z), sae.encode(z) @ sae.W_dec + sae.b_dec)


def test_a_frames_features_do_not_depend_on_the_batch_around_it() -> None:
    sae = SAE(SMALL)
    z = frames_of()
    loud = torch.cat([z[:1], 1000 * z[1:]])
    assert torch.equal(sae.encode(z)[0], sae.encode(loud)[0])
    assert torch.allclose(sae.encode(z)[0], sae.encode(z[0]), rtol=1e-5, atol=1e-6)
    assert torch.equal(sae.encode(z.reshape(5, 100, -1)).reshape(500, -1), sae.encode(z))


def test_normalised_training_frames_have_mean_0_and_power_1_and_come_back() -> None:
    frames = frames_of()
    sae = train(frames, replace(SMALL, steps=1))
    z = sae.normalise(frames)
    assert torch.allclose(z.mean(0), torch.zeros(SMALL.d_in), atol=1e-5)
    assert z.square().mean().item() == pytest.approx(1.0, abs=1e-5)
    assert torch.allclose(sae.denormalise(z), frames, atol=1e-5)


def test_without_centre_and_bias_mean_and_biases_stay_0() -> None:
    sae = train(frames_of(), replace(SMALL, centre=False, bias=False))
    for tensor in (sae.mean, sae.b_enc, sae.b_dec):
        assert not tensor.detach().any()


def test_decoder_rows_have_norm_1_after_training() -> None:
    norms = train(frames_of(), SMALL).W_dec.detach().norm(dim=1)
    assert torch.allclose(norms, torch.ones_like(norms), atol=1e-6)


def test_losses_equal_their_formulas() -> None:
    generator = torch.Generator().manual_seed(0)
    z, z_hat = torch.randn(2, 50, 4, generator=generator)
    residual, total = ((z - z_hat).numpy() ** 2).sum(), ((z - z.mean(0)).numpy() ** 2).sum()
    assert losses.reconstruction_loss(z, z_hat).item() == pytest.approx(residual / 200, rel=1e-5)
    explained = losses.fraction_of_variance_explained(z, z_hat).item()
    assert explained == pytest.approx(1 - residual / total, rel=1e-5)
    features = torch.tensor([[0.0, 2.0, 0.0], [1.0, 3.0, 0.0]])
    assert losses.l0(features).item() == 1.5
    assert losses.dead_share(features).item() == pytest.approx(1 / 3)


def test_the_auxiliary_loss_reaches_dead_features_only_and_is_0_when_they_explain_the_error() -> None:
    W_dec = torch.eye(4)
    dead = torch.tensor([False, True, False, True])
    error = torch.tensor([[0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0]])
    assert losses.aux_loss(error, DensePreActivations(error), W_dec, dead, aux_k=1).item() == 0.0
    pre = torch.full((2, 4), 0.5, requires_grad=True)
    loss = losses.aux_loss(error, DensePreActivations(pre), W_dec, dead, aux_k=2)
    loss.backward()  # type: ignore[no-untyped-call]
    assert pre.grad is not None
    assert not pre.grad[:, ~dead].any()
    assert pre.grad[:, dead].any()
    assert (
        losses.aux_loss(
            error, DensePreActivations(pre), W_dec, torch.zeros(4, dtype=torch.bool), aux_k=2
        ).item()
        == 0.0
    )


@pytest.mark.parametrize("config", [SAEConfig(4, 4, 1), SAEConfig(512, 64, 1)])
def test_a_dead_feature_that_is_below_0_in_every_frame_is_drawn_up_where_the_error_points_its_way(
    config: SAEConfig,
) -> None:
    sae = SAE(config)
    error = sae.W_dec[:1].detach().repeat(3, 1)
    pre = pre_activations_of(sae, -error)
    dead = torch.arange(config.n_features) == 0
    assert (pre.values[:, 0] < 0).all()
    losses.aux_loss(error, pre, sae.W_dec, dead, aux_k=1).backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        sae.W_enc -= 0.1 * sae.W_enc.grad
        assert (sae.pre_activations(-error)[:, 0] > pre.values[:, 0]).all()


def test_the_encoders_gain_brings_reconstructions_of_frames_that_are_alike_nearest_to_them() -> None:
    z = torch.randn(200, 8, generator=torch.Generator().manual_seed(0)) + 3
    sae = SAE(SAEConfig(8, 100, 10))
    sae.start_from(z[:100])

    def error(gain: float) -> float:
        with torch.no_grad():
            other = SAE(sae.config)
            other.load_state_dict(sae.state_dict())
            other.W_enc *= gain
            return float((other(z) - z).square().mean())

    before = error(1.0)
    sae.fit_encoder_gain(z)
    assert error(1.0) < 0.05 * before
    assert error(1.0) < min(error(0.95), error(1.05))


def test_frames_of_nothing_leave_the_encoder_as_it_is() -> None:
    sae = SAE(SAEConfig(8, 100, 10))
    before = sae.W_enc.detach().clone()
    sae.fit_encoder_gain(torch.zeros(5, 8))
    assert torch.equal(sae.W_enc, before)


def test_figures_equal_those_measured_on_the_features() -> None:
    frames = frames_of()
    sae = train(frames, SMALL)
    z = sae.normalise(frames)
    features = sae.encode(z).detach()
    assert sae.metrics is not None
    assert sae.metrics.l0 == pytest.approx(losses.l0(features).item(), rel=1e-5)
    assert sae.metrics.dead_share == pytest.approx(losses.dead_share(features).item(), abs=1e-6)
    assert sae.metrics.dead_features == int((features == 0).all(0).sum())
    explained = losses.fraction_of_variance_explained(z, sae(z).detach()).item()
    assert sae.metrics.fraction_of_variance_explained == pytest.approx(explained, abs=1e-5)
    assert sae.metrics.validation_fraction_of_variance_explained is None


@pytest.mark.slow
def test_jumprelu_keeps_the_mean_l0_and_nearly_the_variance_explained_on_unseen_frames() -> None:
    _, frames = planted_frames(0, 12_000)
    config = SAEConfig(d_in=WIDTH, n_features=384, k=ACTIVE, steps=300, batch_size=256)
    topk = train(frames[:8000], config)
    fitted, unseen = topk.normalise(frames[:8000]), topk.normalise(frames[8000:])
    jumprelu = topk.to_jumprelu(fitted)
    with torch.no_grad():
        assert losses.l0(jumprelu.encode(fitted)).item() == pytest.approx(
            losses.l0(topk.encode(fitted)).item(), rel=1e-3
        )
        explained = losses.fraction_of_variance_explained
        assert explained(unseen, jumprelu(unseen)) > explained(unseen, topk(unseen)) - 0.1
    trained = train(frames[:8000], replace(config, architecture="topk-jumprelu"))
    assert torch.equal(trained.W_dec, topk.W_dec)
    assert torch.equal(trained.threshold, jumprelu.threshold)
    with pytest.raises(DrawstopError, match="topk SAE"):
        jumprelu.to_jumprelu(fitted)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    torch.manual_seed(1)
    first = train(frames_of(), SMALL)
    torch.manual_seed(2)
    assert same_bits(first, train(frames_of(), SMALL))
    assert not same_bits(first, train(frames_of(), replace(SMALL, seed=1)))


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [7, 20, 37, 60])
@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_a_killed_and_resumed_training_equals_the_uninterrupted_one_bit_for_bit(
    tmp_path: Path, killed_at: int, architecture: Architecture
) -> None:
    config = replace(SMALL, architecture=architecture)
    checkpoint = tmp_path / "sae.checkpoint"
    with pytest.raises(KilledError):
        train(frames_of(), config, checkpoint=checkpoint, progress=kill_at(killed_at))
    steps: list[int] = []
    resumed = train(
        frames_of(), config, checkpoint=checkpoint, progress=lambda step, loss: steps.append(step)
    )
    assert len(steps) == 60 - killed_at // 10 * 10, "a killed training loses less than checkpoint_every steps"
    assert same_bits(resumed, train(frames_of(), config))


@pytest.mark.slow
def test_a_training_killed_by_the_system_resumes_from_its_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "sae.checkpoint"
    np.save(tmp_path / "frames.npy", frames_of().numpy())
    code = (
        "import os, signal, sys, numpy, torch\n"
        "from pathlib import Path\n"
        "from training.sae.config import SAEConfig\n"
        "from training.sae.train import train\n"
        f"torch.set_num_threads({torch.get_num_threads()})\n"
        "frames = torch.from_numpy(numpy.load(sys.argv[2]))\n"
        "kill = lambda step, loss: os.kill(os.getpid(), signal.SIGKILL) if step == 33 else None\n"
        f"train(frames, {SMALL!r}, checkpoint=Path(sys.argv[1]), progress=kill)\n"
    )
    command = [sys.executable, "-c", code, str(checkpoint), str(tmp_path / "frames.npy")]
    ended = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert ended.returncode == -9
    steps: list[int] = []
    resumed = train(frames_of(), SMALL, checkpoint=checkpoint, progress=lambda step, loss: steps.append(step))
    assert steps[0] == 31
    assert same_bits(resumed, train(frames_of(), SMALL))


def test_checkpoints_of_another_training_or_damaged_are_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "sae.checkpoint"
    train(frames_of(), SMALL, checkpoint=checkpoint)
    with pytest.raises(DrawstopError, match="k changed"):
        train(frames_of(), replace(SMALL, k=4), checkpoint=checkpoint)
    with pytest.raises(DrawstopError, match="other frames"):
        train(frames_of(seed=9), SMALL, checkpoint=checkpoint)
    whole = checkpoint.read_bytes()
    for damaged in (b"", b"nonsense", whole[: len(whole) // 2]):
        checkpoint.write_bytes(damaged)
        with pytest.raises(DrawstopError, match="damaged"):
            train(frames_of(), SMALL, checkpoint=checkpoint)


@pytest.mark.slow
def test_a_store_trains_on_its_train_split_and_validates_on_its_own(tmp_path: Path) -> None:
    splits = ("train", "validation", "test")
    parts = [frames_of(seed, 300).numpy() for seed in range(3)]
    items = [
        (Recording(Path(f"{i}.wav"), "", f"{i:064x}", split), part)
        for i, (split, part) in enumerate(zip(splits, parts, strict=True))
    ]
    sae = train(write_store(tmp_path / "store", "site", "fingerprint", items), SMALL)
    assert same_bits(sae, train(torch.from_numpy(parts[0]), SMALL))
    assert sae.metrics is not None
    held_out = sae.normalise(torch.from_numpy(parts[1]))
    explained = losses.fraction_of_variance_explained(held_out, sae(held_out).detach()).item()
    assert sae.metrics.validation_fraction_of_variance_explained == pytest.approx(explained, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 49}, "k must be at most n_features"),
        ({"k": 0}, "k must be 1 or more"),
        ({"architecture": "relu"}, "expected an architecture"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"warmup_share": 0.8}, "at most 1 together"),
        ({"aux_k": -1}, "aux_k must be 0 or more"),
        ({"bandwidth": 0.0}, "bandwidth must be above 0"),
    ],
)
def test_bad_configs_are_refused_with_the_reason(change: dict[str, object], message: str) -> None:
    with pytest.raises(DrawstopError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_frames_that_can_not_train_are_refused() -> None:
    broken = frames_of()
    broken[3, 2] = torch.nan
    cases = {
        "expected frames": frames_of(width=15),
        "to train on": frames_of(count=0),
        "finite and vary": torch.full((50, SMALL.d_in), 0.1),
        "that are finite": broken,
    }
    for message, frames in cases.items():
        with pytest.raises(DrawstopError, match=message):
            train(frames, SMALL)
