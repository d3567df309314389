"""A training that gathers active rows: the same SAE as by whole matrices; and the bits of a step, in the test's own words."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from drawstop.errors import DrawstopError
from training.sae.batch import BatchThreshold
from training.sae.config import Architecture, SAEConfig
from training.sae.losses import prefix_losses
from training.sae.model import SAE
from training.sae.sparse_features import DensePreActivations, SparseFeatures, SparsePreActivations
from training.sae.train import train
from training.sae.trainer import SAETrainer, learning_rate_at

SAME_WEIGHTS = 1e-6
"""Between two orders of summing float64, after 60 steps."""
BF16_LOSS_OF_VARIANCE = 0.02
CHOOSING: tuple[Architecture, ...] = ("topk", "batchtopk", "matryoshka", "topk-jumprelu")


class Gathering(SAEConfig):
    """A config that gathers rows at any size."""

    @property
    def sparse(self) -> bool:
        return True


SIZES = {"d_in": 16, "n_features": 96, "k": 3, "steps": 60, "batch_size": 64, "dead_after_steps": 3}


def frames() -> Tensor:
    return torch.randn(500, 16, generator=torch.Generator().manual_seed(0)) * 3 + 2


@pytest.mark.slow
@pytest.mark.parametrize("architecture", CHOOSING)
@pytest.mark.parametrize("frames_at_once", [None, 25])
def test_gathering_rows_trains_the_sae_that_multiplying_matrices_does(
    architecture: Architecture, frames_at_once: int | None
) -> None:
    options = {**SIZES, "architecture": architecture, "precision": "float64"}
    dense = train(frames(), SAEConfig(**options))  # type: ignore[arg-type]
    sparse = train(frames(), Gathering(**options), frames_at_once=frames_at_once)  # type: ignore[arg-type]
    for name, wanted in dense.state_dict().items():
        assert torch.allclose(sparse.state_dict()[name], wanted, rtol=0, atol=SAME_WEIGHTS), name


def test_features_are_dead_in_those_trainings_so_that_the_auxiliary_loss_was_compared_too() -> None:
    run = SAETrainer(SAE(Gathering(**SIZES)), "cpu", "")  # type: ignore[arg-type]
    for _ in range(5):
        run.train_step(frames()[:64])
    assert (run.silent_steps > run.sae.config.dead_after_steps).any()


def test_a_list_of_active_features_equals_the_matrix() -> None:
    sae = SAE(SAEConfig(8, 24, 3))
    z = torch.randn(20, 8, generator=torch.Generator().manual_seed(1))
    pairs = [(SparsePreActivations(sae, z).topk(3), DensePreActivations(sae.pre_activations(z)).topk(3))]
    pre = sae.pre_activations(z).detach()
    for ends in (lambda: None, lambda: BatchThreshold(pre.flatten().sort().values[-40], 1)):
        pairs.append(
            (SparsePreActivations(sae, z).largest(60, ends()), DensePreActivations(pre).largest(60, ends()))
        )
    for sparse, dense in pairs:
        assert torch.allclose(sparse.decode(sae.W_dec), dense.decode(sae.W_dec), atol=1e-6)
        assert torch.allclose(sparse.decode(sae.W_dec, 5, 11), dense.decode(sae.W_dec, 5, 11), atol=1e-6)
        assert torch.equal(sparse.fired(), dense.fired())
        assert torch.equal(sparse.smallest(), dense.smallest())
        mine, wanted = (
            prefix_losses(z, features, sae.W_dec, sae.b_dec, (4, 9, 24)) for features in (sparse, dense)
        )
        assert torch.allclose(mine, wanted)


def test_a_batch_that_activates_nothing_has_no_smallest_value_and_decodes_to_nothing() -> None:
    sae = SAE(SAEConfig(8, 24, 3))
    with torch.no_grad():
        sae.b_enc.fill_(-100.0)
    features = SparsePreActivations(sae, torch.ones(5, 8)).largest(15, BatchThreshold(torch.tensor(0.0), 15))
    assert isinstance(features, SparseFeatures)
    assert torch.isinf(features.smallest())
    assert not features.fired().any()
    assert not features.decode(sae.W_dec).any()


def test_of_values_equal_to_the_batch_threshold_the_first_pass_and_no_more_over_all_parts() -> None:
    threshold = BatchThreshold(torch.tensor(2.0), 3)
    parts = [torch.tensor([[2.0, 1.0], [3.0, 2.0]]), torch.tensor([[2.0, 2.0], [4.0, -1.0]])]
    for _ in range(2):
        threshold.restart()
        assert [threshold.mask(part).int().tolist() for part in parts] == [[[1, 0], [1, 1]], [[1, 0], [1, 0]]]


def test_tiny_dictionaries_and_those_with_many_active_features_keep_to_matrices() -> None:
    ours, tiny = SAEConfig(64), SAEConfig(16, 128, 4)
    assert ours.sparse
    assert not tiny.sparse
    assert not replace(ours, k=64).sparse, "too many active features to gather"
    assert not replace(ours, architecture="jumprelu").sparse


@pytest.mark.slow
def test_a_gathering_training_that_was_killed_resumes_to_the_same_bits(tmp_path: Path) -> None:
    config = Gathering(**{**SIZES, "checkpoint_every": 10, "steps": 40})  # type: ignore[arg-type]

    def stop(step: int, loss: float) -> None:
        if step == 25:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(frames(), config, checkpoint=tmp_path / "c", progress=stop)
    resumed, whole = train(frames(), config, checkpoint=tmp_path / "c"), train(frames(), config)
    for name, wanted in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], wanted), name


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SAEConfig, Gathering])
def test_bf16_explains_nearly_what_float32_explains_and_gives_a_float32_sae(kind: type[SAEConfig]) -> None:
    explained = []
    for precision in ("float32", "bf16"):
        sae = train(frames(), kind(**SIZES, precision=precision))  # type: ignore[arg-type]
        assert sae.W_dec.dtype == torch.float32
        assert sae.metrics is not None
        explained.append(sae.metrics.fraction_of_variance_explained)
    assert explained[0] != explained[1]
    assert explained[1] == pytest.approx(explained[0], abs=BF16_LOSS_OF_VARIANCE)


def test_one_process_trains_a_topk_by_these_very_operations() -> None:
    config = SAEConfig(16, 48, 3, steps=30, batch_size=64, dead_after_steps=2)
    run, sae = SAETrainer(SAE(config), "cpu", ""), SAE(config)
    learned = [sae.W_dec, sae.W_enc, sae.b_enc, sae.b_dec]
    adam, silent = torch.optim.Adam(learned, lr=0.0), torch.zeros(48, dtype=torch.int64)
    for step in range(30):
        z = frames()[step : step + 64]
        pre = z @ sae.W_enc + sae.b_enc
        values, indices = pre.topk(3)
        features = torch.zeros_like(pre).scatter(-1, indices, values.relu())
        z_hat = features @ sae.W_dec + sae.b_dec
        silent = torch.where((features > 0).any(0), 0, silent + 1)
        loss = (z_hat - z).square().mean() + config.aux_weight * _aux(z - z_hat, pre, sae.W_dec, silent > 2)
        adam.param_groups[0]["lr"] = learning_rate_at(step, config)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        rows, gradient = sae.W_dec.detach(), sae.W_dec.grad
        assert gradient is not None
        gradient -= (gradient * rows).sum(1, keepdim=True) * rows
        adam.step()
        with torch.no_grad():
            sae.W_dec.copy_(functional.normalize(sae.W_dec, dim=1))
        assert torch.equal(run.train_step(z), loss.detach())
    assert (silent > 2).any()
    for name, wanted in sae.state_dict().items():
        assert torch.equal(run.sae.state_dict()[name], wanted), name


def _aux(error: Tensor, pre: Tensor, W_dec: Tensor, dead: Tensor) -> Tensor:
    count, error = min(32, int(dead.sum())), error.detach()
    if count == 0:
        return error.new_zeros(())
    masked = torch.where(dead, pre, -torch.inf)
    values, indices = masked.topk(count)
    features = torch.zeros_like(masked).scatter(-1, indices, values)
    return (features @ W_dec - error).square().mean() / error.square().mean()


def test_unknown_precisions_and_no_frames_at_once_are_refused() -> None:
    with pytest.raises(DrawstopError, match="expected a precision out of float32, float64, bf16"):
        SAEConfig(16, 48, 3, precision="half")  # type: ignore[arg-type]
    with pytest.raises(DrawstopError, match="frames_at_once must be 1 or more"):
        train(frames(), SAEConfig(16, 48, 3), frames_at_once=0)
