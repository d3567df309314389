"""SAELens's folder (`cfg.json`, `sae_weights.safetensors`), of version 6 or before, as `SAE.load_from_disk` reads it.

Read without SAELens, which takes ten seconds to import. Checked against 6.54.12
(tests/training/sae/files/test_foreign.py).
"""

from pathlib import Path
from typing import Any

import torch

from drawstop.errors import DrawstopError
from training.sae.files.foreign import ForeignSAE, Tensors, float64, safetensors_of, whole_k

LIBRARY = "SAELens"
WEIGHTS_FILE = "sae_weights.safetensors"
_RESCALE = "rescale_acts_by_decoder_norm"
_NAMES = {"W_enc": "W_enc", "b_enc": "b_enc", "W_dec": "W_dec", "b_dec": "b_dec"}
_BATCH_TOPK = ("batchtopk", "matryoshka_batchtopk")
_KNOWN = ("standard", "topk", "jumprelu", "gated", *_BATCH_TOPK)


def read_saelens(folder: Path, cfg: dict[str, Any]) -> ForeignSAE:
    """The SAE of a folder and its `cfg.json`; a training's checkpoint too.

    Raises:
        DrawstopError: an architecture or a normalisation that ours can't compute, or a damaged file.
    """
    path, cfg = folder / WEIGHTS_FILE, _of_today(cfg)
    architecture = str(cfg.get("architecture"))
    _refuse(folder, cfg, architecture)
    weights = safetensors_of(path)
    for name in ("scaling_factor", "finetuning_scaling_factor"):
        if name in weights and not torch.allclose(weights[name], torch.ones_like(weights[name])):
            raise DrawstopError(f"{path} has a {name} that isn't 1: fold it into W_dec, and save it again")
    if architecture == "gated":
        own, threshold = _ungated(weights, path)
    else:
        own, threshold = _with_thresholds(weights, architecture, path)
    if cfg.get(_RESCALE) and architecture in ("topk", *_BATCH_TOPK):
        norm = own["W_dec"].norm(dim=1)
        own["W_enc"], own["b_enc"] = own["W_enc"] * norm, own["b_enc"] * norm
        own["W_dec"] = own["W_dec"] / norm[:, None]
    if cfg.get("apply_b_dec_to_input", True):
        shift = own["b_dec"] @ own["W_enc"]
        own["b_enc"] = own["b_enc"] - shift
    metadata = cfg.get("metadata") or {}
    place = metadata.get("hook_name") or metadata.get("site")
    return ForeignSAE(
        own,
        threshold=threshold,
        k=whole_k(cfg.get("k"), len(own["b_enc"]), path) if architecture == "topk" else None,
        library=LIBRARY,
        architecture=architecture,
        hook=" of ".join(str(each) for each in (place, metadata.get("model_name")) if each),
        unscaled=cfg.get("normalize_activations") == "expected_average_only_in",
    )


def _of_today(cfg: dict[str, Any]) -> dict[str, Any]:
    """The config as version 6 writes it: before, the metadata lay beside the rest, and TopK was an activation function."""
    cfg = {**cfg}
    if "metadata" not in cfg:
        cfg["metadata"] = {
            "hook_name": cfg.get("hook_name", cfg.get("hook_point")),
            "model_name": cfg.get("model_name"),
        }
    cfg.setdefault("architecture", "standard")
    activation = cfg.get("activation_fn", cfg.get("activation_fn_str", "relu"))
    if activation == "topk":
        cfg |= {"architecture": "topk", "k": (cfg.get("activation_fn_kwargs") or {}).get("k", cfg.get("k"))}
    elif activation != "relu":
        cfg["architecture"] = f"{cfg['architecture']} with {activation}"
    if isinstance(cfg.get("normalize_activations"), bool):
        cfg["normalize_activations"] = "expected_average_only_in" if cfg["normalize_activations"] else "none"
    return cfg


def _refuse(folder: Path, cfg: dict[str, Any], architecture: str) -> None:
    if architecture not in _KNOWN:
        raise DrawstopError(
            f"{folder}: a SAELens {architecture} computes otherwise than our SAEs; expected one of {', '.join(_KNOWN)}"
        )
    if cfg.get("reshape_activations", "none") != "none":
        raise DrawstopError(
            f"{folder}: it takes the heads of an attention layer ({cfg['reshape_activations']}); expected frames as they are"
        )
    normalised = cfg.get("normalize_activations") or "none"
    if normalised not in ("none", "expected_average_only_in"):
        raise DrawstopError(
            f"{folder}: it normalises frames by {normalised}, which isn't in its weights and no instrument does; expected "
            "none: train it with normalize_activations none or expected_average_only_in"
        )


def _with_thresholds(
    weights: Tensors, architecture: str, path: Path
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Encoder and decoder, and what a feature must exceed `[n_features]`: None for TopK, 0 for ReLU."""
    if architecture in ("topk", "standard"):
        own = float64(weights, _NAMES, path)
        return own, None if architecture == "topk" else torch.zeros_like(own["b_enc"])
    name = "topk_threshold" if architecture in _BATCH_TOPK else "threshold"
    own = float64(weights, {**_NAMES, "threshold": name}, path)
    return own, own.pop("threshold").expand_as(own["b_enc"]).clone()


def _ungated(weights: Tensors, path: Path) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """A gated SAE as a JumpReLU, which it equals (Rajamanoharan et al. 2024, arXiv 2404.16014, section 3.2).

    The gate opens where `p + b_gate > 0`, p being `y W_enc`; the value is `m = exp(r_mag) p + b_mag`. So it is open where
    m is above `b_mag - exp(r_mag) b_gate`.
    """
    own = float64(weights, {**_NAMES, "b_enc": "b_mag", "b_gate": "b_gate", "r_mag": "r_mag"}, path)
    gain, gate = own.pop("r_mag").exp(), own.pop("b_gate")
    # b_dec, where it is subtracted first, shifts p: both biases are of p, so the threshold stays
    threshold = own["b_enc"] - gain * gate
    own["W_enc"] = own["W_enc"] * gain
    return own, threshold
