"""SAE folders: they round-trip, SAELens reads them and computes the same, and damage is refused. The equations of training
are SAELens's too."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from drawstop.errors import DrawstopError
from training.sae.config import Architecture, SAEConfig
from training.sae.files.folder import CONFIG_FILE, FRAMES_FILE, WEIGHTS_FILE, load_sae, save_sae
from training.sae.jumprelu import jumprelu, step
from training.sae.losses import prefix_losses, reconstruction_loss
from training.sae.model import SAE
from training.sae.objectives import objective_of
from training.sae.sparse_features import DenseFeatures, DensePreActivations
from training.sae.train import train

CONFIG = SAEConfig(d_in=16, n_features=48, k=3, steps=60, batch_size=64)
METADATA = {"site": "encoder.3", "model_fingerprint": "abc"}


def frames() -> torch.Tensor:
    return torch.randn(400, CONFIG.d_in, generator=torch.Generator().manual_seed(0)) * 3 + 2


@pytest.fixture(params=get_args(Architecture))
def sae(request: pytest.FixtureRequest) -> SAE:
    return train(frames(), replace(CONFIG, architecture=request.param))


def test_a_saved_sae_loads_with_equal_bits_config_figures_and_metadata(tmp_path: Path, sae: SAE) -> None:
    save_sae(tmp_path / "sae", sae, sae.config, METADATA)
    loaded = load_sae(tmp_path / "sae")
    assert loaded.config == sae.config
    assert loaded.metrics == sae.metrics
    for name, tensor in sae.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    z = sae.normalise(frames())
    assert torch.equal(loaded.encode(loaded.normalise(frames())), sae.encode(z))
    stored = json.loads((tmp_path / "sae" / CONFIG_FILE).read_text())["metadata"]
    assert METADATA.items() <= stored.items()


def test_equal_saes_are_equal_bytes_and_an_older_one_is_replaced(tmp_path: Path, sae: SAE) -> None:
    save_sae(tmp_path / "a", SAE(sae.config), metadata=METADATA)
    for name in ("a", "b"):
        save_sae(tmp_path / name, sae, metadata=METADATA)
    for file in (CONFIG_FILE, WEIGHTS_FILE, FRAMES_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.slow
def test_saelens_loads_the_folder_and_gives_equal_features_and_reconstructions(
    tmp_path: Path, sae: SAE
) -> None:
    sae_lens = pytest.importorskip("sae_lens")
    save_sae(tmp_path / "sae", sae, metadata=METADATA)
    theirs = sae_lens.SAE.load_from_disk(tmp_path / "sae")
    assert theirs.cfg.architecture() == ("topk" if sae.config.architecture == "topk" else "jumprelu")
    z = sae.normalise(frames())
    with torch.no_grad():
        features = sae.encode(z)
        assert (features > 0).sum() > len(z)
        assert torch.equal(theirs.encode(z), features)
        assert torch.equal(theirs.decode(features), sae.decode(features))
        assert torch.equal(theirs(z), sae(z))
    assert theirs.cfg.metadata.site == "encoder.3"


@pytest.mark.parametrize("file", [CONFIG_FILE, WEIGHTS_FILE, FRAMES_FILE])
def test_missing_and_damaged_files_are_refused_by_name(tmp_path: Path, sae: SAE, file: str) -> None:
    save_sae(tmp_path / "sae", sae)
    path = tmp_path / "sae" / file
    whole = path.read_bytes()
    for damaged in (b"", b"\xff\xfe nonsense", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DrawstopError, match=f"{file} is"):
            load_sae(tmp_path / "sae")
    path.unlink()
    with pytest.raises(DrawstopError, match=f"{file} is missing"):
        load_sae(tmp_path / "sae")


def test_a_folder_that_computes_otherwise_or_is_not_ours_is_refused(tmp_path: Path, sae: SAE) -> None:
    save_sae(tmp_path / "sae", sae)
    path = tmp_path / "sae" / CONFIG_FILE
    cfg = json.loads(path.read_text())
    cases = {
        "apply_b_dec_to_input": {**cfg, "apply_b_dec_to_input": True},
        "normalize_activations": {**cfg, "normalize_activations": "layer_norm"},
        "d_sae": {**cfg, "d_sae": 49},
        "isn't from Drawstop": {**cfg, "metadata": {}},
        "JSON object": [],
    }
    for message, changed in cases.items():
        path.write_text(json.dumps(changed))
        with pytest.raises(DrawstopError, match=message):
            load_sae(tmp_path / "sae")


def test_weights_of_another_shape_or_not_finite_are_refused(tmp_path: Path) -> None:
    save_sae(tmp_path / "sae", SAE(CONFIG))
    save_sae(tmp_path / "wide", SAE(replace(CONFIG, d_in=17)))
    (tmp_path / "sae" / WEIGHTS_FILE).write_bytes((tmp_path / "wide" / WEIGHTS_FILE).read_bytes())
    with pytest.raises(DrawstopError, match="expected finite"):
        load_sae(tmp_path / "sae")
    broken = SAE(CONFIG)
    broken.mean[3] = torch.nan
    save_sae(tmp_path / "broken", broken)
    with pytest.raises(DrawstopError, match="expected finite mean"):
        load_sae(tmp_path / "broken")


def test_a_config_of_another_sae_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="isn't this SAE's"):
        save_sae(tmp_path / "sae", SAE(CONFIG), replace(CONFIG, k=4))


def test_a_jumprelu_from_before_there_was_another_reads_as_what_it_is(tmp_path: Path) -> None:
    made = train(frames(), replace(CONFIG, architecture="topk-jumprelu"))
    save_sae(tmp_path / "sae", made)
    path = tmp_path / "sae" / CONFIG_FILE
    cfg = json.loads(path.read_text())
    cfg["metadata"]["drawstop"]["config"]["architecture"] = "jumprelu"
    path.write_text(json.dumps(cfg))
    loaded = load_sae(tmp_path / "sae")
    assert loaded.config == made.config
    assert torch.equal(loaded.threshold, made.threshold)
    z = made.normalise(frames())
    assert torch.equal(loaded.encode(z), made.encode(z))


@pytest.fixture(scope="module")
def saelens() -> Any:
    return pytest.importorskip("sae_lens.saes")


def pre_activations(seed: int = 0, frames: int = 40, features: int = 24) -> torch.Tensor:
    return torch.randn(frames, features, generator=torch.Generator().manual_seed(seed))


def batch_topk(pre: torch.Tensor, k: int) -> DenseFeatures:
    features = DensePreActivations(pre).largest(k * len(pre))
    assert isinstance(features, DenseFeatures)
    return features


@pytest.mark.slow
def test_batchtopk_keeps_what_saelens_keeps_and_k_a_frame_on_average_only(saelens: Any) -> None:
    from sae_lens.saes.batchtopk_sae import BatchTopK as Theirs

    pre = pre_activations() * torch.linspace(0.1, 3, 40)[:, None]
    features = batch_topk(pre, 3).features
    assert torch.equal(features, Theirs(3)(pre))
    counts = (features > 0).sum(1)
    assert counts.sum() == 3 * 40
    assert counts.min() < 3 < counts.max()


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
    parts = [z_hat for _, z_hat in theirs._iterable_decode(features.features, include_outer_loss=True)]
    wanted = torch.stack([reconstruction_loss(z, z_hat) for z_hat in parts])
    found = prefix_losses(z, features, sae.W_dec, sae.b_dec, config.prefixes)
    assert torch.allclose(found, wanted, rtol=1e-5)
    pre = DensePreActivations(sae.pre_activations(z))
    loss = objective_of(sae).loss(z, sae.decode(features.features), features, pre, None)
    assert loss.item() == pytest.approx(wanted.sum().item(), rel=1e-5)


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
