"""A tiny random MusicGen, built by audiocraft's builders from a config as its own trainer has it, and written by audiocraft's
own export functions: what `MusicGen.get_pretrained` reads, at a size for tests."""

from pathlib import Path
from typing import Any

import torch

SAMPLE_RATE = 4000
FRAME_RATE = 50
CODEBOOKS = 4
CARD = 256
WIDTH = 64
LAYERS = 3
MAX_SECONDS = 20.0  # audiocraft loads no model whose windows are 18 s or shorter

Config = dict[str, Any]


def lm_config(card: int = CARD, codebooks: int = CODEBOOKS, conditioners: Config | None = None) -> Config:
    """The language model's config; the names are audiocraft's."""
    lut = {"model": "lut", "lut": {"n_bins": 64, "dim": 16, "tokenizer": "noop"}}
    return {
        "device": "cpu",
        "dtype": "float32",
        "seed": 0,
        "solver": "musicgen",
        "lm_model": "transformer_lm",
        "sample_rate": SAMPLE_RATE,
        "channels": 1,
        "dataset": {"segment_duration": MAX_SECONDS},
        "interleave_stereo_codebooks": {"use": False, "per_timestep": False},
        "transformer_lm": {
            "dim": WIDTH,
            "num_heads": 4,
            "num_layers": LAYERS,
            "hidden_scale": 4,
            "n_q": codebooks,
            "card": card,
            "dropout": 0.0,
            "emb_lr": None,
            "activation": "gelu",
            "norm_first": True,
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "past_context": None,
            "causal": True,
            "custom": False,
            "memory_efficient": True,
            "attention_as_float32": False,
            "layer_scale": None,
            "positional_embedding": "sin",
            "xpos": False,
            "checkpointing": "none",
            "weight_init": "gaussian",
            "depthwise_init": "current",
            "zero_bias_init": True,
            "norm": "layer_norm",
            "cross_attention": False,
            "qk_layer_norm": False,
            "qk_layer_norm_cross": False,
            "attention_dropout": None,
            "kv_repeat": 1,
            "two_step_cfg": False,
        },
        "codebooks_pattern": {"modeling": "delay", "delay": {"delays": list(range(codebooks))}},
        "classifier_free_guidance": {"training_dropout": 0.1, "inference_coef": 3.0},
        "attribute_dropout": {"args": {"active_on_eval": False}, "text": {}, "wav": {}},
        "conditioners": conditioners
        or {"args": {"merge_text_conditions_p": 0.0, "drop_desc_p": 0.0}, "description": lut},
        "fuser": {
            "cross_attention_pos_emb": False,
            "cross_attention_pos_emb_scale": 1,
            "sum": [],
            "prepend": [],
            "cross": ["description"],
            "input_interpolate": [],
        },
    }


def compression_config(card: int = CARD, codebooks: int = CODEBOOKS) -> Config:
    """The EnCodec's config."""
    return {
        "device": "cpu",
        "seed": 0,
        "solver": "compression",
        "compression_model": "encodec",
        "sample_rate": SAMPLE_RATE,
        "channels": 1,
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": SAMPLE_RATE,
            "channels": 1,
            "causal": True,
            "renormalize": False,
        },
        "seanet": {
            "dimension": 16,
            "channels": 1,
            "causal": True,
            "n_filters": 4,
            "n_residual_layers": 1,
            "ratios": [5, 4, 4],
            "activation": "ELU",
            "activation_params": {"alpha": 1.0},
            "norm": "weight_norm",
            "norm_params": {},
            "kernel_size": 7,
            "residual_kernel_size": 3,
            "last_kernel_size": 7,
            "dilation_base": 2,
            "pad_mode": "constant",
            "true_skip": True,
            "compress": 2,
            "lstm": 0,
            "disable_norm_outer_blocks": 0,
            "encoder": {},
            "decoder": {"trim_right_ratio": 1.0, "final_activation": None, "final_activation_params": None},
        },
        "rvq": {"n_q": codebooks, "bins": card, "q_dropout": False, "kmeans_init": False},
    }


def save_tiny_musicgen(
    folder: Path, *, lm: Config | None = None, compression: Config | None = None, seed: int = 0
) -> Path:
    """A random model's folder, by way of trainers' checkpoints and `audiocraft.utils.export`; gives the folder."""
    from training.models.musicgen.loading import import_audiocraft, without_warnings

    builders = import_audiocraft().builders
    from audiocraft.utils import export
    from omegaconf import OmegaConf

    lm, compression = lm or lm_config(), compression or compression_config()
    torch.manual_seed(seed)
    with without_warnings():
        encodec = builders.get_compression_model(OmegaConf.create(compression))
    language_model = builders.get_lm_model(OmegaConf.create(lm))
    trained = {"lm": language_model.state_dict(), "compression": encodec.state_dict()}
    solvers = folder.parent / f"{folder.name}-solvers"
    solvers.mkdir(parents=True, exist_ok=True)
    torch.save(
        {"best_state": {"model": trained["compression"]}, "xp.cfg": compression}, solvers / "compression.th"
    )
    torch.save(
        {"best_state": {"model": trained["lm"]}, "fsdp_best_state": {}, "xp.cfg": lm}, solvers / "lm.th"
    )
    export.export_lm(solvers / "lm.th", folder / "state_dict.bin")
    exported = export.export_encodec(solvers / "compression.th", solvers / "compression.bin")
    export.export_pretrained_compression_model(str(exported), folder / "compression_state_dict.bin")
    return folder
