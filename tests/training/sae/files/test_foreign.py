"""SAE files of SAELens, dictionary_learning and sparsify: ours give the same features and reconstructions.

The files of the last two were written by the libraries (bench/sae/foreign_files.py), in their versions 0.1.0 and 1.3.3; SAELens's
are written here, by the version that is installed.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from drawstop.errors import DrawstopError
from training.sae.files.read import read_foreign

WRITTEN = Path(__file__).parent / "written"
BY_LIBRARIES = sorted(path.parent for path in WRITTEN.rglob("expected.safetensors"))
ROUNDING = {"rtol": 1e-4, "atol": 1e-5}
"""Rounding of float32 sums of six products in another order."""
D_IN, FEATURES, K = 6, 12, 3
FRAMES = 2 * torch.randn(60, D_IN, generator=torch.Generator().manual_seed(1))
NORMALISATIONS = [(torch.zeros(D_IN), 1.0), (torch.linspace(-1, 2, D_IN), 3.7)]


@dataclass(frozen=True)
class Theirs:
    """A library's features and reconstruction of frames x."""

    path: Path
    x: torch.Tensor
    features: torch.Tensor
    x_hat: torch.Tensor


def require_equal(theirs: Theirs, times: float = 1.0) -> None:
    for mean, scale in NORMALISATIONS:
        sae = read_foreign(theirs.path).as_ours(mean, scale, times)
        with torch.no_grad():
            features = sae.encode(sae.normalise(theirs.x / times))
            x_hat = sae.denormalise(sae.decode(features)) * times
        assert 0.1 < (theirs.features > 0).float().mean() < 0.9  # some are let through, some aren't
        torch.testing.assert_close(features, theirs.features, **ROUNDING)
        torch.testing.assert_close(x_hat, theirs.x_hat, **ROUNDING)


@pytest.mark.parametrize("folder", BY_LIBRARIES, ids=lambda path: path.name)
@pytest.mark.parametrize("times", [1.0, 0.1])
def test_files_written_by_dictionary_learning_and_sparsify_give_the_features_that_they_give(
    folder: Path, times: float
) -> None:
    require_equal(Theirs(folder, **load_file(folder / "expected.safetensors")), times)


def test_every_class_of_dictionary_learning_is_there() -> None:
    assert len([path for path in BY_LIBRARIES if path.parent.name == "dictionary_learning"]) == 7
    assert [path.name for path in BY_LIBRARIES if path.parent.name == "sparsify"] == ["layers.3"]


@pytest.fixture(scope="module")
def sae_lens() -> Any:
    return pytest.importorskip("sae_lens")


def shaken(sae: Any) -> Any:
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            parameter.copy_(
                torch.randn(parameter.shape, generator=generator) * (0.3 if parameter.ndim == 1 else 1)
            )
            if name == "threshold":
                parameter.abs_()
    return sae


def saved(sae_lens: Any, folder: Path, architecture: str, **options: Any) -> Theirs:
    config = {"architecture": architecture, "d_in": D_IN, "d_sae": FEATURES, **options}
    kind, config_class = sae_lens.registry.get_sae_class(architecture)
    theirs = shaken(kind(config_class.from_dict(config)))
    theirs.save_model(folder)
    loaded = sae_lens.SAE.load_from_disk(folder)
    with torch.no_grad():
        features = loaded.encode(FRAMES)
        return Theirs(folder, FRAMES, features, loaded.decode(features))


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["standard", "topk", "jumprelu", "gated"])
@pytest.mark.parametrize("shifted", [True, False])
def test_files_written_by_saelens_give_the_features_that_it_gives(
    sae_lens: Any, tmp_path: Path, architecture: str, shifted: bool
) -> None:
    options: dict[str, Any] = {"k": K} if architecture == "topk" else {}
    theirs = saved(sae_lens, tmp_path / "sae", architecture, apply_b_dec_to_input=shifted, **options)
    require_equal(theirs)


@pytest.mark.slow
def test_a_saelens_topk_that_ranks_by_the_lengths_that_features_add(sae_lens: Any, tmp_path: Path) -> None:
    require_equal(saved(sae_lens, tmp_path / "sae", "topk", k=K, rescale_acts_by_decoder_norm=True))


@pytest.mark.parametrize("architecture", ["batchtopk", "matryoshka_batchtopk"])
def test_a_checkpoint_of_a_saelens_training_is_what_its_inference_model_is(
    sae_lens: Any, tmp_path: Path, architecture: str
) -> None:
    kind, config_class = sae_lens.registry.get_sae_training_class(architecture)
    widths = {"matryoshka_widths": [4, FEATURES]} if architecture.startswith("matr") else {}
    training = shaken(kind(config_class(d_in=D_IN, d_sae=FEATURES, k=K, **widths)))
    training.topk_threshold.fill_(0.6)
    training.save_model(tmp_path / "checkpoint")
    training.save_inference_model(tmp_path / "inference")
    loaded = sae_lens.SAE.load_from_disk(tmp_path / "inference")
    with torch.no_grad():
        features = loaded.encode(FRAMES)
        x_hat = loaded.decode(features)
    for name in ("checkpoint", "inference"):
        require_equal(Theirs(tmp_path / name, FRAMES, features, x_hat))


