"""sparsify's folder (`cfg.json`, `sae.safetensors`), as `SparseCoder.load_from_disk` reads it. Checked against version 1.3.3."""

from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from training.sae.files.foreign import ForeignSAE, float64, safetensors_of, whole_k

LIBRARY = "sparsify"
WEIGHTS_FILE = "sae.safetensors"
_NAMES = {"W_enc": "encoder.weight", "b_enc": "encoder.bias", "W_dec": "W_dec", "b_dec": "b_dec"}
_UNLIKE = {
    "transcode": "a transcoder: it gives what comes after a layer, not what went in",
    "skip_connection": "a transcoder with a skip connection",
    "signed": "one whose features may be negative",
}


def read_sparsify(folder: Path, cfg: dict[str, Any]) -> ForeignSAE:
    """The SAE of a folder and its `cfg.json`. The folder's name is its hookpoint.

    Raises:
        DrawstopError: a coder that ours can't compute, or a damaged file.
    """
    path = folder / WEIGHTS_FILE
    for key, what in _UNLIKE.items():
        if cfg.get(key):
            raise DrawstopError(f"{folder} is {what} ({key} in its cfg.json); expected an SAE of one place")
    if cfg.get("activation", "topk") != "topk":
        raise DrawstopError(f"{folder}: its activation is {cfg['activation']}, expected topk")
    own = float64(safetensors_of(path), _NAMES, path, transposed=("W_enc",))
    k = whole_k(cfg.get("k"), len(own["b_enc"]), path)
    own["b_enc"] = own["b_enc"] - own["b_dec"] @ own["W_enc"]
    return ForeignSAE(
        own, threshold=None, k=k, library=LIBRARY, architecture="topk", hook=folder.resolve().name
    )
