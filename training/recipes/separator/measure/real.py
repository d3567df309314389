"""What the shipped stops do on recordings of people who play and sing.

python -m training.recipes.separator.measure.real BANK OUT.json --voices FILE ... --guitars FILE ...

The figures in docs/evidence/stops.md are of vocadito 1 and two recordings of Gugak-VocalSet (shared/material/README.md), and of
the guitar tracks of Debian's fretsonfire-songs-sectoid: none of them is in the repository, nor was any trained on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.audio.files import read_audio
from drawstop.files import write_json
from drawstop.types import JsonObject
from training.banks.bank import bank_fingerprint
from training.banks.separated_bank import load_separated_bank
from training.recipes.separator.corpus.held_out import FRAMES
from training.recipes.separator.measure.figures import measured
from training.recipes.separator.train import SAMPLE_RATE
from training.separation.mdct import HOP

MOST = 20
"""Clips of 3 s of each file."""
SOFTEST, LEVEL = 0.01, 0.08


def clips_in(files: Sequence[Path]) -> Tensor:
    """The first clips of each file that sound, at a root mean square of 0.08: `[clips, samples]`."""
    chosen = []
    for path in files:
        sound = torch.from_numpy(read_audio(path, SAMPLE_RATE, 1)[0][0])
        clips = sound[: len(sound) // (FRAMES * HOP) * FRAMES * HOP].reshape(-1, FRAMES * HOP)
        levels = clips.square().mean(1, keepdim=True).sqrt()
        chosen.append((clips / levels.clamp(min=1e-6) * LEVEL)[levels[:, 0] > SOFTEST][:MOST])
    return torch.cat(chosen)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description="Measure the shipped stops on recordings of people.")
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--voices", type=Path, nargs="+", required=True)
    parser.add_argument("--guitars", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bank = load_separated_bank(arguments.bank)
    sounds = {"guitar": clips_in(arguments.guitars), "voice": clips_in(arguments.voices)}
    figures: JsonObject = {"bank": bank_fingerprint(arguments.bank)}
    for name, other in (("guitar", "voice"), ("voice", "guitar")):
        count = min(map(len, sounds.values()))
        alone = replace(bank, stops=(bank.stop(name),))
        figures[name] = measured(alone, sounds[name][:count], sounds[other][:count])
    write_json(arguments.out, figures)


if __name__ == "__main__":
    main()
