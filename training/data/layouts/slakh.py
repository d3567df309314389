"""Slakh2100 (Manilow et al. 2019, github.com/ethman/slakh-utils): folders `Track00001`, each with `metadata.yaml`, `mix.flac`
and `stems/S00.flac`, in `train/`, `validation/` and `test/`; also converted to WAV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.front.extras import how_to_add
from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import (
    SPLIT_FOLDERS,
    Layout,
    LayoutContent,
    readable,
    split_of_group,
    sub_folders,
)
from training.data.recordings import Split

METADATA = "metadata.yaml"
SUFFIXES = (".flac", ".wav")


def recognises(folder: Path) -> bool:
    """Whether there are tracks, in parts or not."""
    return bool(_tracks(folder, 0))


def read(folder: Path, seed: int) -> LayoutContent:
    """The mix and each rendered stem of every track.

    A label is the class of a stem's instrument, in lower case. A mix maps to its stems only the classes that one stem
    plays: the sum of two guitars isn't in any file. A stem's timbre is the patch that rendered it.

    Raises:
        DrawstopError: a track's `metadata.yaml` isn't as the data set has it, or nothing here reads YAML.
    """
    content = LayoutContent()
    for track, split in _tracks(folder, seed).items():
        with readable(track / METADATA):
            stems = _rendered(track)
        players = [label for _, label, _ in stems]
        alone = {label: path for path, label, _ in stems if players.count(label) == 1}
        content.add(LabelledRecording(_audio(track / "mix"), frozenset(players), track.name, split, alone))
        for path, label, patch in stems:
            content.add(
                LabelledRecording(path, frozenset({label}), track.name, split, {label: path}, timbre=patch)
            )
    return content


def _tracks(folder: Path, seed: int) -> dict[Path, Split]:
    """Each track's folder and split; without parts, a split by name. Tracks that Slakh-redux omits aren't read."""
    parts = [part for part in sub_folders(folder) if part.name in SPLIT_FOLDERS]
    if not parts:
        return {track: split_of_group(track.name, seed) for track in _in(folder)}
    return {track: SPLIT_FOLDERS[part.name] for part in parts for track in _in(part)}


def _in(folder: Path) -> list[Path]:
    return [path for path in sub_folders(folder) if path.name[:5] == "Track" and (path / METADATA).is_file()]


def _rendered(track: Path) -> list[tuple[Path, str, str]]:
    """File, label and patch of each rendered stem."""
    about = _yaml((track / METADATA).read_text(encoding="utf-8"))
    return [
        (_audio(track / "stems" / name), str(stem["inst_class"]).lower(), str(stem.get("plugin_name", "")))
        for name, stem in sorted(about["stems"].items())
        if stem["audio_rendered"]
    ]


def _audio(stem: Path) -> Path:
    """The file of a name without suffix; if there is none, the name that the data set has."""
    candidates = [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    return next((path for path in candidates if path.is_file()), candidates[0])


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise DrawstopError(
            f"Slakh's metadata.yaml needs PyYAML here; add the extra that brings it: {how_to_add('yaml')}"
        ) from error
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


LAYOUT = Layout("slakh", "folders Track00001 and so on with metadata.yaml", recognises, read)
