"""The extras: which one brings a missing library, and the command that adds it, in a clone and beside an installed wheel."""

import sys
from collections.abc import Iterable
from pathlib import Path

EXTRAS = {
    "rave": "rave",
    "scripts": "rave",
    "gin": "rave",
    "cached_conv": "rave",
    "pytorch_lightning": "rave",
    "torchaudio": "rave",
    "audiocraft": "musicgen",
    "omegaconf": "musicgen",
    "psutil": "musicgen",
    "sae_lens": "saelens",
    "accelerate": "scale",
    "openvino": "openvino",
    "neutone_sdk": "plugin",
    "librosa": "evidence",
    "pesto": "evidence",
    "basic_pitch": "evidence",
    "mir_eval": "evidence",
}
"""For each top-level module that the base install lacks, our extra that installs it."""

OVERRIDES = Path(__file__).with_name("overrides.txt")
"""The pins of other libraries that uv must override for some extras: `[tool.uv]` of pyproject.toml, which no wheel carries."""

OVERRIDDEN = ("rave", "musicgen", "evidence")
"""The extras that don't resolve without."""

OLD_PYTHON = ("rave", "musicgen", "evidence")
"""The extras whose libraries have no release for a Python after 3.11."""

CLONE = Path(__file__).parents[2]


def how_to_add(extra: str, is_clone: bool | None = None, python: Iterable[int] = sys.version_info[:2]) -> str:
    """The command that adds an extra to what runs now, or what is needed first.

    >>> how_to_add("plugin", False, (3, 11)), how_to_add("rave", True, (3, 11))
    ("uv pip install 'drawstop[plugin]'", 'uv sync --extra rave')
    """
    if extra in OLD_PYTHON and tuple(python) > (3, 11):
        return f"Python 3.11, the last one that {extra}'s libraries are made for"
    if (CLONE / "pyproject.toml").is_file() if is_clone is None else is_clone:
        return f"uv sync --extra {extra}"
    overrides = f" --override {OVERRIDES}" if extra in OVERRIDDEN else ""
    return f"uv pip install 'drawstop[{extra}]'{overrides}"
