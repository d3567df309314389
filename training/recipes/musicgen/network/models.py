"""The small MusicGen's two models, as audiocraft configures them; a checkpoint holds its configuration."""

from __future__ import annotations

from audiocraft.models.builders import get_compression_model, get_lm_model
from audiocraft.models.encodec import EncodecModel
from audiocraft.models.lm import LMModel
from omegaconf import OmegaConf

from training.models.musicgen.audiocraft_config import (
    LanguageModelSizes,
    encodec_config,
    language_model_config,
)
from training.recipes.musicgen.sounds.corpus import SAMPLE_RATE

CODEBOOKS = 4
BINS = 256
"""Small, so that each entry is learned from many frames. 31 of them are drawn from (`sampling.TOP_SHARE`)."""

RATIOS = (2, 4, 4, 5)
"""Strides in the decoder's order: small where there are many channels, which takes few weights and little work."""

FRAME_RATE = 50
LONGEST_SECONDS = 20
"""MusicGen's default `extend_stride` of 18 s needs a model that can play for longer."""

FILTERS = 16
LATENT = 64
WIDTH = 128
LAYERS = 6
TEXT_BINS = 64

ENCODEC = encodec_config(
    SAMPLE_RATE,
    {
        "dimension": LATENT,
        "n_filters": FILTERS,
        "n_residual_layers": 1,
        "ratios": list(RATIOS),
        "norm": "none",
        "residual_kernel_size": 3,
        "lstm": 0,
        "encoder": {"kernel_size": 7, "last_kernel_size": 3},
        "decoder": {"kernel_size": 3, "last_kernel_size": 7},
    },
    {"n_q": CODEBOOKS, "bins": BINS, "decay": 0.98, "threshold_ema_dead_code": 1},
)

LANGUAGE_MODEL = language_model_config(
    LanguageModelSizes(SAMPLE_RATE, LONGEST_SECONDS, CODEBOOKS, BINS, WIDTH, 4, LAYERS, 2),
    {"weight_init": "gaussian", "depthwise_init": "current", "zero_bias_init": True},
    0.15,
    {"description": {"model": "lut", "lut": {"n_bins": TEXT_BINS, "dim": WIDTH, "tokenizer": "noop"}}},
)
"""Configuration as `facebook/musicgen-small`'s, but for the size and a table as text conditioner instead of a T5."""


def new_encodec() -> EncodecModel:
    """An untrained EnCodec, built by audiocraft."""
    return get_compression_model(OmegaConf.create(ENCODEC))


def new_language_model() -> LMModel:
    """An untrained language model, built by audiocraft."""
    return get_lm_model(OmegaConf.create(LANGUAGE_MODEL))
