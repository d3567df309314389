"""The whole recipe of the demo: `python -m training.recipes.rave`. The RAVE's training resumes where it was stopped."""

from pathlib import Path
from typing import Annotated

import typer

from training.recipes.corpus.corpus import render_corpus
from training.recipes.corpus.recordings import write_recordings
from training.recipes.parts import run_part
from training.shipped import EXAMPLE_FOLDER

CLIPS = EXAMPLE_FOLDER.parent.parent / "docs" / "clips"
RAVE_STEPS = 18000
CLASSIFIER_STEPS = 700


def make_demo(
    run: Annotated[Path, typer.Option(help="Where the corpus and the checkpoints lie.")] = Path("runs/demo"),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = EXAMPLE_FOLDER,
    clips: Annotated[Path, typer.Option(help="Where the clips before and after go.")] = CLIPS,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    steps: Annotated[int, typer.Option(help="RAVE training steps.")] = RAVE_STEPS,
) -> None:
    """Renders the recordings, trains the RAVE, then classifiers and bank, measures, and writes clips."""
    corpus = run / "corpus"
    render_corpus(corpus, seed=seed)
    write_recordings(corpus, out, seed)
    rave = out / "rave.ts"
    inputs = ("--corpus", corpus, "--rave", rave)
    run_part("rave.rave_training", "--out", run, "--steps", steps, "--seed", seed)
    run_part("rave.export_rave", run, rave)
    run_part("rave.bank", *inputs, "--out", out / "bank", "--seed", seed)
    run_part(
        "rave.classifier_training", *inputs, "--out", out / "judge.safetensors", "--steps", CLASSIFIER_STEPS
    )
    run_part("musicnn.thresholds", *inputs, "--out", out / "tagger.safetensors")
    run_part("rave.figures", "--run", run, "--demo", out, "--out", out / "figures.json", "--seed", seed)
    run_part("corpus.clips", "--corpus", corpus, "--demo", out, "--out", clips, "--seed", seed)


if __name__ == "__main__":
    typer.run(make_demo)
