"""MusicGen folders of the library transformers (`MusicgenForConditionalGeneration`), read by audiocraft's names.

Language model, EnCodec and T5 all come from the folder's own weights, so that no network is needed. The names are those of
transformers' own `convert_musicgen_transformers.py`, the other way round.
"""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.models.musicgen.audiocraft_config import LanguageModelSizes, language_model_config
from training.models.musicgen.checkpoint import Checkpoint

if TYPE_CHECKING:
    from audiocraft.models import MusicGen
    from audiocraft.modules.conditioners import T5Conditioner

CONFIG_FILE = "config.json"
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
TOKENIZERS = ("tokenizer.json", "spiece.model")
LM_PREFIX, CODEC_PREFIX, TEXT_PREFIX = "decoder.", "audio_encoder.", "text_encoder."
DECODER = "model.decoder."
LONGEST_SECONDS = 30.0
"""Length of the windows that every published MusicGen was trained on."""

_LAYER_PARTS = {
    "self_attn.out_proj": "self_attn.out_proj",
    "encoder_attn.out_proj": "cross_attention.out_proj",
    "self_attn_layer_norm": "norm1",
    "encoder_attn_layer_norm": "norm_cross",
    "final_layer_norm": "norm2",
    "fc1": "linear1",
    "fc2": "linear2",
}
_ATTENTIONS = {"self_attn": "self_attn", "encoder_attn": "cross_attention"}


@dataclass(frozen=True)
class TransformersCheckpoint(Checkpoint):
    """A folder of transformers; `weights` and `config` are the language model's, in audiocraft's names.

    Attributes:
        others: EnCodec's and T5's weights, in transformers' own names.
        sizes: the folder's config.json.
    """

    others: dict[str, Tensor]
    sizes: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The other weights of one part, without its prefix."""
        return {
            name[len(prefix) :]: weight for name, weight in self.others.items() if name.startswith(prefix)
        }

    @property
    def other_bytes(self) -> int:
        return sum(4 * weight.numel() for weight in self.others.values())


def is_transformers_folder(folder: Path) -> bool:
    """Whether a folder is a model of transformers, of whatever kind."""
    return (folder / CONFIG_FILE).is_file() and any((folder / name).is_file() for name in WEIGHTS)


def read_transformers(folder: Path) -> TransformersCheckpoint:
    """A checkpoint from transformers' files.

    Raises:
        DrawstopError: another kind of model, a stereo one, or files that are damaged or not all there.
    """
    sizes = _config(folder)
    path, all_weights = _weights(folder)
    decoder = {
        name.removeprefix(LM_PREFIX): weight
        for name, weight in all_weights.items()
        if name.startswith(LM_PREFIX)
    }
    try:
        weights = dict(_renamed(decoder, sizes["decoder"]))
        for kind in ("weight", "bias"):
            weights[f"condition_provider.conditioners.description.output_proj.{kind}"] = all_weights[
                f"enc_to_dec_proj.{kind}"
            ]
        config = _audiocraft_config(folder, sizes)
    except KeyError as error:
        raise DrawstopError(
            f"{folder}: {error.args[0]} is missing from its weights or config: get it again"
        ) from error
    others = {
        name: weight for name, weight in all_weights.items() if name.startswith((CODEC_PREFIX, TEXT_PREFIX))
    }
    return TransformersCheckpoint(str(folder), path, weights, config, others, sizes)


def load_transformers(checkpoint: TransformersCheckpoint, device: str) -> MusicGen:
    """The model as audiocraft's class: its own language model, and EnCodec and T5 of transformers' classes.

    Raises:
        DrawstopError: a tokenizer that isn't in the folder.
        RuntimeError: weights that don't fit their config.
    """
    from audiocraft.models import MusicGen, builders
    from audiocraft.models.encodec import HFEncodecCompressionModel
    from audiocraft.modules.conditioners import ConditioningProvider
    from omegaconf import OmegaConf
    from transformers import EncodecConfig, EncodecModel

    config = OmegaConf.merge(
        checkpoint.config, {"device": device, "dtype": "float32" if device == "cpu" else "float16"}
    )
    lm = builders.get_lm_model(config)
    text = _text_conditioner(checkpoint, lm.dim, device)
    lm.condition_provider = ConditioningProvider({"description": text}, device=device)
    lm.load_state_dict(checkpoint.weights)
    lm.to(device).eval()
    lm.cfg = config
    codec = _built(
        EncodecModel, EncodecConfig(**checkpoint.sizes["audio_encoder"]), checkpoint.part(CODEC_PREFIX)
    )
    compression = HFEncodecCompressionModel(codec.to(device).eval())
    return MusicGen(checkpoint.name, compression, lm)


def _text_conditioner(checkpoint: TransformersCheckpoint, width: int, device: str) -> T5Conditioner:
    """audiocraft's conditioner around the folder's own T5; audiocraft itself takes T5s by their names on the hub only."""
    from audiocraft.modules.conditioners import T5Conditioner, TextConditioner
    from audiocraft.utils.autocast import TorchAutocast
    from transformers import AutoTokenizer, T5Config, T5EncoderModel

    conditioner = T5Conditioner.__new__(T5Conditioner)
    t5_config = T5Config(**checkpoint.sizes["text_encoder"])
    TextConditioner.__init__(conditioner, t5_config.d_model, width)
    conditioner.device, conditioner.name, conditioner.finetune = device, checkpoint.name, False
    conditioner.word_dropout, conditioner.normalize_text = 0.0, False
    conditioner.autocast = TorchAutocast(enabled=False)
    if not any((Path(checkpoint.name) / name).is_file() for name in TOKENIZERS):
        raise DrawstopError(
            f"{checkpoint.name} has no tokenizer ({' or '.join(TOKENIZERS)}): get the whole folder again"
        )
    conditioner.t5_tokenizer = AutoTokenizer.from_pretrained(checkpoint.name, local_files_only=True)
    t5 = _built(T5EncoderModel, t5_config, checkpoint.part(TEXT_PREFIX))
    conditioner.__dict__["t5"] = t5.to(
        device
    ).eval()  # as audiocraft does: no part of the model's own weights
    return conditioner


def _built(kind: Any, config: Any, weights: dict[str, Tensor]) -> Any:
    """A model of transformers with these weights, whatever older names they have.

    Raises:
        DrawstopError: weights that aren't there.
    """
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, about = kind.from_pretrained(None, config=config, state_dict=weights, output_loading_info=True)
    finally:
        if shown:
            logging.enable_progress_bar()
    if missing := sorted(about["missing_keys"]):
        raise DrawstopError(
            f"{kind.__name__}: {missing[0]} is missing from the folder's weights: get it again"
        )
    return model


def _config(folder: Path) -> dict[str, Any]:
    try:
        sizes: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DrawstopError(f"can't read {folder / CONFIG_FILE}: it is damaged; get it again") from error
    kind = sizes.get("model_type")
    if kind != "musicgen":
        raise DrawstopError(
            f"{folder} is a model of transformers of type {kind!r}: expected 'musicgen' (text to music, mono)"
            + ("; take audiocraft's files of the melody model" if kind == "musicgen_melody" else "")
        )
    decoder = sizes["decoder"]
    if decoder.get("audio_channels", 1) != 1:
        raise DrawstopError(
            f"{folder} is a stereo model of transformers, which isn't played: take audiocraft's files (state_dict.bin), or mono"
        )
    if decoder.get("scale_embedding") or decoder.get("activation_function", "gelu") != "gelu":
        raise DrawstopError(
            f"{folder} scales its embeddings or has no GELU, as no MusicGen of audiocraft's does"
        )
    return sizes


def _weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """The first file of weights, and all of them, mapped."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = next(folder / name for name in WEIGHTS if (folder / name).is_file())
    try:
        if path.suffix == ".json":
            names = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
            paths = [folder / name for name in names]
        else:
            paths = [path]
        weights: dict[str, Tensor] = {}
        for each in paths:
            weights |= (
                load_file(each)
                if each.suffix == ".safetensors"
                else torch.load(each, map_location="cpu", mmap=True, weights_only=True)
            )
    except FileNotFoundError as error:
        raise DrawstopError(
            f"{folder}: {path.name} names {error.filename}, which isn't there: get it again"
        ) from error
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, ValueError, KeyError, OSError) as error:
        raise DrawstopError(f"{path} is damaged or can't be read: get it again") from error
    return paths[0], weights


