"""A folder of transformers plays the tokens that transformers' own class plays, and a fault in it is one line."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.models.tiny_transformers_musicgen import (
    CARD,
    CODEBOOKS,
    LAYERS,
    WIDTH,
    save_tiny_transformers_musicgen,
)
from training.models.musicgen.find_checkpoint import find_checkpoint
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling
from training.models.musicgen.transformers_folder import TransformersCheckpoint, is_transformers_folder

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore")]
PROMPT = "a slow folk song"
FRAMES = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_transformers_musicgen(tmp_path_factory.mktemp("transformers") / "model")


@pytest.fixture(scope="module")
def model(folder: Path) -> MusicGenModel:
    return MusicGenModel(folder, "cpu")


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def test_its_sizes_are_those_of_its_config(model: MusicGenModel) -> None:
    assert (model.layers, model.width, model.sample_rate, model.frame_rate) == (LAYERS, WIDTH, 4000, 50)
    assert model.max_seconds == 20
    assert (model.lm.n_q, model.lm.card) == (CODEBOOKS, CARD)


@pytest.mark.parametrize("guidance", [3.0, 1.0])
def test_it_plays_what_the_class_of_transformers_plays(
    folder: Path, model: MusicGenModel, guidance: float
) -> None:
    from transformers import AutoTokenizer, MusicgenForConditionalGeneration

    theirs = MusicgenForConditionalGeneration.from_pretrained(folder).eval()
    words = AutoTokenizer.from_pretrained(folder)([PROMPT], return_tensors="pt")
    steps = FRAMES + CODEBOOKS - 1
    expected = theirs.generate(
        input_ids=words["input_ids"],
        attention_mask=words["attention_mask"],
        do_sample=False,
        guidance_scale=guidance,
        max_new_tokens=steps,
    )
    made = model.generate([PROMPT], Sampling(seconds=FRAMES / 50, cfg_coef=guidance, use_sampling=False))
    assert len(made.tokens.unique()) > 10
    assert made.audio.shape == expected.shape
    torch.testing.assert_close(made.audio, expected, atol=1e-6, rtol=0)


def test_without_a_prompt_it_plays_too(model: MusicGenModel) -> None:
    assert torch.isfinite(model.generate([None], Sampling(seconds=0.2)).audio).all()


def test_an_edit_of_a_layer_changes_what_it_plays(model: MusicGenModel) -> None:
    sampling = Sampling(seconds=0.4, use_sampling=False)
    plain = model.generate([PROMPT], sampling)
    steered = model.generate([PROMPT], sampling, edits={"layers.1": lambda frames, times: -frames})
    assert not torch.equal(plain.tokens, steered.tokens)


def test_weights_in_several_files_are_the_same_model(folder: Path, tmp_path: Path) -> None:
    several = save_tiny_transformers_musicgen(tmp_path / "several", shard_size="200KB")
    assert len(list(several.glob("model-*.safetensors"))) > 1
    assert find_checkpoint(several).fingerprint() == find_checkpoint(folder).fingerprint()


def test_audiocrafts_files_in_the_same_folder_come_first(copied: Path, tiny_musicgen: Path) -> None:
    assert is_transformers_folder(copied)
    assert isinstance(find_checkpoint(copied), TransformersCheckpoint)
    for path in tiny_musicgen.iterdir():
        shutil.copy(path, copied)
    assert not isinstance(find_checkpoint(copied), TransformersCheckpoint)


def edited(folder: Path, **values: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return folder


def test_other_kinds_are_refused_in_one_line(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"of type 'musicgen_melody'.*take audiocraft's files"):
        find_checkpoint(edited(copied, model_type="musicgen_melody"))
    with pytest.raises(DrawstopError, match="of type 't5'"):
        find_checkpoint(edited(copied, model_type="t5"))
    stereo = json.loads((copied / "config.json").read_text())["decoder"] | {"audio_channels": 2}
    with pytest.raises(DrawstopError, match="stereo"):
        find_checkpoint(edited(copied, model_type="musicgen", decoder=stereo))


def test_half_a_folder_is_one_line(copied: Path, tmp_path: Path) -> None:
    for path in copied.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(DrawstopError, match="no tokenizer"):
        MusicGenModel(copied, "cpu")
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(DrawstopError, match="is damaged"):
        find_checkpoint(copied)
    several = save_tiny_transformers_musicgen(tmp_path / "several", shard_size="200KB")
    sorted(several.glob("model-*.safetensors"))[0].unlink()
    with pytest.raises(DrawstopError, match="isn't there"):
        find_checkpoint(several)
    (copied / "config.json").write_text("{")
    with pytest.raises(DrawstopError, match=r"can't read .*config\.json"):
        find_checkpoint(copied)


def test_weights_that_miss_a_part_are_one_line(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    for missing in ("decoder.lm_heads.2.weight", "audio_encoder.encoder.layers.0.conv.bias"):
        left = {name: weight for name, weight in weights.items() if name != missing}
        save_file(left, copied / "model.safetensors", {"format": "pt"})
        with pytest.raises(DrawstopError, match="is missing from"):
            MusicGenModel(copied, "cpu")
