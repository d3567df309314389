"""The clips that a reader can play: before and after, of the example bank on held-out phrases.

python -m training.recipes.corpus.clips --corpus runs/demo/corpus --demo training/demo --out docs/clips
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.banks.bank import load_bank
from training.evaluation.playback.edits import by_bank
from training.models.rave.model import RaveModel
from training.recipes.corpus.recordings import fade_out, write_flac16
from training.recipes.corpus.timbres import TARGETS
from training.recipes.rave.held_out_clips import draw_clips

ITEM = 0
SETS = {"known": False, "unheard-timbre": True}
EDITS: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("mixture", "mixture-guitar-off", {"guitar": -1.0}),
    ("mixture", "mixture-voice-off", {"voice": -1.0}),
    ("guitar", "guitar-off-voice-on", {"guitar": -1.0, "voice": 1.0}),
    ("guitar", "guitar-with-voice-on", {"voice": 1.0}),
    ("voice", "voice-off-guitar-on", {"voice": -1.0, "guitar": 1.0}),
)
"""The instrument that plays, the clip's name, and the knobs."""


def write_reader_clips(corpus: Path, demo: Path, out: Path, seed: int = 0) -> list[Path]:
    """Writes 3 s clips: the first item drawn for each set, whichever it is; originals, knobs at rest, and each edit."""
    model = RaveModel(demo / "rave.ts")
    edit = by_bank(load_bank(demo / "bank", model.fingerprint))
    rate = model.rates.sample_rate
    written: list[Path] = []

    def write(name: str, sound: Tensor) -> None:
        written.append(out / f"{name}.flac")
        write_flac16(written[-1], fade_out(sound.numpy(), rate), rate)

    for name, held_out in SETS.items():
        clips = draw_clips(model, corpus, TARGETS, held_out, 1, seed)
        for key in ("guitar", "voice", "mixture"):
            write(f"{name}/{key}-0-original", clips.originals[key][ITEM])
            write(f"{name}/{key}-1-knobs-at-rest", clips.rendered[key][ITEM])
        for key, label, values in EDITS:
            write(f"{name}/{label}", clips.sound(model, edit(clips.latents[key], values))[ITEM])
    return written


def main() -> None:
    """Command line: write the clips."""
    parser = argparse.ArgumentParser(description="Write the clips before and after.")
    parser.add_argument("--corpus", type=Path, default=Path("runs/demo/corpus"))
    parser.add_argument("--demo", type=Path, default=Path("training/demo"))
    parser.add_argument("--out", type=Path, default=Path("docs/clips"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for path in write_reader_clips(options.corpus, options.demo, options.out, options.seed):
        print(path)


if __name__ == "__main__":
    main()
