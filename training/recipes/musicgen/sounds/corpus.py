"""The small MusicGen's recordings: the demo's timbres at a low rate, drawn by what a text says.

python -m training.recipes.musicgen.sounds.corpus --out runs/musicgen/corpus
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from drawstop.files import write_json
from training.recipes.corpus.corpus import render_corpus
from training.recipes.corpus.timbres import TIMBRES

SAMPLE_RATE = 8000
"""Half the samples to learn per second of sound: all that tells these timbres apart lies below 4 kHz."""

RENDERED_RATE = 32000
"""FluidSynth has no filter against aliasing: it plays at this rate, and soxr takes the sound down."""
TEXTS: dict[str, tuple[str, ...]] = {
    "guitar": ("guitar",),
    "voice": ("voice",),
    "both": ("guitar", "voice"),
    "neither": ("other",),
}
"""The kinds of timbre that sound together in the recordings of each text."""

CONCEPTS = ("guitar", "voice")
PLAYED = (
    "fluid-nylon",
    "fluid-choir",
    "fluid-steel",
    "muse-choir",
    "fluid-flute",
    "tim-clarinet",
)
"""Few timbres, so that a model of this size learns them within an hour of one core; none of *other* decays as a guitar does."""

MIXTURE_DB = 4.0
"""The parts of a mixture differ in level by at most so much, up or down."""

Audio = NDArray[np.float32]


class Recordings:
    """The timbres' phrases of one split (train, validation or test), by kind."""

    def __init__(self, folder: Path, split: str) -> None:
        index = json.loads((folder / "index.json").read_text())
        self.phrases = [i for i, phrase in enumerate(index["phrases"]) if phrase["split"] == split]
        self.clips: dict[str, list[NDArray[np.int16]]] = {}
        for timbre in index["timbres"]:
            clips = np.load(folder / timbre["file"], mmap_mode="r")
            self.clips.setdefault(timbre["concept"], []).append(clips)
        self.samples: int = clips.shape[1]

    def phrase(self, rng: np.random.Generator, kind: str) -> Audio:
        """One whole phrase `[samples]` of a random timbre of that kind."""
        clips = self.clips[kind][rng.integers(len(self.clips[kind]))]
        return clips[rng.choice(self.phrases)].astype(np.float32) / 32767

    def sound(self, rng: np.random.Generator, text: str) -> Audio:
        """A whole phrase `[samples]` of what the text says; a mixture's parts are of different phrases."""
        parts = [self.phrase(rng, kind) for kind in TEXTS[text]]
        if len(parts) == 1:
            return parts[0]
        gains = 10 ** (rng.uniform(-MIXTURE_DB, MIXTURE_DB, (len(parts), 1)) / 40)
        mixture: Audio = (gains * np.stack(parts)).sum(0) / np.sqrt(len(parts))
        return mixture.astype(np.float32)


def main() -> None:
    """Command line: render the recordings."""
    parser = argparse.ArgumentParser(description="Render the small MusicGen's recordings.")
    parser.add_argument("--out", type=Path, default=Path("runs/musicgen/corpus"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    played = sorted((t for t in TIMBRES if t.name in PLAYED), key=lambda t: PLAYED.index(t.name))
    rendered = render_corpus(
        options.out / "rendered", seed=options.seed, sample_rate=RENDERED_RATE, timbres=played
    )
    take_down(rendered, options.out)


def take_down(rendered: Path, out: Path) -> None:
    """Resample the clips of the index `rendered` from RENDERED_RATE to SAMPLE_RATE into `out`."""
    index = json.loads(rendered.read_text())
    for timbre in index["timbres"]:
        clips = np.load(rendered.parent / timbre["file"])
        lower = np.stack([soxr.resample(clip, RENDERED_RATE, SAMPLE_RATE) for clip in clips])
        np.save(out / timbre["file"], lower)
    write_json(out / "index.json", index | {"sample_rate": SAMPLE_RATE})


if __name__ == "__main__":
    main()
