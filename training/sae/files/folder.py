"""An SAE on disk: the folder that SAELens 6 reads (`cfg.json`, `sae_weights.safetensors`), and `frames.safetensors`.

SAELens knows nothing of our mean and scale: it is given normalised frames. Both lie in `frames.safetensors`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, write_json
from training.sae.config import SAEConfig, TrainingMetrics
from training.sae.model import SAE

CONFIG_FILE = "cfg.json"
WEIGHTS_FILE = "sae_weights.safetensors"
FRAMES_FILE = "frames.safetensors"

_SAELENS_VERSION = "6.54.12"  # whose folder layout this is; SAELens converts what says less than 6
_OUR_KEY = "drawstop"
_FIXED = {
    "dtype": "float32",
    "device": "cpu",
    "apply_b_dec_to_input": False,
    "normalize_activations": "none",
    "reshape_activations": "none",
}


def save_sae(
    folder: Path, sae: SAE, config: SAEConfig | None = None, metadata: Mapping[str, Any] | None = None
) -> None:
    """Write an SAE's folder, whole or not at all; an older SAE there is replaced. Equal SAEs give equal bytes.

    Args:
        folder: the folder to write.
        sae: the SAE.
        config: its configuration; None takes `sae.config`. Its architecture must be the SAE's.
        metadata: anything that JSON holds, for example the model's fingerprint and the site.

    Raises:
        DrawstopError: a config of another SAE, or a folder that can't be written.
    """
    config = sae.config if config is None else replace(config, architecture=sae.config.architecture)
    if (config.d_in, config.n_features, config.k) != (sae.config.d_in, sae.config.n_features, sae.config.k):
        raise DrawstopError(
            "the config isn't this SAE's: d_in, n_features or k differ; give the one it was trained with"
        )
    names = ["W_enc", "W_dec", "b_enc", "b_dec"] + ["threshold"] * (config.architecture != "topk")
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in sae.state_dict().items()}
    frames = {"mean": state["mean"], "scale": state["scale"].reshape(1)}
    with atomic_folder(folder, marker=FRAMES_FILE) as temporary:
        (temporary / WEIGHTS_FILE).write_bytes(save({name: state[name] for name in names}))
        (temporary / FRAMES_FILE).write_bytes(save(frames))
        write_json(temporary / CONFIG_FILE, _saelens_config(sae, config, metadata or {}))


def load_sae(folder: Path) -> SAE:
    """Read an SAE that `save_sae` wrote, with its config and metrics.

    Raises:
        DrawstopError: a file is missing, damaged, or of an SAE that computes otherwise than ours.
    """
    folder = Path(folder)
    cfg = _read_config(folder)
    try:
        ours = cfg["metadata"][_OUR_KEY]
        config = _config_of(ours["config"])
        metrics = TrainingMetrics(**ours["figures"]) if ours["figures"] is not None else None
    except (KeyError, TypeError) as error:
        raise DrawstopError(
            f"{folder / CONFIG_FILE} isn't from Drawstop (no {error}); train an SAE with us"
        ) from error
    wanted = {**_FIXED, "architecture": _their_name(config), "d_in": config.d_in, "d_sae": config.n_features}
    for key, value in wanted.items():
        if cfg.get(key) != value:
            raise DrawstopError(
                f"{folder / CONFIG_FILE}: expected {key} to be {value!r}, got {cfg.get(key)!r}"
            )
    tensors = _read_tensors(folder / WEIGHTS_FILE) | _read_tensors(folder / FRAMES_FILE)
    sae = SAE(config)
    if config.architecture == "topk":
        tensors["threshold"] = torch.zeros(config.n_features)
    _fill(sae, tensors, folder)
    sae.metrics = metrics
    return sae


def _saelens_config(sae: SAE, config: SAEConfig, metadata: Mapping[str, Any]) -> dict[str, Any]:
    metrics = asdict(sae.metrics) if sae.metrics is not None else None
    cfg: dict[str, Any] = {
        **_FIXED,
        "architecture": _their_name(config),
        "d_in": config.d_in,
        "d_sae": config.n_features,
        "metadata": {
            **metadata,
            "sae_lens_version": _SAELENS_VERSION,
            "sae_lens_training_version": None,
            _OUR_KEY: {"config": config.described(), "figures": metrics},
        },
    }
    if config.architecture == "topk":
        cfg |= {"k": config.k, "rescale_acts_by_decoder_norm": False}
    return cfg


def _their_name(config: SAEConfig) -> str:
    """SAELens's architecture that computes what a trained SAE of ours does."""
    return "topk" if config.architecture == "topk" else "jumprelu"


def _config_of(content: dict[str, Any]) -> SAEConfig:
    """A config from JSON. A `jumprelu` without bandwidth is an older file's name for `topk-jumprelu`."""
    if content["architecture"] == "jumprelu" and "bandwidth" not in content:
        content = {**content, "architecture": "topk-jumprelu"}
    return SAEConfig(**content)


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        cfg = json.loads(_bytes_of(folder / CONFIG_FILE))
    except ValueError as error:
        if isinstance(error, DrawstopError):
            raise
        raise DrawstopError(f"{folder / CONFIG_FILE} is damaged: {error}; save the SAE again") from error
    if not isinstance(cfg, dict):
        raise DrawstopError(f"{folder / CONFIG_FILE} is damaged: expected a JSON object; save the SAE again")
    return cfg


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load(_bytes_of(path))
    except SafetensorError as error:
        raise DrawstopError(f"{path} is damaged: {error}; save the SAE again") from error


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise DrawstopError(
            f"no SAE in {path.parent}: {path.name} is missing; train one, or give another folder"
        )
    return path.read_bytes()


def _fill(sae: SAE, tensors: dict[str, torch.Tensor], folder: Path) -> None:
    tensors = {**tensors, "scale": tensors.get("scale", torch.empty(0)).reshape(-1)[:1].squeeze(0)}
    for name, expected in sae.state_dict().items():
        given = tensors.get(name)
        if given is None or given.shape != expected.shape or not torch.isfinite(given).all():
            came = "nothing" if given is None else f"shape {list(given.shape)}"
            raise DrawstopError(
                f"the SAE in {folder}: expected finite {name} {list(expected.shape)}, got {came}"
            )
    sae.load_state_dict({name: tensors[name] for name in sae.state_dict()})