def _renamed(decoder: dict[str, Tensor], sizes: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """The decoder's weights by audiocraft's names; the projections of an attention as one.

    Raises:
        KeyError: a weight that isn't there.
    """
    for book in range(sizes["num_codebooks"]):
        yield f"emb.{book}.weight", decoder[f"{DECODER}embed_tokens.{book}.weight"]
        yield f"linears.{book}.weight", decoder[f"lm_heads.{book}.weight"]
    for kind in ("weight", "bias"):
        yield f"out_norm.{kind}", decoder[f"{DECODER}layer_norm.{kind}"]
    for layer in range(sizes["num_hidden_layers"]):
        old, new = f"{DECODER}layers.{layer}.", f"transformer.layers.{layer}."
        for theirs, ours in _ATTENTIONS.items():
            yield (
                f"{new}{ours}.in_proj_weight",
                torch.cat([decoder[f"{old}{theirs}.{part}_proj.weight"] for part in "qkv"]),
            )
        for theirs, ours in _LAYER_PARTS.items():
            for kind in ("weight", "bias") if re.search("norm", ours) else ("weight",):
                yield f"{new}{ours}.{kind}", decoder[f"{old}{theirs}.{kind}"]


def _audiocraft_config(folder: Path, sizes: dict[str, Any]) -> Any:
    """The configuration for audiocraft's builder of a language model of these sizes.

    Raises:
        KeyError: a size that isn't there.
    """
    from omegaconf import OmegaConf

    decoder, codec = sizes["decoder"], sizes["audio_encoder"]
    own = LanguageModelSizes(
        codec["sampling_rate"],
        _longest(folder, codec),
        decoder["num_codebooks"],
        decoder["vocab_size"],
        decoder["hidden_size"],
        decoder["num_attention_heads"],
        decoder["num_hidden_layers"],
        decoder["ffn_dim"] // decoder["hidden_size"],
    )
    return OmegaConf.create(language_model_config(own, {"weight_init": None}, 0.0, {}))


def _longest(folder: Path, codec: dict[str, Any]) -> float:
    """Seconds of a window: those of generation_config.json, else 30."""
    path = folder / "generation_config.json"
    if not path.is_file():
        return LONGEST_SECONDS
    frames = json.loads(path.read_text(encoding="utf-8")).get("max_length")
    ratio = math.prod(codec["upsampling_ratios"])
    return float(frames) * ratio / codec["sampling_rate"] if frames else LONGEST_SECONDS
