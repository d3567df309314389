"""Settings and metrics as texts."""

from __future__ import annotations

import json
import re
from typing import Any

from drawstop.errors import DrawstopError
from training.evaluation.report.numbers import number


def as_json(value: Any, whose: str, indent: int | None = None) -> str:
    """A value as JSON. Raises DrawstopError, naming the owner `whose`, for a value that JSON can't hold."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError) as error:
        raise DrawstopError(
            f"expected numbers and texts in {whose}, got something that JSON can't hold ({error}): "
            "say None for what couldn't be measured"
        ) from error


def as_text(value: Any, whose: str) -> str:
    """A setting as text: texts and numbers bare, lists with commas, anything deeper as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return number(value, None) if not isinstance(value, float) else repr(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(as_text(each, whose) for each in value)
    if isinstance(value, dict) and all(isinstance(each, str | int | float) for each in value.values()):
        return ", ".join(f"{name}: {as_text(each, whose)}" for name, each in value.items())
    return as_json(value, whose)


def anchor_of(text: str) -> str:
    """An identifier of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
