"""What a user would bring: folders of sound files with and without a concept, and one of everything to train on.

python -m training.recipes.musicgen.sounds.recordings --run runs/musicgen
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile

from training.recipes.musicgen.sounds.corpus import CONCEPTS, SAMPLE_RATE, TEXTS, Recordings

FOLDER = "recordings"
EVERYTHING = "everything"
OF_EACH_TEXT = 24


def write_recordings(run: Path, seed: int) -> None:
    """`run`/recordings/: everything/, and CONCEPT/with/ and CONCEPT/without/, FLAC files of training phrases."""
    recordings = Recordings(run / "corpus", "train")
    for number, text in enumerate(TEXTS):
        rng = np.random.default_rng((seed, number))
        for take in range(OF_EACH_TEXT):
            sound = recordings.sound(rng, text)
            for folder in [run / FOLDER / EVERYTHING, *(folder_of(run, c, text) for c in CONCEPTS)]:
                folder.mkdir(parents=True, exist_ok=True)
                soundfile.write(folder / f"{text}-{take:02}.flac", sound, SAMPLE_RATE)


def folder_of(run: Path, concept: str, text: str) -> Path:
    """The folder of a text's recordings to find a concept with."""
    return run / FOLDER / concept / ("with" if concept in TEXTS[text] else "without")


def main() -> None:
    """Command line: write the folders."""
    parser = argparse.ArgumentParser(description="Write recordings as a user would bring them.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_recordings(options.run, options.seed)


if __name__ == "__main__":
    main()
