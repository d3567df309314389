"""The command `drawstop inspect`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from export.commands.options import JsonOption


def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            help="An instrument, a RAVE, a Neutone model, a bank, frames, a recording, or a folder of recordings."
        ),
    ],
    json: JsonOption = None,
) -> None:
    """Say what a file or folder is, and what is in it; of recordings what is skipped and why, what is odd, what can't be used,
    which are parallel or there twice; of a data set also what its recordings are enough to measure.

    Example: drawstop inspect organ.ts
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from drawstop.files import write_json
    from drawstop.names import shown
    from drawstop.progress import steps_bar
    from export.inspect.describe_path import describe_path

    with steps_bar() as progress:
        facts = describe_path(path, progress)
    table = Table(
        show_header=False, box=None, title=escape(f"{shown(path)}: {facts['kind']}"), title_justify="left"
    )
    for key, value in facts.items():
        if key not in ("kind", "stops", "methods", "sites", "labels", "notes", "look", "folders"):
            table.add_row(key.replace("_", " "), escape(_text(value)))
    for method in facts.get("methods", []):
        table.add_row(f"method {method['name']}", _ports(method))
    for site in facts.get("sites", []):
        table.add_row(f"site {site['site']}", f"{site['width']} wide, a frame every {site['ratio']} samples")
    for label in facts.get("labels", []):
        table.add_row(escape(f"label {label['label']}"), escape(_measurable(label)))
    for note in facts.get("notes", []):
        table.add_row("note", escape(note))
    for line in facts.get("look", []):
        table.add_row("look", escape(line))
    for stop in facts.get("stops", []):
        table.add_row(f"stop {stop['slug']}", escape(_text({k: v for k, v in stop.items() if k != "slug"})))
    Console().print(table)
    if json is not None:
        write_json(json, facts)


def _ports(method: dict[str, Any]) -> str:
    ends = (
        f"{len(method[f'{end}lets'])} {end} (a value every {method[f'{end}_ratio']})" for end in ("in", "out")
    )
    return f"{', '.join(ends)}, delay {method['delay_samples']} samples"


def _measurable(label: dict[str, Any]) -> str:
    """How many recordings have a label, and what they are enough for."""
    counts = _text({split: label[split] for split in ("train", "validation", "test")})
    lines = [f"{counts}; enough for: {_text(label['enough_for']) or 'nothing'}"]
    too_little: dict[str, str] = label["too_little_for"]
    for lack in dict.fromkeys(too_little.values()):
        experiments = ", ".join(name for name, each in too_little.items() if each == lack)
        lines.append(f"too little for {experiments}: {lack}")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
