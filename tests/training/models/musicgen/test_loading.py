from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.models.tiny_musicgen import compression_config, lm_config, save_tiny_musicgen
from training.models.musicgen.checkpoint import COMPRESSION_FILE, LM_FILE
from training.models.musicgen.find_checkpoint import find_checkpoint
from training.models.musicgen.layer_names import read_layers
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling


@pytest.fixture
def copied(tiny_musicgen: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model's folder, to be spoilt."""
    folder = tmp_path / "copied"
    folder.mkdir()
    for file in (LM_FILE, COMPRESSION_FILE):
        (folder / file).write_bytes((tiny_musicgen / file).read_bytes())
    return folder


def refusal(model: Path | str, **arguments: str) -> str:
    """The line of the error that refuses to load it."""
    with pytest.raises(DrawstopError) as caught:
        MusicGenModel(model, **{"device": "cpu", **arguments})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_folder_is_audiocrafts_own_format(tiny_musicgen: Path) -> None:
    from audiocraft.models import MusicGen

    from training.models.musicgen.loading import without_warnings

    with without_warnings():
        theirs = MusicGen.get_pretrained(str(tiny_musicgen), device="cpu")
    ours = MusicGenModel(tiny_musicgen, "cpu")
    facts = (ours.sample_rate, ours.frame_rate, ours.channels, ours.width, ours.layers)
    lm = theirs.lm
    assert facts == (
        theirs.sample_rate,
        theirs.frame_rate,
        theirs.audio_channels,
        lm.dim,
        len(lm.transformer.layers),
    )
    assert ours.sites() == ("layers.0", "layers.1", "layers.2")


def test_the_fingerprint_is_that_of_the_language_models_weights(tiny_musicgen: Path, tmp_path: Path) -> None:
    fingerprint = find_checkpoint(tiny_musicgen).fingerprint()
    assert find_checkpoint(save_tiny_musicgen(tmp_path / "again")).fingerprint() == fingerprint
    package = torch.load(tiny_musicgen / LM_FILE)
    (tmp_path / "other").mkdir()
    torch.save(package, tmp_path / "other" / LM_FILE)
    (tmp_path / "other" / COMPRESSION_FILE).write_bytes((tiny_musicgen / COMPRESSION_FILE).read_bytes())
    assert find_checkpoint(tmp_path / "other").fingerprint() == fingerprint
    next(iter(package["best_state"].values())).view(-1)[3] += 1e-6
    torch.save(package, tmp_path / "other" / LM_FILE)
    assert find_checkpoint(tmp_path / "other").fingerprint() != fingerprint


def test_another_encodec_is_another_sound_of_the_same_language_model(
    tiny_musicgen: Path, copied: Path
) -> None:
    package = torch.load(copied / COMPRESSION_FILE)
    next(each for each in package["best_state"].values() if each.is_floating_point()).view(-1)[0] += 1e-3
    torch.save(package, copied / COMPRESSION_FILE)
    model, other = MusicGenModel(tiny_musicgen, "cpu"), MusicGenModel(copied, "cpu")
    assert other.fingerprint == model.fingerprint
    assert other.sound_fingerprint != model.sound_fingerprint


@pytest.mark.parametrize(
    ("missing", "says"), [(COMPRESSION_FILE, "no compression model"), (LM_FILE, "no language model")]
)
def test_a_folder_without_one_of_the_two_models_is_refused(copied: Path, missing: str, says: str) -> None:
    (copied / missing).unlink()
    assert says in refusal(copied) and missing in refusal(copied)


@pytest.mark.slow
def test_another_number_of_codebooks_is_refused_with_both_numbers(tmp_path: Path) -> None:
    config = compression_config(codebooks=2)
    refused = refusal(save_tiny_musicgen(tmp_path / "model", compression=config))
    assert "4 codebooks of 256" in refused and "2 of 256" in refused
    refused = refusal(save_tiny_musicgen(tmp_path / "other", compression=compression_config(card=300)))
    assert "4 of 300" in refused


@pytest.mark.parametrize("file", [LM_FILE, COMPRESSION_FILE])
def test_a_damaged_file_is_refused(copied: Path, file: str) -> None:
    whole = (copied / file).read_bytes()
    (copied / file).write_bytes(whole[: len(whole) // 2])
    assert str(copied) in refusal(copied)


def test_a_file_of_another_kind_is_refused(copied: Path, example_rave: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, copied / LM_FILE)
    assert "no MusicGen that audiocraft exported" in refusal(copied)
    assert "is no MusicGen" in refusal(example_rave)
    assert "no MusicGen at" in refusal("nowhere/at/all")


@pytest.mark.slow
def test_a_model_whose_codebooks_follow_no_delays_is_refused(tmp_path: Path) -> None:
    config = lm_config()
    config["codebooks_pattern"] = {"modeling": "parallel"}
    assert "delays" in refusal(save_tiny_musicgen(tmp_path / "model", lm=config))


def test_a_model_larger_than_the_memory_is_refused_with_the_numbers(copied: Path) -> None:
    package = torch.load(copied / LM_FILE)
    package["best_state"]["too.large"] = torch.zeros(1).expand(10**13)  # a stated size; one number on disk
    torch.save(package, copied / LM_FILE)
    refused = refusal(copied)
    assert "needs about 80000.0 GB of memory on the CPU" in refused  # 4 bytes in the file and 4 in the model
    assert "GB are free" in refused


def test_a_name_that_is_neither_cached_nor_to_be_had_says_what_to_download_and_where_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("AUDIOCRAFT_CACHE_DIR", str(tmp_path))
    refused = refusal("facebook/musicgen-small")
    for part in (str(tmp_path), LM_FILE, COMPRESSION_FILE, "hf download facebook/musicgen-small"):
        assert part in refused
    assert "facebook/musicgen-medium is neither" in refusal("medium")


def test_a_name_in_the_hubs_cache_is_loaded_without_a_network(
    copied: Path, tiny_musicgen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("AUDIOCRAFT_CACHE_DIR", str(tmp_path / "hub"))
    repository, commit = tmp_path / "hub" / "models--someone--tiny", "0" * 40  # the hub's own layout
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "snapshots").mkdir()
    copied.rename(repository / "snapshots" / commit)
    model = MusicGenModel("someone/tiny", "cpu")
    assert model.name == "someone/tiny"
    assert model.fingerprint == find_checkpoint(tiny_musicgen).fingerprint()


def test_a_missing_text_encoder_says_which(
    tmp_path: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    package = torch.load(copied / LM_FILE)
    t5 = {"model": "t5", "t5": {"name": "t5-base", "finetune": False, "word_dropout": 0.0}}
    package["xp.cfg"] = _yaml(lm_config(conditioners={"description": t5}))
    torch.save(package, copied / LM_FILE)
    assert "needs its text encoder t5-base" in refusal(copied)


def test_a_melody_model_without_demucs_is_refused_and_says_so(copied: Path) -> None:
    package = torch.load(copied / LM_FILE)
    chroma = {
        "n_chroma": 12,
        "radix2_exp": 14,
        "argmax": True,
        "cache_path": None,
        "match_len_on_eval": False,
    }
    package["xp.cfg"] = _yaml(
        lm_config(conditioners={"self_wav": {"model": "chroma_stem", "chroma_stem": chroma}})
    )
    torch.save(package, copied / LM_FILE)
    assert "needs demucs" in refusal(copied)


@pytest.mark.parametrize("site", ["layers.3", "layers.x", "latent", "layers.0-3", "layers."])
def test_a_layer_that_is_not_there_is_refused_and_the_layers_are_named(
    musicgen: MusicGenModel, site: str
) -> None:
    with pytest.raises(DrawstopError, match=r"layers\.0 to layers\.2"):
        read_layers(site, musicgen.layers)
    with pytest.raises(DrawstopError, match=r"layers\.0 to layers\.2"):
        musicgen.generate(["guitar"], edits={site: lambda x, seconds: x})
    with pytest.raises(DrawstopError, match=r"layers\.0 to layers\.2"):
        musicgen.frames(torch.zeros(1, 1, 80), site)


@pytest.mark.parametrize(
    ("sampling", "more", "says"),
    [
        ({"top_k": 257}, {}, "codebook's size, 256"),
        ({"cfg_coef_beta": 5.0}, {}, "no cfg_coef_beta"),
        ({"seconds": 0.001}, {}, "less than a frame"),
        ({}, {"melody": torch.zeros(1, 1, 80)}, "follows no melody"),
        ({"seconds": 0.2}, {"audio_prompt": torch.zeros(1, 1, 801)}, "expected less than the 0.2 s"),
        ({"seconds": 0.2}, {"audio_prompt": torch.zeros(2, 1, 80)}, "one for each of 1 prompts, got 2"),
        ({"seconds": 0.2}, {"audio_prompt": torch.zeros(1, 2, 80)}, r"\[batch, 1, samples\] at 4000 Hz"),
    ],
)
def test_what_cannot_be_generated_is_refused_before_it_begins(
    musicgen: MusicGenModel, sampling: dict[str, float], more: dict[str, torch.Tensor], says: str
) -> None:
    with pytest.raises(DrawstopError, match=says):
        musicgen.generate(["guitar"], Sampling(**sampling), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("card, drawn_from", [(2048, 250), (256, 31), (2, 1)])
def test_as_large_a_share_of_a_codebook_is_drawn_from_as_of_the_published_ones(
    card: int, drawn_from: int
) -> None:
    assert Sampling().tokens_drawn_from(card) == drawn_from
    assert Sampling(top_k=50).tokens_drawn_from(card) == 50
    assert Sampling(top_k=0).tokens_drawn_from(card) == 0


@pytest.mark.parametrize("fields", [{"seconds": 0}, {"top_k": -1}, {"top_p": 2.0}, {"temperature": -1.0}])
def test_sampling_out_of_range_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(DrawstopError, match="expected"):
        Sampling(**fields)  # type: ignore[arg-type]


def test_a_device_or_precision_that_is_not_here_is_refused(tiny_musicgen: Path) -> None:
    assert "no device 'tpu'" in refusal(tiny_musicgen, device="tpu")
    assert "expected a precision of auto or float32 on cpu" in refusal(tiny_musicgen, precision="float16")


def _yaml(config: dict[str, object]) -> str:
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(config)
