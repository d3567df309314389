"""The diverse set from nothing: `python -m training.recipes.diverse`. Stopped, it goes on where it was."""

from pathlib import Path
from typing import Annotated

import typer

from training.recipes.parts import run_part
from training.shipped import EXAMPLE_FOLDER

FIGURES = EXAMPLE_FOLDER / "diverse_figures.json"


def make_diverse(
    run: Annotated[Path, typer.Option(help="Where recordings, latents and SAEs lie.")] = Path("runs/diverse"),
    out: Annotated[Path, typer.Option(help="The figures' file.")] = FIGURES,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Renders the recordings, trains SAEs of the example RAVE on them, and measures what concepts they tell."""
    run_part("diverse.render", "--out", run, "--seed", seed)
    run_part(
        "diverse.figures", "--run", run, "--rave", FIGURES.parent / "rave.ts", "--out", out, "--seed", seed
    )


if __name__ == "__main__":
    typer.run(make_diverse)
