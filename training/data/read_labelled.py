"""Reads a data set: your own folders of recordings, or a public data set in its published layout."""

from __future__ import annotations

from pathlib import Path

from drawstop.errors import DrawstopError
from training.data.labelled_set import LabelledSet
from training.data.layouts import fma, folders, mtg_jamendo, musdb18, nsynth, slakh
from training.data.layouts.layout import Layout, LayoutContent

AUTO = "auto"
PUBLIC: tuple[Layout, ...] = tuple(each.LAYOUT for each in (musdb18, mtg_jamendo, fma, nsynth, slakh))
"""Layouts of public data sets, recognised by their own file names; a folder without these is your own."""

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (folders.LAYOUT, *PUBLIC)}


def read_labelled(folder: Path, layout: str = AUTO, seed: int = 0) -> LabelledSet:
    """The recordings of a data set, sorted by path, with the concepts that sound in each.

    Args:
        folder: the data set's own folder, or one of yours.
        layout: `folders`, `musdb18`, `mtg-jamendo`, `fma`, `nsynth`, `slakh`, or `auto`: the one that the folder shows.
        seed: draws train, validation and test anew where the data set has no split of its own.

    Raises:
        DrawstopError: no such folder or layout, no layout or several that fit, no recording there, or what the layout's own
            reader refuses.
    """
    folder = Path(folder)
    chosen = LAYOUTS[recognise(folder)] if layout == AUTO else _named(folder, layout)
    content = chosen.read(folder, seed)
    if not content.recordings:
        raise DrawstopError(_nothing_there(folder, chosen, content))
    recordings = tuple(sorted(content.recordings, key=lambda recording: recording.path))
    return LabelledSet(folder.resolve().name, chosen.name, recordings, _notes(content))


def recognise(folder: Path) -> str:
    """The name of the one layout that a folder shows; opens no sound file.

    Raises:
        DrawstopError: no such folder, no layout that fits, or several.
    """
    _require(folder)
    fitting = [layout.name for layout in PUBLIC if layout.recognises(folder)]
    if not fitting and folders.recognises(folder):
        fitting = [folders.LAYOUT.name]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DrawstopError(f"{folder} looks like {' and '.join(fitting)}: name the layout that it is")
    looked_for = "; ".join(f"{layout.marker} ({layout.name})" for layout in LAYOUTS.values())
    raise DrawstopError(f"{folder} is no data set that we know; looked for {looked_for}")


def is_data_set(folder: Path) -> bool:
    """Says whether a folder shows a layout, or several."""
    return any(layout.recognises(folder) for layout in LAYOUTS.values())


def _named(folder: Path, layout: str) -> Layout:
    _require(folder)
    if layout not in LAYOUTS:
        raise DrawstopError(f"no such layout: {layout!r}; expected {AUTO} or one of {', '.join(LAYOUTS)}")
    if not LAYOUTS[layout].recognises(folder):
        raise DrawstopError(f"{folder} isn't laid out as {layout}: expected {LAYOUTS[layout].marker}")
    return LAYOUTS[layout]


def _require(folder: Path) -> None:
    if not folder.is_dir():
        raise DrawstopError(f"no such folder: {folder}")


def _notes(content: LayoutContent) -> tuple[str, ...]:
    if not content.missing:
        return tuple(content.notes)
    named = len(content.recordings) + len(content.missing)
    gone = (
        f"of {named} files that the data set names, missing: {len(content.missing)}, as {content.missing[0]}"
    )
    return (gone, *content.notes)


def _nothing_there(folder: Path, layout: Layout, content: LayoutContent) -> str:
    if not content.missing:
        return f"{folder} is laid out as {layout.name}, and names no recording"
    return (
        f"{folder} is laid out as {layout.name}, and none of the {len(content.missing)} files that it names is there: "
        f"looked for {content.missing[0]} and so on; fetch the audio too, or put it there"
    )
