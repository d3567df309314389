"""The whole recipe of the shipped instrument: `python -m training.recipes.separator --material FOLDER`; every part resumes."""

from pathlib import Path
from typing import Annotated

import typer

from training.recipes.parts import run_part
from training.shipped import SHIPPED_RAVE

SHIPPED = SHIPPED_RAVE.parent
CLIPS = SHIPPED.parent.parent / "docs" / "clips" / "shipped"
STEPS = 6000


def make_shipped(
    material: Annotated[
        Path, typer.Option(help="The folder that training/recipes/separator/corpus/material.py describes.")
    ],
    run: Annotated[Path, typer.Option(help="Where the corpus and the checkpoints lie.")] = Path(
        "runs/separator"
    ),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = SHIPPED,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
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
    run_part("separator.corpus.render", corpus, "--material", material, "--seed", seed)
    run_part("separator.codec", out / "rave.ts")
    run_part(
        "separator.train",
        run,
        *clips,
        "--steps",
        steps,
        "--seed",
        seed,
        *(["--bfloat16"] if bfloat16 else []),
    )
    run_part("separator.bank", run, bank, *clips)
    run_part("separator.performance", out / "performance", *clips)
    run_part("separator.clips", CLIPS)
    run_part("separator.measure.figures", bank, out / "figures.json", *clips)
    run_part("separator.measure.detected", bank, out / "detected.json", *clips)
    run_part("separator.measure.brought", bank, out / "brought.json", *clips)
    run_part("separator.measure.few", bank, out / "few.json", *clips)


if __name__ == "__main__":
    typer.run(make_shipped)
