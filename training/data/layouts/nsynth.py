"""NSynth (Engel et al. 2017, magenta.tensorflow.org/datasets/nsynth): `nsynth-train/`, `nsynth-valid/`, `nsynth-test/`, each
with `examples.json` and `audio/NOTE.wav`.

A label is the family of the instrument: a note's qualities (bright, reverb) aren't taken, for most of them were computed.
"""

from __future__ import annotations

import json
from pathlib import Path

from training.data.labelled_set import LabelledRecording
from training.data.layouts.layout import SPLIT_FOLDERS, Layout, LayoutContent, readable, sub_folders
from training.data.recordings import Split

PREFIX = "nsynth-"
EXAMPLES = "examples.json"


def recognises(folder: Path) -> bool:
    """Whether the folder has a part of NSynth, or is one."""
    return bool(_parts(folder))


def read(folder: Path, seed: int) -> LayoutContent:
    """Every note that is there; its timbre and its group are the instrument that plays it.

    Raises:
        DrawstopError: a part's `examples.json` isn't as the data set has it.
    """
    content = LayoutContent()
    for part, split in _parts(folder).items():
        with readable(part / EXAMPLES):
            examples = json.loads((part / EXAMPLES).read_text(encoding="utf-8"))
            for note, about in sorted(examples.items()):
                player = about["instrument_str"]
                labels = frozenset({about["instrument_family_str"]})
                path = part / "audio" / f"{note}.wav"
                content.add(LabelledRecording(path, labels, player, split, timbre=player))
    return content


def _parts(folder: Path) -> dict[Path, Split]:
    parts = [path for path in [folder, *sub_folders(folder)] if path.resolve().name.startswith(PREFIX)]
    named = {path: path.resolve().name.removeprefix(PREFIX) for path in parts if (path / EXAMPLES).is_file()}
    return {path: SPLIT_FOLDERS[name] for path, name in named.items() if name in SPLIT_FOLDERS}


LAYOUT = Layout("nsynth", "nsynth-train/, nsynth-valid/ or nsynth-test/ with examples.json", recognises, read)
