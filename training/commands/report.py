"""The command `drawstop report`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.evaluate import (
    BankArgument,
    ClapOption,
    EvidencePromptOption,
    JudgeOption,
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
    judge: JudgeOption = None,
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

    with steps_bar() as progress:
        pages = []
        for each, place in ((bank, out), *(((beside, None),) if beside else ())):
            opened = open_bank((each, model, recordings, judge, place), prompt, (seed, quick, clap), progress)
            sections = opened.gather(progress=progress)
            pages.append((opened, sections))
    opened, sections = pages[0]
    page = opened.folder / "report.html"
    if beside is None:
        write_page(page, sections, head_of(opened), opened.folder)
    else:
        write_comparison(page, [(each.name, found, each.folder) for each, found in pages], head_of(opened))
    goals = [goal for section in sections for goal in section.goals]
    typer.echo(f"{sum(goal.reached for goal in goals)} of {len(goals)} goals reached; the page: {page}")
