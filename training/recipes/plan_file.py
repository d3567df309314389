"""The plan that a folder of rendered sound was begun with, so that it isn't gone on with by another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.files import write_json


def keep_plan(path: Path, content: dict[str, Any]) -> None:
    """Writes the plan, or finds it written.

    Raises:
        DrawstopError: the file holds another plan.
    """
    wanted = json.loads(json.dumps(content))
    if path.is_file() and json.loads(path.read_text()) != wanted:
        raise DrawstopError(
            f"{path.parent} holds another set (other seed, sizes or material): give another folder"
        )
    write_json(path, content)
