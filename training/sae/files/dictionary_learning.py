"""dictionary_learning's `ae.pt` with its `config.json`, as `load_dictionary` reads it. Checked against version 0.1.0."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.sae.files.foreign import ForeignSAE, Tensors, float64, pickled_tensors_of, whole_k

LIBRARY = "dictionary_learning"
WEIGHTS_FILE = "ae.pt"
CONFIG_FILE = "config.json"
_LINEAR = {"W_enc": "encoder.weight", "b_enc": "encoder.bias", "W_dec": "decoder.weight"}
_TRANSPOSED = ("W_enc", "W_dec")
_MATRICES = {"W_enc": "W_enc", "b_enc": "b_enc", "W_dec": "W_dec", "b_dec": "b_dec"}
_BY_A_TENSOR = {
    "bias": "AutoEncoder",
    "decoder.bias": "AutoEncoderNew",
    "r_mag": "GatedAutoEncoder",
    "group_sizes": "MatryoshkaBatchTopKSAE",
}
"""Classes that are recognised by a tensor if there is no config. A TopK's and a BatchTopK's tensors are the same."""


def read_dictionary(path: Path) -> ForeignSAE:
    """The dictionary of a state dict's file; its class is in `config.json` beside it, or recognised by its tensors.

    Raises:
        DrawstopError: a class that ours can't compute or that isn't known, or a damaged file.
    """
    weights, trainer = pickled_tensors_of(path), _trainer(path)
    kind = str(trainer.get("dict_class") or _class_of(weights, path))
    own, threshold, k = _computed(kind, weights, path)
    layer, model = trainer.get("submodule_name") or trainer.get("layer"), trainer.get("lm_name")
    hook = f"layer {layer}" if isinstance(layer, int) else str(layer or "")
    return ForeignSAE(
        own,
        threshold=threshold,
        k=k,
        library=LIBRARY,
        architecture=kind,
        hook=" of ".join(filter(None, [hook, str(model or "")])),
    )


def _trainer(path: Path) -> dict[str, Any]:
    """The trainer's part of the config beside a file, or beside its folder `checkpoints`; {} where there is none."""
    for folder in (path.parent, path.parent.parent):
        if (folder / CONFIG_FILE).is_file():
            try:
                trainer = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["trainer"]
                return dict(trainer)
            except (ValueError, KeyError, TypeError) as error:
                raise DrawstopError(
                    f"{folder / CONFIG_FILE} is damaged ({error}): expected a trainer"
                ) from error
    return {}


def _class_of(weights: Tensors, path: Path) -> str:
    for tensor, kind in _BY_A_TENSOR.items():
        if tensor in weights:
            return kind
    if "threshold" in weights and "W_enc" in weights:
        return "JumpReluAutoEncoder"
    raise DrawstopError(
        f"{path}: nothing says which of dictionary_learning's classes it is: put the {CONFIG_FILE} of its training beside it"
    )


def _computed(kind: str, weights: Tensors, path: Path) -> tuple[dict[str, Tensor], Tensor | None, int | None]:
    """Encoder and decoder, thresholds or k of a dictionary as its `encode` and `decode` use them."""
    if kind == "AutoEncoder":
        own = float64(weights, {**_LINEAR, "b_dec": "bias"}, path, _TRANSPOSED)
        norm = own["W_dec"].norm(dim=1)  # their loader brings the rows to norm 1
        own = {**own, "W_enc": own["W_enc"] * norm, "b_enc": own["b_enc"] * norm}
        own["W_dec"] = own["W_dec"] / norm[:, None]
        return _centred(own), torch.zeros_like(norm), None
    if kind == "AutoEncoderNew":
        own = float64(weights, {**_LINEAR, "b_dec": "decoder.bias"}, path, _TRANSPOSED)
        return own, torch.zeros_like(own["b_enc"]), None
    if kind == "GatedAutoEncoder":
        return _ungated(weights, path)
    if kind == "AutoEncoderTopK":
        own = _centred(float64(weights, {**_LINEAR, "b_dec": "b_dec"}, path, _TRANSPOSED))
        said = weights.get("k")
        return own, None, whole_k(None if said is None else int(said), len(own["b_enc"]), path)
    names = {"BatchTopKSAE": _LINEAR | {"b_dec": "b_dec"}, "MatryoshkaBatchTopKSAE": _MATRICES}
    if kind in names:
        turned = _TRANSPOSED if kind == "BatchTopKSAE" else ()
        own = float64(weights, {**names[kind], "threshold": "threshold"}, path, turned)
        threshold = own.pop("threshold").expand_as(own["b_enc"]).clone()
        return _centred(own), threshold, None
    if kind == "JumpReluAutoEncoder":
        own = float64(weights, {**_MATRICES, "threshold": "threshold"}, path)
        return own, own.pop("threshold").expand_as(own["b_enc"]).clone(), None
    raise DrawstopError(f"{path}: a dictionary_learning {kind} computes otherwise than our SAEs")


def _centred(own: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, where b_dec is subtracted from a frame before it is encoded."""
    return {**own, "b_enc": own["b_enc"] - own["b_dec"] @ own["W_enc"]}


def _ungated(weights: Tensors, path: Path) -> tuple[dict[str, Tensor], Tensor, None]:
    """A gated dictionary as a JumpReLU, see `training.sae.files.saelens`; the decoder's bias is subtracted first."""
    names = {"W_enc": "encoder.weight", "W_dec": "decoder.weight", "b_dec": "decoder_bias"}
    names |= {"b_enc": "mag_bias", "gate": "gate_bias", "r_mag": "r_mag"}
    own = float64(weights, names, path, _TRANSPOSED)
    gain = own.pop("r_mag").exp()
    own["W_enc"] = own["W_enc"] * gain
    threshold = own["b_enc"] - gain * own.pop("gate")
    return _centred(own), threshold, None
