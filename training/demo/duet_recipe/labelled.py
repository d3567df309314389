"""The recordings that the duet's evidence is measured on: phrases that no stop was found on, by who plays.

python -m training.demo.duet_recipe.labelled --corpus runs/duet/corpus --out runs/duet/labelled
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from training.demo.duet_recipe.timbres import LABELS
from training.demo.recipe.bank import PHRASES
from training.demo.recipe.recordings import write_flac16

JUDGED_PHRASES = 24
"""That ears and baselines learn from; the stops are found on the ones before."""
UNSEEN_PHRASES = 12


def write_labelled(corpus: Path, out: Path) -> int:
    """`train/LABEL/TIMBRE/PP.flac` and `test/...`, held-out timbres in the test only; how many files that are."""
    index = json.loads((corpus / "index.json").read_text())
    tests = [i for i, phrase in enumerate(index["phrases"]) if phrase["split"] == "test"][:UNSEEN_PHRASES]
    written = 0
    for timbre in index["timbres"]:
        clips = np.load(corpus / timbre["file"], mmap_mode="r")
        learned = [] if timbre["held_out"] else list(range(PHRASES, PHRASES + JUDGED_PHRASES))
        for split, phrases in (("train", learned), ("test", tests)):
            for phrase in phrases:
                path = out / split / LABELS[timbre["name"]] / timbre["name"] / f"{phrase:03d}.flac"
                write_flac16(path, clips[phrase].astype(np.float32) / 32767, index["sample_rate"])
                written += 1
    return written


def main(
    corpus: Annotated[Path, typer.Option()] = Path("runs/duet/corpus"),
    out: Annotated[Path, typer.Option()] = Path("runs/duet/labelled"),
) -> None:
    """Writes the labelled recordings."""
    typer.echo(f"{write_labelled(corpus, out)} recordings in {out}")


if __name__ == "__main__":
    typer.run(main)
