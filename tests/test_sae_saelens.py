"""SAE folders: they round-trip, SAELens reads them and computes the same, and damage is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch

from drawstop.base.errors import DrawstopError
from training.sae.config import Architecture, SAEConfig
from training.sae.files import CONFIG_FILE, FRAMES_FILE, WEIGHTS_FILE, load_sae, metadata_of, save_sae
from training.sae.model import SAE
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
    assert loaded.figures == sae.figures
    for name, tensor in sae.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    z = sae.normalise(frames())
    assert torch.equal(loaded.encode(loaded.normalise(frames())), sae.encode(z))
    assert metadata_of(tmp_path / "sae") == METADATA


def test_equal_saes_are_equal_bytes_and_an_older_one_is_replaced(tmp_path: Path, sae: SAE) -> None:
    save_sae(tmp_path / "a", SAE(sae.config), metadata=METADATA)
    for name in ("a", "b"):
        save_sae(tmp_path / name, sae, metadata=METADATA)
    for file in (CONFIG_FILE, WEIGHTS_FILE, FRAMES_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


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
