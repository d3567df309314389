"""The command `drawstop report`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.evaluate import open_for_evaluation
from training.commands.options import (
    BankArgument,
    ClapOption,
    ClassifierOption,
    EvidencePromptOption,
    ModelOption,
    OutOption,
    QuickOption,
    RecordingsOption,
    SeedOption,
)

WRITING, WRITING_S = "writing the page", 3.0
"""The last step's name, and about how many seconds it takes."""


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
    from drawstop.progress import named, steps_bar
    from training.evaluation.context import Options
    from training.evaluation.open import Asked, head_of
    from training.evaluation.report.page import write_comparison, write_page

    options, prompts = Options(seed, quick, clap), tuple(prompt or ())
    places = ((bank, out), *(((beside, None),) if beside else ()))
    with steps_bar() as progress:
        reporters = [named(progress, str(each)) if beside else progress for each, _ in places]
        pages = [
            open_for_evaluation(Asked(each, model, recordings, options, prompts, classifier, place), reporter)
            for (each, place), reporter in zip(places, reporters, strict=True)
        ]
        plans = [
            opened.plan(prefix=f"{each}: " if beside else "")
            for opened, (each, _) in zip(pages, places, strict=True)
        ]
        progress.expect([*(step for plan in plans for step in plan), [(WRITING, WRITING_S)]])
        results = [
            opened.run_experiments(progress=reporter)
            for opened, reporter in zip(pages, reporters, strict=True)
        ]
        opened = pages[0]
        page = opened.folder / "report.html"
        progress(WRITING, 0, 1)
        if beside is None:
            write_page(page, results[0], head_of(opened), opened.folder)
        else:
            compared = [(e.name, found, e.folder) for e, found in zip(pages, results, strict=True)]
            write_comparison(page, compared, head_of(opened))
        progress(WRITING, 1, 1)
    goals = [goal for result in results[0] for goal in result.goals]
    typer.echo(f"{sum(goal.reached for goal in goals)} of {len(goals)} goals reached; the page: {page}")
