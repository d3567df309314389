"""Writes a training's averaged weights as a checkpoint of audiocraft's, by audiocraft's own export."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from audiocraft.utils.export import export_encodec, export_lm
from torch import Tensor

from training.recipes.musicgen.network.models import ENCODEC, LANGUAGE_MODEL

ENCODEC_FILE = "compression_state_dict.bin"
LANGUAGE_MODEL_FILE = "state_dict.bin"
_CODEBOOK, _RUNNING_SUM = ".embed", ".embed_avg"


def export_compression_model(checkpoint: Path, folder: Path) -> Path:
    """`folder`/compression_state_dict.bin of an EnCodec's training."""
    return _export(checkpoint, ENCODEC, export_encodec, folder / ENCODEC_FILE)


def export_language_model(checkpoint: Path, folder: Path) -> Path:
    """`folder`/state_dict.bin of a language model's training."""
    return _export(checkpoint, LANGUAGE_MODEL, export_lm, folder / LANGUAGE_MODEL_FILE)


def _export(checkpoint: Path, configuration: dict[str, Any], export: Any, out: Path) -> Path:
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    return export_weights(state, configuration, export, out)


def export_weights(
    state: Mapping[str, Tensor], configuration: dict[str, Any], export: Any, out: Path
) -> Path:
    """Writes weights by one of audiocraft's export functions, as float16.

    That is half the size; `get_pretrained` copies them into a float32 model, which holds them exactly.
    """
    halves = {name: value.half() for name, value in state.items()}
    for name in halves:
        if name.endswith(
            _RUNNING_SUM
        ):  # used in training alone: the same storage as the codebook, stored once
            halves[name] = halves[name.removesuffix(_RUNNING_SUM) + _CODEBOOK]
    package = {
        "best_state": {"model": halves},
        "fsdp_best_state": {},
        "xp.cfg": configuration,
    }
    with tempfile.TemporaryDirectory() as folder:
        solver_checkpoint = Path(folder) / "checkpoint.th"
        torch.save(package, solver_checkpoint)
        export(solver_checkpoint, out)
    return out
