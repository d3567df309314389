"""Which features each architecture selects, its loss and its k; files/test_folder.py compares with SAELens."""

from dataclasses import replace

import pytest
import torch

from drawstop.audio.files import list_audio
from tests.helpers.repository import DEMO
from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.banks.stop import Stop
from training.find.rave.encoded_recordings import encode_file
from training.models.rave.model import RaveModel
from training.recipes.planted.planted import ACTIVE, WIDTH, planted_frames
from training.sae.config import Architecture, SAEConfig
from training.sae.losses import l0, prefix_losses
from training.sae.model import SAE
from training.sae.objectives import BatchTopK
from training.sae.sparse_features import DenseFeatures, DensePreActivations
from training.sae.train import train

THRESHOLDED: tuple[Architecture, ...] = ("batchtopk", "matryoshka", "jumprelu")
L0_TOLERANCE = 0.15
"""How far, relatively, the L0 of unseen frames may lie from k after a short training."""


def pre_activations(seed: int = 0, frames: int = 40, features: int = 24) -> torch.Tensor:
    return torch.randn(frames, features, generator=torch.Generator().manual_seed(seed))


def test_batchtopk_of_fewer_positive_values_than_wanted_keeps_those() -> None:
    pre = -pre_activations().abs()
    pre[0, 0] = 2.0
    features = DensePreActivations(pre).largest(3 * len(pre))
    assert isinstance(features, DenseFeatures)
    assert features.features.nonzero().tolist() == [[0, 0]]


def test_batchtopks_threshold_is_the_running_average_of_the_smallest_value_that_passes() -> None:
    objective = BatchTopK(SAE(SAEConfig(8, 24, 3, "batchtopk")))
    smallest = []
    for done in range(150):
        pre = pre_activations(done)
        smallest.append(float(pre.relu().flatten().topk(3 * len(pre)).values[-1]))
        features = objective.select(DensePreActivations(pre), done)
        objective.after_step(features.smallest(), done)
        if done == 99:
            assert objective.sae.threshold[0].item() == pytest.approx(sum(smallest) / 100, rel=1e-4)
    average = sum(smallest[:100]) / 100
    for value in smallest[100:]:
        average += 0.01 * (value - average)
    assert torch.allclose(objective.sae.threshold, torch.tensor(average), rtol=1e-4)


@pytest.mark.parametrize("n_features", [1, 2, 48, 1024])
def test_prefixes_ascend_and_end_with_the_whole(n_features: int) -> None:
    prefixes = SAEConfig(8, n_features, 1).prefixes
    assert list(prefixes) == sorted(set(prefixes))
    assert prefixes[-1] == n_features
    assert prefixes[0] >= 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_matryoshkas_first_features_reconstruct_more_alone_than_a_batchtopks() -> None:
    _, frames = planted_frames(0, 6000)
    config = SAEConfig(WIDTH, 128, ACTIVE, steps=250, batch_size=128, learning_rate=6e-3)
    errors = {}
    for architecture in ("batchtopk", "matryoshka"):
        sae = train(frames, replace(config, architecture=architecture))  # type: ignore[arg-type]
        z = sae.normalise(frames)
        with torch.no_grad():
            losses = prefix_losses(z, DenseFeatures(sae.encode(z)), sae.W_dec, sae.b_dec, sae.config.prefixes)
        errors[architecture] = float(losses[-2])
    assert errors["matryoshka"] < errors["batchtopk"]


@pytest.mark.parametrize("architecture", THRESHOLDED)
def test_a_stop_on_any_architecture_steers_in_torchscript_by_the_saes_own_features(
    architecture: Architecture,
) -> None:
    frames = torch.randn(400, 8, generator=torch.Generator().manual_seed(0))
    sae = train(frames, SAEConfig(8, 24, 3, architecture, steps=20, batch_size=64))
    everything = Stop("all", "all", "static", torch.ones(24), torch.zeros(24, 8), 1.0)
    steering = Steering(sae, StopBank(sae, (everything,), "f" * 64))
    x = frames[:50].T[None]
    off = torch.full((1, 1, 50), -1.0)
    with torch.no_grad():
        steered = torch.jit.script(steering)(x, off)
        z = sae.normalise(frames[:50])
        removed = sae.scale * (sae.encode(z) @ sae.W_dec)  # a centred SAE leaves its error in
    assert torch.allclose(steered[0].T, frames[:50] - removed, atol=1e-5)
    assert removed.abs().max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["topk", *THRESHOLDED])
def test_a_raves_latents_alike_and_of_every_level_are_explained_by_k_features(
    architecture: Architecture,
) -> None:
    model = RaveModel(DEMO / "rave.ts")
    recordings = list_audio(DEMO / "recordings" / "train")[::3]
    frames = torch.cat([encode_file(model, path) for path in recordings], 1).T.contiguous()
    config = SAEConfig(128, 256, 16, architecture, steps=300, batch_size=256, centre=False, bias=False)
    metrics = train(frames, config).metrics
    assert metrics is not None
    assert metrics.l0 == pytest.approx(16, rel=L0_TOLERANCE)
    assert metrics.fraction_of_variance_explained > 0.96
