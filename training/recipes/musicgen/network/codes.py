"""The recordings as codes of the exported EnCodec, what the language model learns from, and what EnCodec makes of a sound.

python -m training.recipes.musicgen.network.codes --run runs/musicgen --musicgen training/demo/musicgen
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from audiocraft.models.encodec import CompressionModel
from audiocraft.models.loaders import load_compression_model
from audiocraft.models.musicgen import MusicGen
from torch import Tensor

from training.recipes.musicgen.sounds.corpus import TEXTS, Recordings

FOLDER = "codes"
PHRASES = 1024
"""So many phrases of each text to learn from."""
HELD_OUT_PHRASES = 64
_AT_ONCE = 16


@torch.no_grad()
def write_codes(run: Path, musicgen: Path, split: str, seed: int, phrases: int = PHRASES) -> None:
    """`run`/codes/SPLIT-TEXT.npy: uint8 `[phrases, codebooks, frames]`."""
    model: CompressionModel = load_compression_model(musicgen)
    recordings = Recordings(run / "corpus", split)
    (run / FOLDER).mkdir(exist_ok=True)
    for number, text in enumerate(TEXTS):
        rng = np.random.default_rng((seed, number))
        codes = []
        for first in range(0, phrases, _AT_ONCE):
            sounds = [recordings.sound(rng, text) for _ in range(min(_AT_ONCE, phrases - first))]
            codes.append(model.encode(torch.from_numpy(np.stack(sounds))[:, None])[0])
        np.save(codes_path(run, split, text), torch.cat(codes).to(torch.uint8).numpy())


@torch.no_grad()
def reconstruct(model: MusicGen, audio: Tensor) -> Tensor:
    """EnCodec's reconstructions of `[clips, samples]`."""
    codes, _ = model.compression_model.encode(audio[:, None])
    return model.compression_model.decode(codes)[:, 0, : audio.shape[1]]


def codes_path(run: Path, split: str, text: str) -> Path:
    """The file of a split's codes of a text."""
    return run / FOLDER / f"{split}-{text}.npy"


def main() -> None:
    """Command line: write the codes of the training and the validation phrases."""
    parser = argparse.ArgumentParser(description="Write the recordings' codes.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--musicgen", type=Path, default=Path("training/demo/musicgen"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    write_codes(options.run, options.musicgen, "train", options.seed)
    write_codes(options.run, options.musicgen, "validation", options.seed + 1, HELD_OUT_PHRASES)


if __name__ == "__main__":
    main()
