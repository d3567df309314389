"""What `drawstop make` prints of a finished folder."""

import io
import json
from pathlib import Path

from rich.console import Console


def printed(made: Path) -> str:
    """The summary's text, in lines of 200 characters."""
    from export.make.summary import show

    console = Console(file=io.StringIO(), width=200, record=True)
    show(console, json.loads((made / "figures.json").read_text()), made)
    return console.export_text()
