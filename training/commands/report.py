"""The command `drawstop report`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.evaluate import (
    EXPERIMENT_STEPS,
    BankArgument,
    ClapOption,
    ClassifierOption,
    EvidencePromptOption,
    ModelOption,
    OutOption,
    QuickOption,
    RecordingsOption,
    SeedOption,
    open_bank,
)


def report(
    bank: BankArgument,
    model: ModelOption = None,
    recordings: RecordingsOption = None,
    beside: Annotated[
        Path | None, typer.Option(help="A second bank of the same model and recordings, shown beside.")
    ] = None,
    quick: QuickOption = False,
    seed: SeedOption = 0,
    classifier: ClassifierOption = None,
    prompt: EvidencePromptOption = None,
    clap: ClapOption = None,
    out: OutOption = None,
) -> None:
    """Measure everything, and write one HTML page that works offline: figures, plots, sounds, goals reached and missed.

    Interrupted, it goes on from the last finished experiment.

    Example: drawstop report training/demo/bank --quick
    """
    from drawstop.progress import steps_bar
    from training.evaluation.open import head_of
    from training.evaluation.report.page import write_comparison, write_page

    with steps_bar(EXPERIMENT_STEPS) as progress:
        pages = []
        for each, place in ((bank, out), *(((beside, None),) if beside else ())):
            opened = open_bank(
                (each, model, recordings, classifier, place), prompt, (seed, quick, clap), progress
            )
            results = opened.run_experiments(progress=progress)
            pages.append((opened, results))
    opened, results = pages[0]
    page = opened.folder / "report.html"
    if beside is None:
        write_page(page, results, head_of(opened), opened.folder)
    else:
        write_comparison(page, [(each.name, found, each.folder) for each, found in pages], head_of(opened))
    goals = [goal for result in results for goal in result.goals]
    typer.echo(f"{sum(goal.reached for goal in goals)} of {len(goals)} goals reached; the page: {page}")
