"""The shipped bank: more recordings of the same corpus than the shipped ones, by the same `make_bank`.

The stops are fitted on phrases that neither the judge nor any figure hears.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from drawstop.base.audio_files import write_audio
from drawstop.base.progress import steps_bar
from training.demo.recipe.corpus import array_path
from training.demo.recipe.timbres import TIMBRES
from training.find import FindOptions
from training.make_bank import make_bank
from training.models.rave import RaveModel
from training.stops import save_bank

PHRASES = range(10)  # the judge learns from phrases 10..63, the figures use 64..79
SAMPLE_RATE = 44100
SEED = 0
ON_STEPS = 300
SAE_STEPS = 3000


def write_clips(corpus: Path, out: Path) -> None:
    """Every phrase of every timbre that isn't held out, as `label/NN-t.wav`: the same number is the same phrase."""
    labels = {"guitar": "guitar", "voice": "voice", "other": "neither"}
    count: dict[str, int] = {}
    for timbre in TIMBRES:
        if timbre.held_out:
            continue
        number = count[timbre.concept] = count.get(timbre.concept, -1) + 1
        clips = np.load(array_path(corpus, timbre.name), mmap_mode="r")
        for phrase in PHRASES:
            audio = (np.asarray(clips[phrase], dtype=np.float32) / 32768)[None]
            folder = out / labels[timbre.concept]
            folder.mkdir(parents=True, exist_ok=True)
            write_audio(folder / f"{phrase:02d}-{number}.wav", audio, SAMPLE_RATE)


def make_demo_bank(corpus: Path, rave: Path, out: Path) -> None:
    """Writes the shipped bank."""
    model = RaveModel(rave)
    with tempfile.TemporaryDirectory() as folder:
        write_clips(corpus, Path(folder))
        with steps_bar() as progress:
            options = FindOptions(seed=SEED, on_steps=ON_STEPS, mixtures=400)
            bank = make_bank(model, Path(folder), SEED, progress, sae_steps=SAE_STEPS, options=options)
    save_bank(out, bank)


def main(
    corpus: Annotated[Path, typer.Option()] = Path("runs/demo/corpus"),
    rave: Annotated[Path, typer.Option()] = Path("training/demo/rave.ts"),
    out: Annotated[Path, typer.Option()] = Path("training/demo/bank"),
) -> None:
    """Makes the shipped bank."""
    torch.set_num_threads(1)
    make_demo_bank(corpus, rave, out)


if __name__ == "__main__":
    typer.run(main)
