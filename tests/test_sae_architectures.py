"""What each architecture lets through and is trained on: held against SAELens, and against what its k promises."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from training.evidence.planted import ACTIVE, WIDTH, planted_frames
from training.sae.config import Architecture, SAEConfig
from training.sae.losses import l0, prefix_losses, reconstruction_loss
from training.sae.model import SAE
from training.sae.objectives import BatchTopK, batch_topk, objective_of
from training.sae.thresholds import jumprelu, step
from training.sae.train import train

THRESHOLDED: tuple[Architecture, ...] = ("batchtopk", "matryoshka", "jumprelu")
L0_TOLERANCE = 0.15
"""How far, relatively, the L0 of unseen frames may lie from k after a short training."""


@pytest.fixture(scope="module")
def saelens() -> Any:
    return pytest.importorskip("sae_lens.saes")


def pre_activations(seed: int = 0, frames: int = 40, features: int = 24) -> torch.Tensor:
    return torch.randn(frames, features, generator=torch.Generator().manual_seed(seed))


def test_batchtopk_keeps_what_saelens_keeps_and_k_a_frame_on_average_only(saelens: Any) -> None:
    from sae_lens.saes.batchtopk_sae import BatchTopK as Theirs

    pre = pre_activations() * torch.linspace(0.1, 3, 40)[:, None]
    features = batch_topk(pre, 3)
    assert torch.equal(features, Theirs(3)(pre))
    counts = (features > 0).sum(1)
    assert counts.sum() == 3 * 40
    assert counts.min() < 3 < counts.max()


def test_batchtopk_of_fewer_positive_values_than_wanted_keeps_those() -> None:
    pre = -pre_activations().abs()
    pre[0, 0] = 2.0
    assert batch_topk(pre, 3).nonzero().tolist() == [[0, 0]]


def test_batchtopks_threshold_is_the_running_average_of_the_smallest_value_kept() -> None:
    objective = BatchTopK(SAE(SAEConfig(8, 24, 3, "batchtopk")))
    smallest = []
    for done in range(150):
        features = objective.features(pre_activations(done), done)
        smallest.append(float(features[features > 0].min()))
        objective.settle(features, done)
        if done == 99:
            assert objective.sae.threshold[0].item() == pytest.approx(sum(smallest) / 100, rel=1e-4)
    average = sum(smallest[:100]) / 100
    for value in smallest[100:]:
        average += 0.01 * (value - average)
    assert torch.allclose(objective.sae.threshold, torch.tensor(average), rtol=1e-4)


def test_matryoshka_sums_the_errors_that_saelens_sums(saelens: Any) -> None:
    config = SAEConfig(8, 64, 4, "matryoshka")
    sae = SAE(config)
    with torch.no_grad():
        sae.b_dec.uniform_(-1, 1)
    z = torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
    features = batch_topk(sae.pre_activations(z), 4)
    theirs = saelens.MatryoshkaBatchTopKTrainingSAE(
        saelens.MatryoshkaBatchTopKTrainingSAEConfig(
            d_in=8, d_sae=64, k=4, matryoshka_widths=list(config.prefixes), rescale_acts_by_decoder_norm=False
        )
    )
    theirs.load_state_dict(
        {name: sae.state_dict()[name] for name in ("W_enc", "W_dec", "b_enc", "b_dec")}, strict=False
    )
    parts = [z_hat for _, z_hat in theirs._iterable_decode(features, include_outer_loss=True)]
    wanted = torch.stack([reconstruction_loss(z, z_hat) for z_hat in parts])
    found = prefix_losses(z, features, sae.W_dec, sae.b_dec, config.prefixes)
    assert torch.allclose(found, wanted, rtol=1e-5)
    loss = objective_of(sae).loss(z, sae.decode(features), sae.pre_activations(z), features)
    assert loss.item() == pytest.approx(wanted.sum().item(), rel=1e-5)


@pytest.mark.parametrize("n_features", [1, 2, 48, 1024])
def test_prefixes_ascend_and_end_with_the_whole(n_features: int) -> None:
    prefixes = SAEConfig(8, n_features, 1).prefixes
    assert list(prefixes) == sorted(set(prefixes))
    assert prefixes[-1] == n_features
    assert prefixes[0] >= 1


@pytest.mark.parametrize("name", ["jumprelu", "step"])
def test_values_and_gradients_at_a_threshold_are_those_of_saelens(saelens: Any, name: str) -> None:
    from sae_lens.saes import jumprelu_sae as theirs

    functions = {"jumprelu": (jumprelu, theirs.JumpReLU), "step": (step, theirs.Step)}
    ours, reference = functions[name]
    weights = pre_activations(seed=7)
    results = []
    for function in (ours, lambda x, at, width: reference.apply(x, at, width, False)):
        x = pre_activations().requires_grad_()
        threshold = torch.linspace(0.1, 1.5, 24).requires_grad_()
        value = function(x, threshold, 0.4)
        (value * weights).sum().backward()
        results.append((value, threshold.grad, x.grad))
    for mine, wanted in zip(*results, strict=True):
        if wanted is None:
            assert mine is None
        else:
            assert wanted.abs().sum() > 0
            assert torch.allclose(mine, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", THRESHOLDED)
def test_unseen_frames_have_k_active_features_on_average_and_each_stands_alone(
    architecture: Architecture,
) -> None:
    _, frames = planted_frames(0, 6000)
    config = SAEConfig(WIDTH, 128, ACTIVE, architecture, steps=250, batch_size=128, learning_rate=6e-3)
    sae = train(frames[:5000], config)
    z = sae.normalise(frames[5000:])
    with torch.no_grad():
        features = sae.encode(z)
        assert l0(features).item() == pytest.approx(ACTIVE, rel=L0_TOLERANCE)
        assert torch.equal(features > 0, sae.pre_activations(z) > sae.threshold)
        assert torch.equal(sae.encode(torch.cat([z[:1], 1000 * z[1:]]))[0], features[0])
    assert (sae.threshold > 0).all()
    alike = sae.threshold.unique().numel() == 1
    assert alike == (architecture != "jumprelu"), "one threshold for all, or one learned for each"


def test_a_matryoshkas_first_features_reconstruct_more_alone_than_a_batchtopks() -> None:
    _, frames = planted_frames(0, 6000)
    config = SAEConfig(WIDTH, 128, ACTIVE, steps=250, batch_size=128, learning_rate=6e-3)
    errors = {}
    for architecture in ("batchtopk", "matryoshka"):
        sae = train(frames, replace(config, architecture=architecture))  # type: ignore[arg-type]
        z = sae.normalise(frames)
        with torch.no_grad():
            losses = prefix_losses(z, sae.encode(z), sae.W_dec, sae.b_dec, sae.config.prefixes)
        errors[architecture] = float(losses[-2])
    assert errors["matryoshka"] < errors["batchtopk"]
