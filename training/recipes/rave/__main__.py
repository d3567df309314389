"""The whole recipe of the demo: `python -m training.recipes.rave`. The RAVE's training resumes where it was stopped."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from training.recipes.corpus.corpus import render_corpus
from training.recipes.corpus.recordings import write_recordings

SHIPPED = Path(__file__).parents[2] / "demo"
CLIPS = SHIPPED.parent.parent / "docs" / "clips"
RAVE_STEPS = 18000
CLASSIFIER_STEPS = 700


def make_demo(
    run: Annotated[Path, typer.Option(help="Where the corpus and the checkpoints lie.")] = Path("runs/demo"),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = SHIPPED,
    clips: Annotated[Path, typer.Option(help="Where the clips before and after go.")] = CLIPS,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    steps: Annotated[int, typer.Option(help="RAVE training steps.")] = RAVE_STEPS,
) -> None:
    """Renders the recordings, trains the RAVE, then classifiers and bank, measures, and writes clips."""
    corpus = run / "corpus"
    render_corpus(corpus, seed=seed)
    write_recordings(corpus, out, seed)
    rave = out / "rave.ts"
    inputs = ("--corpus", corpus, "--rave", rave)
    _part("rave.rave_training", "--out", run, "--steps", steps, "--seed", seed)
    _part("rave.export_rave", run, rave)
    _part("rave.bank", *inputs, "--out", out / "bank", "--seed", seed)
    _part(
        "rave.classifier_training", *inputs, "--out", out / "judge.safetensors", "--steps", CLASSIFIER_STEPS
    )
    _part("musicnn.thresholds", *inputs, "--out", out / "tagger.safetensors")
    _part("rave.figures", "--run", run, "--demo", out, "--out", out / "figures.json", "--seed", seed)
    _part("corpus.clips", "--corpus", corpus, "--demo", out, "--out", clips, "--seed", seed)


def _part(module: str, *arguments: object) -> None:
    """Runs a part in a process of its own: acids-rave's export changes torch's and gin's global state."""
    name = f"training.recipes.{module}"
    subprocess.run([sys.executable, "-m", name, *(str(argument) for argument in arguments)], check=True)


if __name__ == "__main__":
    typer.run(make_demo)
