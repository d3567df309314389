"""Guitar music with a male voice, from nothing: `python -m training.recipes.duet`.

Three stops (guitar, male voice, female voice) of the example RAVE are found on the demo's phrases, then measured as
`drawstop evaluate` measures any bank. What is there already isn't made again.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from drawstop.files import write_json
from training.evaluation.context import Options
from training.evaluation.open import Asked, open_asked
from training.evaluation.results import to_json
from training.recipes.corpus.corpus import render_corpus
from training.recipes.corpus.timbres import TIMBRES
from training.recipes.duet.classifier import train_duet_classifier
from training.recipes.duet.labelled import write_labelled
from training.recipes.duet.timbres import CAST, LABELS
from training.recipes.rave.bank import make_demo_bank
from training.shipped import EXAMPLE_FOLDER, EXAMPLE_RAVE

EXPERIMENTS = ("steering", "together", "separability")
THREADS = 2


def make_duet(
    run: Annotated[Path, typer.Option(help="Where recordings, bank and evidence lie.")] = Path("runs/duet"),
    out: Annotated[Path, typer.Option(help="The figures' file.")] = EXAMPLE_FOLDER / "duet_figures.json",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Renders, finds the stops, measures."""
    corpus, labelled, bank, classifier = (
        run / "corpus",
        run / "labelled",
        run / "bank",
        run / "judge.safetensors",
    )
    rave = EXAMPLE_RAVE
    render_corpus(corpus, seed=seed, timbres=[timbre for timbre in TIMBRES if timbre.name in LABELS])
    write_labelled(corpus, labelled)
    if not bank.is_dir():
        make_demo_bank(corpus, rave, bank, seed, cast=CAST)
    torch.set_num_threads(THREADS)
    if not classifier.is_file():
        train_duet_classifier(rave, labelled, classifier, seed)
    opened = open_asked(Asked(bank, rave, labelled, Options(seed=seed), classifier=classifier))
    results = opened.run_experiments(EXPERIMENTS)
    write_json(out, [to_json(replace(result, content=())) for result in results])


if __name__ == "__main__":
    typer.run(make_duet)
