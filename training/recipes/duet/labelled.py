"""The recordings that the duet's evidence is measured on: phrases that no stop was found on, by who plays."""

import json
from pathlib import Path

import numpy as np

from training.recipes.corpus.recordings import write_flac16
from training.recipes.duet.timbres import LABELS
from training.recipes.rave.bank import PHRASES

JUDGED_PHRASES = 24
"""Number of phrases that classifiers and baselines are trained on; the stops are found on the phrases before them."""
UNSEEN_PHRASES = 12


def write_labelled(corpus: Path, out: Path) -> None:
    """`train/LABEL/TIMBRE/PP.flac` and `test/...`, held-out timbres in the test only; a file that is there stays."""
    index = json.loads((corpus / "index.json").read_text())
    tests = [i for i, phrase in enumerate(index["phrases"]) if phrase["split"] == "test"][:UNSEEN_PHRASES]
    for timbre in index["timbres"]:
        clips = np.load(corpus / timbre["file"], mmap_mode="r")
        learned = [] if timbre["held_out"] else list(range(PHRASES, PHRASES + JUDGED_PHRASES))
        for split, phrases in (("train", learned), ("test", tests)):
            for phrase in phrases:
                path = out / split / LABELS[timbre["name"]] / timbre["name"] / f"{phrase:03d}.flac"
                if not path.is_file():
                    write_flac16(path, clips[phrase].astype(np.float32) / 32767, index["sample_rate"])
