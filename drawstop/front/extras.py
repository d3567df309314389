"""The optional extras: which one provides a missing library, and how to install it in a clone or beside a wheel."""

import sys
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
    "yaml": "evidence",
}
"""For each top-level module that the base install lacks, the extra that installs it."""

OVERRIDES = Path(__file__).with_name("overrides.txt")
"""Pins of other libraries that uv must override for some extras, as in pyproject.toml, which no wheel carries."""

OVERRIDDEN = ("musicgen",)
"""The extras that can't be resolved without these overrides."""

OLD_PYTHON = frozenset(
    {"rave", "scripts", "gin", "cached_conv", "pytorch_lightning", "audiocraft", "omegaconf", "basic_pitch"}
)
"""The modules whose libraries, or what these pin, have no wheels for a Python after 3.11."""

LAST_OLD = (3, 11)
CLONE = Path(__file__).parents[2]


def how_to_add(
    module: str, is_clone: bool | None = None, python: tuple[int, int] = sys.version_info[:2]
) -> str:
    """The command that installs a missing module into the running installation, or what it needs first.

    >>> how_to_add("neutone_sdk", False, (3, 12)), how_to_add("rave", True, (3, 11))
    ("uv pip install 'drawstop[plugin]'", 'uv sync --extra rave')
    """
    extra = EXTRAS[module]
    if module in OLD_PYTHON and python > LAST_OLD:
        return f"the extra {extra}, on Python 3.11: what it stands on has no wheels for a later one"
    if (CLONE / "pyproject.toml").is_file() if is_clone is None else is_clone:
        return f"uv sync --extra {extra}"
    overrides = f" --override {OVERRIDES}" if extra in OVERRIDDEN else ""
    return f"uv pip install 'drawstop[{extra}]'{overrides}"
