"""Reads an SAE file of any known library, which is recognised by the files' names."""

import json
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from training.sae.files import dictionary_learning, saelens, sparsify
from training.sae.files.dictionary_learning import read_dictionary
from training.sae.files.folder import CONFIG_FILE, FRAMES_FILE
from training.sae.files.foreign import ForeignSAE
from training.sae.files.saelens import read_saelens
from training.sae.files.sparsify import read_sparsify

EXPECTED = (
    f"a SAELens folder ({CONFIG_FILE}, {saelens.WEIGHTS_FILE}), a sparsify folder ({CONFIG_FILE}, {sparsify.WEIGHTS_FILE}), or "
    f"dictionary_learning's {dictionary_learning.WEIGHTS_FILE} (with its {dictionary_learning.CONFIG_FILE})"
)


def weights_file(path: Path) -> Path:
    """The file with the weights, of an SAE's folder or of any of its files.

    Raises:
        DrawstopError: none there, or an SAE of ours.
    """
    folder = path if path.is_dir() else path.parent
    if not path.exists():
        raise DrawstopError(f"no such file or folder: {path}; expected {EXPECTED}")
    if (folder / FRAMES_FILE).is_file():
        raise DrawstopError(f"{folder} is an SAE of Drawstop's own: find and bake take its bank as it is")
    if path.is_file() and path.suffix in (".pt", ".pth"):
        return path
    for module in (saelens, sparsify, dictionary_learning):
        if (folder / module.WEIGHTS_FILE).is_file():
            return folder / module.WEIGHTS_FILE
    raise DrawstopError(f"{path} is no SAE that is known here: expected {EXPECTED}")


def read_foreign(path: Path) -> ForeignSAE:
    """The SAE at a path: an SAE's folder, or one of its files.

    Raises:
        DrawstopError: none there, a damaged one, or one that ours can't compute.
    """
    weights = weights_file(path)
    if weights.name == saelens.WEIGHTS_FILE:
        return read_saelens(weights.parent, _config(weights.parent))
    if weights.name == sparsify.WEIGHTS_FILE:
        return read_sparsify(weights.parent, _config(weights.parent))
    return read_dictionary(weights)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise DrawstopError(
            f"{folder} has weights, but no {CONFIG_FILE}, which says what they are of: put it beside them"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DrawstopError(f"{path} is damaged ({error}): save or download it again") from error
    if not isinstance(content, dict):
        raise DrawstopError(f"{path} is damaged: expected a JSON object; save or download it again")
    return content
