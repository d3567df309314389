"""The command `drawstop evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drawstop.front.calling import program
from drawstop.progress import Progress
from training.commands.options import (
    BankArgument,
    ClapOption,
    ClassifierOption,
    EvidencePromptOption,
    ModelOption,
    OnlyOption,
    OutOption,
    QuickOption,
    RecordingsOption,
    SeedOption,
    look_at_labelled,
)

if TYPE_CHECKING:
    from training.evaluation.open import Asked, Opened

MOST_THREADS = 2
"""More threads gain little on a RAVE, and their number changes how sums are rounded."""


def evaluate(
    bank: BankArgument,
    model: ModelOption = None,
    recordings: RecordingsOption = None,
    only: OnlyOption = None,
    quick: QuickOption = False,
    seed: SeedOption = 0,
    classifier: ClassifierOption = None,
    prompt: EvidencePromptOption = None,
    clap: ClapOption = None,
    out: OutOption = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Measure what a bank's stops do, on recordings that nothing was found on, and print it.

    Each experiment is kept as soon as it's done; a second start goes on from there.

    Example: drawstop evaluate bank/ --model rave.ts --recordings labelled/ --only steering
    """
    import sys

    from rich.console import Console

    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from training.evaluation.context import Options
    from training.evaluation.open import Asked
    from training.evaluation.report.terminal import show
    from training.evaluation.results import to_json

    with steps_bar() as progress:
        asked = Asked(
            bank, model, recordings, Options(seed, quick, clap), tuple(prompt or ()), classifier, out
        )
        opened = open_for_evaluation(asked, progress)
        progress.expect(opened.plan(only or ()))
        results = opened.run_experiments(only or (), progress)
    if json_file is not None:
        write_json(json_file, [to_json(result) for result in results])
    show(Console(width=None if sys.stdout.isatty() else 160), results)
    typer.echo(f"Kept in {opened.folder}. Next: {program()} report {bank}")


def open_for_evaluation(asked: "Asked", progress: Progress) -> "Opened":
    """Look at the recordings, then open them with the bank and its model.

    Args:
        asked: what the user typed.
        progress: called as the parts are read.
    """
    import torch

    from training.evaluation.open import open_asked

    torch.set_num_threads(min(MOST_THREADS, torch.get_num_threads()))
    if asked.recordings is not None:
        look_at_labelled(asked.recordings)
    return open_asked(asked, progress)
