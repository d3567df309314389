"""The diverse set from nothing: `python -m training.recipes.diverse`. Stopped, it goes on where it was."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

FIGURES = Path(__file__).parents[2] / "demo" / "diverse_figures.json"


def make_diverse(
    run: Annotated[Path, typer.Option(help="Where recordings, latents and SAEs lie.")] = Path("runs/diverse"),
    out: Annotated[Path, typer.Option(help="The figures' file.")] = FIGURES,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Renders the recordings, trains SAEs of the demo's RAVE on them, and measures what concepts they tell."""
    _part("render", "--out", run, "--seed", seed)
    _part("figures", "--run", run, "--rave", FIGURES.parent / "rave.ts", "--out", out, "--seed", seed)


def _part(module: str, *arguments: object) -> None:
    """Runs a part in a process of its own: each gives its memory back."""
    name = f"training.recipes.diverse.{module}"
    subprocess.run([sys.executable, "-m", name, *(str(argument) for argument in arguments)], check=True)


if __name__ == "__main__":
    typer.run(make_diverse)
