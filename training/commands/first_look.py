"""The look at recordings that every command that takes a folder of them begins with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from training.data.look.findings import Needs


def first_look(
    folders: Sequence[Path], needs: Needs | None = None, opposites: Iterable[tuple[Path, Path]] = ()
) -> None:
    """Look at every recording, and say on stderr what is used, skipped and odd; of several processes the first one does.

    Raises:
        DrawstopError: recordings that would spoil the result, all of them at once, or as `look_at`.
    """
    from drawstop.progress import steps_bar
    from training.data.look.look import look_at

    if os.environ.get("RANK", "0") != "0":
        return
    with steps_bar() as progress:
        look = look_at(folders, needs, opposites, progress)
    for line in look.lines():
        typer.echo(line, err=True)
    look.refuse()


def look_at_labelled(folder: Path) -> None:
    """`first_look` at a data set; of a public one, which may be huge, at the headers."""
    from training.data.layouts import folders
    from training.data.look.findings import Needs
    from training.data.read_labelled import recognise

    own = recognise(folder) == folders.LAYOUT.name
    first_look([folder], Needs(levels_matter=False, samples=own))