def test_a_saelens_config_from_before_version_6(sae_lens: Any, tmp_path: Path) -> None:
    theirs = saved(sae_lens, tmp_path / "sae", "topk", k=K, apply_b_dec_to_input=True)
    old = {
        "d_in": D_IN,
        "d_sae": FEATURES,
        "dtype": "torch.float32",
        "hook_point": "layers.3",
        "model_name": "musicgen-small",
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": K},
        "apply_b_dec_to_input": True,
        "normalize_activations": False,
    }
    (tmp_path / "sae" / "cfg.json").write_text(json.dumps(old))
    require_equal(theirs)
    assert read_foreign(tmp_path / "sae").hook == "layers.3 of musicgen-small"


def changed(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        cfg = json.loads((folder / "cfg.json").read_text())
        (folder / "cfg.json").write_text(json.dumps(cfg | changes))

    return change


def with_tensors(**tensors: torch.Tensor) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "sae_weights.safetensors"
        save_file({**load_file(path), **tensors}, path)

    return change


REFUSED_SAELENS = {
    "normalises frames by layer_norm": changed(normalize_activations="layer_norm"),
    "a SAELens transcoder computes otherwise": changed(architecture="transcoder"),
    "standard with tanh-relu computes": changed(activation_fn="tanh-relu"),
    "heads of an attention layer": changed(reshape_activations="hook_z"),
    "scaling_factor that isn't 1": with_tensors(scaling_factor=torch.full((FEATURES,), 2.0)),
    "expected finite b_enc": with_tensors(b_enc=torch.full((FEATURES,), torch.nan)),
    "expected finite b_dec \\[6\\], got shape \\[5\\]": with_tensors(b_dec=torch.zeros(5)),
    "cfg.json is damaged": lambda folder: (folder / "cfg.json").write_text("{"),
    "no cfg.json": lambda folder: (folder / "cfg.json").unlink(),
    "safetensors is damaged": lambda folder: (folder / "sae_weights.safetensors").write_bytes(b"abc"),
}


@pytest.mark.parametrize("message", REFUSED_SAELENS)
def test_what_a_saelens_folder_has_that_ours_cannot_compute_is_said(
    sae_lens: Any, tmp_path: Path, message: str
) -> None:
    saved(sae_lens, tmp_path / "sae", "standard")
    REFUSED_SAELENS[message](tmp_path / "sae")
    with pytest.raises(DrawstopError, match=message):
        read_foreign(tmp_path / "sae")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"transcode": True}, "transcoder"),
        ({"skip_connection": True}, "transcoder with a skip"),
        ({"signed": True}, "may be negative"),
        ({"activation": "groupmax"}, "activation is groupmax, expected topk"),
        ({"k": 40}, "in 1..12, got 40"),
    ],
)
def test_what_a_sparsify_folder_has_that_ours_cannot_compute_is_said(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    shutil.copytree(WRITTEN / "sparsify" / "layers.3", tmp_path / "layers.3")
    changed(**change)(tmp_path / "layers.3")
    with pytest.raises(DrawstopError, match=message):
        read_foreign(tmp_path / "layers.3")


def test_a_dictionary_without_its_config_is_known_by_its_tensors_or_refused(tmp_path: Path) -> None:
    for folder in (WRITTEN / "dictionary_learning").iterdir():
        path = shutil.copy(folder / "ae.pt", tmp_path / f"{folder.name}.pt")
        if folder.name in ("AutoEncoderTopK", "BatchTopKSAE"):
            with pytest.raises(DrawstopError, match=r"put the config\.json of its training beside it"):
                read_foreign(Path(path))
        else:
            require_equal(Theirs(Path(path), **load_file(folder / "expected.safetensors")))


def test_a_pickle_of_anything_but_tensors_is_not_opened(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "ae.pt")
    with pytest.raises(DrawstopError, match="save its state_dict"):
        read_foreign(tmp_path / "ae.pt")
    torch.save([1, 2], tmp_path / "ae.pt")
    with pytest.raises(DrawstopError, match="expected a state dict"):
        read_foreign(tmp_path / "ae.pt")
    (tmp_path / "ae.pt").write_bytes(b"PK")
    with pytest.raises(DrawstopError, match=r"is damaged|never opened"):
        read_foreign(tmp_path / "ae.pt")


def test_a_folder_of_something_else_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"expected a SAELens folder .* a sparsify folder .* ae\.pt"):
        read_foreign(tmp_path)
    with pytest.raises(DrawstopError, match="no such file or folder"):
        read_foreign(tmp_path / "nothing")
