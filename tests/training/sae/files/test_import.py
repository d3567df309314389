"""`drawstop import` as a user calls it: an SAE of the shipped RAVE's latents, written by SAELens, becomes a bank that stops
are found in; one that doesn't belong to these frames is refused with the reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.helpers.programs.command_line import Run, refused
from tests.helpers.repository import DEMO, RECORDINGS
from training.activations.streamed_frames import ModelFrames
from training.banks.bank import load_bank, save_bank
from training.banks.bank_folders import load_banks
from training.banks.steering import Steering
from training.data.recordings import scan
from training.find.rave.find import FindOptions, find_stop
from training.models.musicgen.layer_model import MusicGenLayers
from training.models.musicgen.model import MusicGenModel
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.files.read import read_foreign
from training.sae.train import train

pytestmark = pytest.mark.slow

Saved = Callable[..., Path]
STEPS, FEATURES, K = 150, 64, 8
QUICK = FindOptions(on_steps=2, mixtures=8, variations=0, transpositions=0, kind="static")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four recordings of each concept: the same phrases."""
    folder = tmp_path_factory.mktemp("few")
    for concept in ("guitar", "voice"):
        (folder / concept).mkdir()
        for path in sorted((RECORDINGS / "train" / concept).glob("*.flac"))[:4]:
            shutil.copy(path, folder / concept)
    return folder


@pytest.fixture(scope="module")
def latents(few: Path) -> torch.Tensor:
    frames = ModelFrames(RaveModel(DEMO / "rave.ts"), scan(few), ["latent"])
    parts = [frames.of_recording(index)["latent"] for index in range(len(frames.recordings))]
    return torch.cat([torch.from_numpy(part) for part in parts])


