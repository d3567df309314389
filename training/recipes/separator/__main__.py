"""The whole recipe of the shipped instrument: `python -m training.recipes.separator --material FOLDER`; every part resumes."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

SHIPPED = Path(__file__).parents[2] / "shipped"
CLIPS = SHIPPED.parent.parent / "docs" / "clips" / "shipped"
STEPS = 6000


def make_shipped(
    material: Annotated[
        Path, typer.Option(help="The folder that training/recipes/separator/material.py describes.")
    ],
    run: Annotated[Path, typer.Option(help="Where the corpus and the checkpoints lie.")] = Path(
        "runs/separator"
    ),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = SHIPPED,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    steps: Annotated[
        int,
        typer.Option(
            help="Training steps, about half a second of one core each, and as much of another that draws mixtures."
        ),
    ] = STEPS,
    bfloat16: Annotated[
        bool,
        typer.Option(
            "--bfloat16", help="Train in bfloat16, as the shipped weights were: for processors that have it."
        ),
    ] = False,
) -> None:
    """Renders the corpus, trains the separator, writes codec, bank and performance, and measures; `real` is run by hand."""
    corpus, bank = run / "corpus", out / "bank"
    clips = ("--corpus", corpus)
    _part("render", corpus, "--material", material, "--seed", seed)
    _part("codec", out / "rave.ts")
    _part("train", run, *clips, "--steps", steps, "--seed", seed, *(["--bfloat16"] if bfloat16 else []))
    _part("bank", run, bank, *clips)
    _part("performance", out / "performance", *clips)
    _part("clips", CLIPS)
    _part("figures", bank, out / "figures.json", *clips)
    _part("detected", bank, out / "detected.json", *clips)
    _part("brought", bank, out / "brought.json", *clips)
    _part("few", bank, out / "few.json", *clips)


def _part(module: str, *arguments: object) -> None:
    """Runs a part in a process of its own: acids-rave's export changes torch's global state."""
    name = f"training.recipes.separator.{module}"
    subprocess.run([sys.executable, "-m", name, *(str(argument) for argument in arguments)], check=True)


if __name__ == "__main__":
    typer.run(make_shipped)
