"""Configurations for audiocraft's builders of a language model and an EnCodec, with what all MusicGens share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class LanguageModelSizes:
    """The sizes in which MusicGen language models differ.

    Attributes:
        longest_seconds: length of a window.
        codebooks, card: the EnCodec's codebooks: how many, and how many entries each.
        width, heads, layers, hidden_scale: sizes of the transformer; its hidden layer is `hidden_scale` times as wide.
    """

    sample_rate: int
    longest_seconds: float
    codebooks: int
    card: int
    width: int
    heads: int
    layers: int
    hidden_scale: int


def language_model_config(
    sizes: LanguageModelSizes, initial: Mapping[str, Any], training_dropout: float, conditioners: Config
) -> Config:
    """The configuration of a language model on a CPU, with one description.

    Args:
        initial: how weights are initialised, as `transformer_lm` names it.
        training_dropout: share of the training steps without the condition.
        conditioners: configurations of the conditioners.
    """
    delays = list(range(sizes.codebooks))
    return {
        "solver": "musicgen",
        "lm_model": "transformer_lm",
        "device": "cpu",
        "dtype": "float32",
        "sample_rate": sizes.sample_rate,
        "channels": 1,
        "dataset": {"segment_duration": sizes.longest_seconds},
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": delays, "flatten_first": 0, "empty_initial": 0},
        },
        "transformer_lm": {
            "n_q": sizes.codebooks,
            "card": sizes.card,
            "dim": sizes.width,
            "num_heads": sizes.heads,
            "num_layers": sizes.layers,
            "hidden_scale": sizes.hidden_scale,
            "dropout": 0.0,
            "causal": True,
            "custom": False,
            "memory_efficient": True,
            "norm": "layer_norm",
            "norm_first": True,
            "activation": "gelu",
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "positional_embedding": "sin",
            **initial,
        },
        "classifier_free_guidance": {"training_dropout": training_dropout, "inference_coef": 3.0},
        "attribute_dropout": {},
        "conditioners": conditioners,
        "fuser": {
            "cross_attention_pos_emb": False,
            "cross_attention_pos_emb_scale": 1,
            "sum": [],
            "prepend": [],
            "cross": ["description"],
            "input_interpolate": [],
        },
    }


def encodec_config(sample_rate: int, seanet: Mapping[str, Any], quantizer: Mapping[str, Any]) -> Config:
    """The configuration of a mono EnCodec on a CPU, whose encoder and decoder are a SEANet.

    Args:
        seanet: its sizes and kernels, as audiocraft names them.
        quantizer: sizes of the residual vector quantizer, likewise.
    """
    return {
        "solver": "compression",
        "compression_model": "encodec",
        "device": "cpu",
        "sample_rate": sample_rate,
        "channels": 1,
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": sample_rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {"channels": 1, "causal": False, **seanet},
        "rvq": dict(quantizer),
    }