@pytest.fixture(scope="module")
def saved(latents: torch.Tensor, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """SAELens's folder of an SAE trained on the latents, times a factor, with a ReLU or a TopK that knows no scale of ours."""
    sae_lens: Any = pytest.importorskip("sae_lens")

    def save(architecture: str, times: float = 1.0, **config: Any) -> Path:
        trained = train(
            times * latents,
            SAEConfig(latents.shape[1], FEATURES, K, "topk" if architecture == "topk" else "jumprelu", STEPS),
        )
        kind, config_class = sae_lens.registry.get_sae_class(architecture)
        more = {"k": K} if architecture == "topk" else {}
        theirs = kind(
            config_class(d_in=latents.shape[1], d_sae=FEATURES, apply_b_dec_to_input=False, **more, **config)
        )
        with torch.no_grad():
            theirs.W_enc.copy_(trained.W_enc / trained.scale)
            theirs.b_enc.copy_(trained.b_enc - trained.mean @ trained.W_enc / trained.scale)
            theirs.W_dec.copy_(trained.W_dec * trained.scale)
            theirs.b_dec.copy_(trained.b_dec * trained.scale + trained.mean)
            if architecture == "jumprelu":
                theirs.threshold.copy_(trained.threshold)
        folder = tmp_path_factory.mktemp("theirs") / "sae"
        theirs.save_model(folder)
        return folder

    return save


@pytest.fixture(scope="module")
def jumprelu(saved: Saved) -> Path:
    return saved("jumprelu")


def test_an_imported_bank_has_the_librarys_features_and_a_stop_found_with_it_is_audible(
    run: Run, tmp_path: Path, example_rave: Path, few: Path, saved: Saved, latents: torch.Tensor
) -> None:
    folder = saved("topk")
    code, out, err = run("import", folder, example_rave, few, "--out", tmp_path / "bank")
    assert code == 0 and "SAELens topk at latent, variance explained" in out, err
    model = RaveModel(example_rave)
    bank = load_bank(tmp_path / "bank", model.fingerprint)
    assert bank.provenance["imported"]["library"] == "SAELens"
    sae_lens: Any = pytest.importorskip("sae_lens")
    theirs = sae_lens.SAE.load_from_disk(folder)
    with torch.no_grad():
        features, expected = bank.sae.encode(bank.sae.normalise(latents)), theirs.encode(latents)
        decoded = bank.sae.denormalise(bank.sae.decode(features))
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(decoded, theirs.decode(expected), rtol=1e-4, atol=1e-4)

    sides = (sorted((few / name).iterdir()) for name in ("guitar", "voice"))
    bank = bank.with_stop(find_stop(model, bank.sae, "guitar", *sides, QUICK))
    save_bank(tmp_path / "bank", bank)
    take = next((few / "guitar").iterdir())
    code, out, err = run("classify", tmp_path / "bank", take, "--model", example_rave)
    assert code == 0 and "guitar" in out, err
    x = latents[:200].T[None]
    steering = Steering(bank.sae, bank)
    with torch.no_grad():
        untouched = steering(x, torch.zeros(1, 1, 200))
        away = steering(x, torch.full((1, 1, 200), -1.0))
    assert torch.equal(untouched, x)
    assert away.square().sum() < 0.9 * x.square().sum()


def test_an_sae_of_another_width_or_of_other_frames_is_refused(
    run: Run, tmp_path: Path, example_rave: Path, few: Path, jumprelu: Path
) -> None:
    result = run("import", jumprelu, example_rave, few, "--site", "encoder.3", "--out", tmp_path / "bank")
    refused(result, "frames of 128 numbers, but encoder.3 of this model has 40")
    other = shutil.copytree(jumprelu, tmp_path / "other") / "sae_weights.safetensors"
    weights = load_file(other)
    flipped = {"W_enc": weights["W_enc"].flip(0).clone(), "W_dec": weights["W_dec"].flip(1).clone()}
    save_file({**weights, **flipped}, other)
    result = run("import", other.parent, example_rave, few, "--out", tmp_path / "bank")
    refused(result, "trained on another model, another site, or frames normalised otherwise")
    assert not (tmp_path / "bank").exists()


def test_an_sae_of_scaled_frames_is_refused_with_the_factor_and_taken_with_it(
    run: Run, tmp_path: Path, example_rave: Path, few: Path, saved: Saved, latents: torch.Tensor
) -> None:
    small, folder = saved("jumprelu", 0.05), saved("jumprelu", 20.0)
    result = run("import", small, example_rave, few, "--out", tmp_path / "bank")
    refused(result, "its thresholds are those of frames of another scale; give --times")
    code, _, err = run("import", small, example_rave, few, "--times", "0.05", "--out", tmp_path / "bank")
    assert code == 0, err
    result = run("import", folder, example_rave, few, "--out", tmp_path / "bank")
    refused(result, "it was trained on frames of another scale; give --times")
    code, _, err = run("import", folder, example_rave, few, "--times", "20", "--out", tmp_path / "bank")
    assert code == 0, err
    bank = load_bank(tmp_path / "bank")
    assert bank.provenance["imported"]["times"] == 20
    theirs = read_foreign(folder).as_ours(torch.zeros(latents.shape[1]), 1.0)
    with torch.no_grad():
        features = bank.sae.encode(bank.sae.normalise(latents))
        torch.testing.assert_close(features, theirs.encode(20 * latents), rtol=1e-3, atol=1e-3)


def test_a_scale_that_is_not_in_the_weights_and_a_site_that_the_file_denies_are_refused(
    run: Run, tmp_path: Path, example_rave: Path, few: Path, saved: Saved
) -> None:
    folder = saved("topk", normalize_activations="expected_average_only_in")
    result = run("import", folder, example_rave, few, "--out", tmp_path / "bank")
    refused(result, "the factor isn't in its weights (normalize_activations expected_average_only_in)")
    (folder / "cfg.json").write_text(
        (folder / "cfg.json")
        .read_text()
        .replace('"metadata": {', '"metadata": {"hook_name": "encoder.3", ')
        .replace("expected_average_only_in", "none")
    )
    result = run("import", folder, example_rave, few, "--site", "latent", "--out", tmp_path / "bank")
    refused(result, "says that this SAE was trained at encoder.3, expected latent")


def test_an_sae_of_a_musicgens_layer_becomes_a_bank_of_that_layer(
    run: Run, tmp_path: Path, tiny_musicgen: Path, musicgen: MusicGenModel, few: Path
) -> None:
    layers = MusicGenLayers(musicgen)
    frames = ModelFrames(layers, scan(few), ["layers.1"])
    x = torch.cat(
        [torch.from_numpy(frames.of_recording(i)["layers.1"]) for i in range(len(frames.recordings))]
    )
    trained = train(x, SAEConfig(x.shape[1], FEATURES, K, "topk", STEPS, batch_size=64, bias=True))
    folder = tmp_path / "layers.1"  # sparsify's folders are named by their hookpoint
    folder.mkdir()
    with torch.no_grad():
        save_file(
            {
                "encoder.weight": (trained.W_enc / trained.scale).T.contiguous(),
                "encoder.bias": trained.b_enc + trained.b_dec @ trained.W_enc,
                "W_dec": (trained.W_dec * trained.scale).contiguous(),
                "b_dec": trained.b_dec * trained.scale + trained.mean,
            },
            folder / "sae.safetensors",
        )
    (folder / "cfg.json").write_text(
        json.dumps(
            {"activation": "topk", "num_latents": FEATURES, "k": K, "d_in": x.shape[1], "transcode": False}
        )
    )
    result = run("import", folder, tiny_musicgen, few, "--site", "layers.0", "--out", tmp_path / "bank")
    refused(result, "trained at layers.1, expected layers.0")
    code, out, err = run("import", folder, tiny_musicgen, few, "--out", tmp_path / "bank")
    assert code == 0 and "sparsify topk at layers.1, variance explained" in out, err
    (bank,) = load_banks(tmp_path / "bank", layers.fingerprint)
    assert bank.site == "layers.1"
    with torch.no_grad():
        expected = trained.encode(trained.normalise(x))
        torch.testing.assert_close(bank.sae.encode(bank.sae.normalise(x)), expected, rtol=1e-3, atol=1e-3)


def test_our_own_bank_and_an_other_folder_are_refused(
    run: Run, tmp_path: Path, example_rave: Path, few: Path
) -> None:
    result = run("import", DEMO / "bank", example_rave, few, "--out", tmp_path / "bank")
    refused(result, "an SAE of Drawstop's own")
    refused(run("import", few, example_rave, few, "--out", tmp_path / "bank"), "no SAE that is known here")
