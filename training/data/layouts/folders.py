"""Your own folders: sub-folders named after what sounds in them, sorted into `train/`, `validation/` and `test/` or not.

guitar/  voice/  guitar+voice/  neither/        labels; neither, none, without and other name no label
guitar/  voice/  both/                          both: the two others
guitar/fluid-nylon/                             below the label: the timbre
guitar/with/  guitar/without/                   a pair, whose label is the folder above; also at the top
train/guitar/  held_out/guitar/                 your own split; without one a file's split is by its hash
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drawstop.audio.files import list_audio
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.names import same_name
from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import SPLIT_FOLDERS, Layout, LayoutContent
from training.data.phrases import shared_keys
from training.data.recordings import Split, split_of

NO_LABEL = frozenset({"neither", "none", "without", "other"})
BOTH = "both"
PAIR = frozenset({"with", "without"})
EXPECTED = "expected sub-folders that name what sounds in them (guitar/, voice/, guitar+voice/, neither/)"


@dataclass(frozen=True)
class _Labelled:
    """A file and what its folders' names say; `label` as written, `pair`: the label of its pair of folders, if any."""

    path: Path
    split: Split | None
    label: str
    timbre: str
    pair: str


def recognises(folder: Path) -> bool:
    """Whether a sub-folder contains sound."""
    try:
        return any(path.parent != folder for path in list_audio(folder))
    except DrawstopError:
        return False


def read(folder: Path, seed: int) -> LayoutContent:
    """Every sound in a sub-folder. Each file is a group: copies share its group, and its split by hash; recordings of
    one phrase under several labels share a split too.

    Raises:
        DrawstopError: no sub-folder names a label, or what one means is ambiguous (`both` of three, a split beside labels).
    """
    content = LayoutContent()
    paths = list_audio(folder)
    split = _has_split(folder, paths)
    labelled = [path for path in paths if len(path.relative_to(folder).parts) > (2 if split else 1)]
    if not labelled:
        raise DrawstopError(f"no label in {folder}: {EXPECTED}")
    if len(labelled) < len(paths):
        content.notes.append(
            f"files beside the sub-folders, which name no label, left out: {len(paths) - len(labelled)}"
        )
    files = [_labelled(folder, path, split) for path in labelled]
    pairs = {file.pair for file in files} - {""}
    if len(pairs) > 1:
        content.notes.append(
            f"pairs of with and without name one label each; the others count as absent there: {', '.join(sorted(pairs))}"
        )
    meanings = _meanings({file.label for file in files}, folder)
    hashes = {file.path: sha256_file(file.path) for file in files}
    kinds: dict[frozenset[str], list[tuple[Path, str]]] = {}
    for file in files:
        kinds.setdefault(meanings[file.label], []).append((file.path, hashes[file.path]))
    keys = shared_keys(list(kinds.values()))
    for file in files:
        hash = hashes[file.path]
        part = split_of(keys.get(hash, hash), seed) if file.split is None else file.split
        content.add(LabelledRecording(file.path, meanings[file.label], hash, part, timbre=file.timbre))
    return content


def _has_split(folder: Path, paths: list[Path]) -> bool:
    """Whether the first level is the split. Raises DrawstopError if only some of its folders are."""
    names = {path.relative_to(folder).parts[0] for path in paths if path.parent != folder}
    splits = {name for name in names if name.lower() in SPLIT_FOLDERS}
    if splits and splits != names:
        raise DrawstopError(
            f"{folder} has {', '.join(sorted(splits))} beside {', '.join(sorted(names - splits))}: is the first level "
            "the split or the label? Expected train/, validation/ and test/ alone there, or none of them"
        )
    return bool(splits)


def _labelled(folder: Path, path: Path, split: bool) -> _Labelled:
    names = list(path.parent.relative_to(folder).parts)
    part = SPLIT_FOLDERS[names.pop(0).lower()] if split else None
    above = folder.resolve().name
    if len(names) > 1 and names[0].lower() not in PAIR and names[1].lower() in PAIR:
        above = names.pop(0)
    label, *below = names
    pair = above if label.lower() in PAIR else ""
    if label.lower() == "with":
        label = above
    return _Labelled(path, part, label, below[0] if below else "", pair)


def _meanings(written: set[str], folder: Path) -> dict[str, frozenset[str]]:
    """The labels that each folder's name stands for."""
    named = {name: _named(name) for name in written if name.lower() != BOTH}
    every = frozenset().union(*named.values())
    for name in written - set(named):
        if len(every) != 2:
            raise DrawstopError(
                f"{folder}: the sub-folder {name} means two labels, and there are {len(every)} "
                f"({', '.join(sorted(every)) or 'none'}); name it after what sounds in it, as guitar+voice"
            )
        named[name] = every
    return named


def _named(name: str) -> frozenset[str]:
    parts = (same_name(part.strip()) for part in name.split("+"))
    return frozenset(part for part in parts if part and part.lower() not in NO_LABEL)


LAYOUT = Layout("folders", "sub-folders of sound, named after what sounds in them", recognises, read)
