"""The whole recipe of the demo: `python -m training.demo.recipe`. Every part resumes or is skipped when it is done."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from training.demo.recipe.corpus import render_corpus
from training.demo.recipe.recordings import write_recordings

SHIPPED = Path(__file__).parent.parent
RAVE_STEPS = 5000
RAVE_CAPACITY = 40
JUDGE_STEPS = 700


def make_demo(
    run: Annotated[Path, typer.Option(help="Where the corpus and the checkpoints lie.")] = Path("runs/demo"),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = SHIPPED,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    steps: Annotated[int, typer.Option(help="RAVE training steps.")] = RAVE_STEPS,
) -> None:
    """Renders the recordings, trains the RAVE, then the judge and the bank."""
    corpus = run / "corpus"
    render_corpus(corpus, seed=seed)
    write_recordings(corpus, out, seed)
    rave = out / "rave.ts"
    _part("rave_training", "--out", run, "--steps", steps, "--seed", seed, "--capacity", RAVE_CAPACITY)
    _part("export_rave", run, rave)
    _part(
        "judge_training",
        "--corpus",
        corpus,
        "--rave",
        rave,
        "--out",
        out / "judge.safetensors",
        "--steps",
        JUDGE_STEPS,
    )
    _part("bank", "--corpus", corpus, "--rave", rave, "--out", out / "bank")


def _part(module: str, *arguments: object) -> None:
    """Runs a part in a process of its own: acids-rave's export changes torch's and gin's global state."""
    name = f"training.demo.recipe.{module}"
    subprocess.run([sys.executable, "-m", name, *(str(argument) for argument in arguments)], check=True)


if __name__ == "__main__":
    typer.run(make_demo)
