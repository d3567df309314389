"""Weights with a JSON description, in one .safetensors file: how both kinds of classifier are stored."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from drawstop.errors import DrawstopError, reason_of
from drawstop.files import atomic_file

FORMAT = 1
CLASSIFIER, MUSICNN = "judge", "tagger"
NAMES = {CLASSIFIER: "concept classifier", MUSICNN: "musicnn"}
"""Each kind of file's name in messages."""


def write_weights(
    path: Path, kind: str, weights: Mapping[str, Tensor], description: Mapping[str, object]
) -> None:
    """Write weights and their description, atomically; equal weights give equal bytes.

    Args:
        path: the file to write.
        kind: the kind of network, one word: the description's key in the file.
        weights: any tensors by name.
        description: anything that JSON holds; its `format` is set here.

    Raises:
        DrawstopError: the place can't be written.
    """
    text = json.dumps({**description, "format": FORMAT}, sort_keys=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(
            save({name: value.detach().contiguous() for name, value in weights.items()}, {kind: text})
        )


def read_weights(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the weights of a file by `write_weights`.

    Raises:
        DrawstopError: the file is missing, truncated, of another kind or of another format.
    """
    name = NAMES.get(kind, kind)
    if not path.is_file():
        raise DrawstopError(f"expected a {name} (.safetensors), found no file at {path}: check the path")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(kind, "")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        description = json.loads(text)
    except OSError as error:
        raise DrawstopError(f"{path} can't be read: {reason_of(error)}") from error
    except (SafetensorError, ValueError) as error:
        raise DrawstopError(
            f"{path} is no readable {name} (truncated or corrupt): download it again"
        ) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise DrawstopError(f"{path} is a {name} of another format: expected format {FORMAT}")
    return description, weights


def read_metadata(path: Path, kind: str) -> dict[str, object]:
    """The metadata stored with a network, such as its training and held-out results. Raises as `read_weights`."""
    metadata: dict[str, object] = read_weights(path, kind)[0].get("metadata", {})
    return metadata
