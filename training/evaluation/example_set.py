"""The example RAVE's files, and its recordings as a labelled set: its bank is evaluated on them where no others are given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from drawstop.files import sha256_file
from training.banks.bank import StopBank
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.shipped import EXAMPLE_FOLDER

LABELS: dict[str, frozenset[str]] = {
    "guitar": frozenset({"guitar"}),
    "voice": frozenset({"voice"}),
    "both": frozenset({"guitar", "voice"}),
    "neither": frozenset(),
}


@dataclass(frozen=True)
class ExampleFiles:
    """The files of the example RAVE that an evaluation needs."""

    folder: Path
    classified: frozenset[str] = frozenset({"guitar", "voice"})
    """The concepts that its classifier knows."""

    @property
    def rave(self) -> Path:
        """The example RAVE."""
        return self.folder / "rave.ts"

    @property
    def recordings(self) -> Path:
        """The folder of `train/` and `held_out/`."""
        return self.folder / "recordings"

    @property
    def classifier(self) -> Path:
        """A classifier that was trained on renderings that aren't shipped."""
        return self.folder / "judge.safetensors"

    @property
    def musicnn(self) -> Path:
        """A published classifier."""
        return self.folder / "tagger.safetensors"

    def is_of(self, bank: StopBank) -> bool:
        """Whether a bank is of the example RAVE."""
        return self.rave.is_file() and sha256_file(self.rave) == bank.model_fingerprint


EXAMPLE = ExampleFiles(EXAMPLE_FOLDER)


def example_set(folder: Path) -> LabelledSet:
    """The recordings of `training/demo/recordings` (`train/`, `held_out/`), with the timbres of its manifest."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    recordings = []
    for clip in manifest["clips"]:
        path = folder / clip["file"]
        part, label = Path(clip["file"]).parts[:2]
        if label in LABELS and part in ("train", "held_out"):
            recordings.append(
                LabelledRecording(
                    path,
                    LABELS[label],
                    sha256_file(path),
                    "test" if part == "held_out" else "train",
                    timbre="+".join(clip["timbres"]),
                    new_timbre=clip["held_out_timbre"],
                )
            )
    return LabelledSet("the example recordings", "folders", tuple(recordings))
