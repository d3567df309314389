"""The commands `drawstop evaluate` and `drawstop report`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.evidence.subject import Subject

THREADS = 2
"""A sum's order, and so its last bit, depends on it."""

Progress = Callable[[str, int, int], None]

BankArgument = Annotated[Path, typer.Argument(help="A bank with stops, as drawstop find made them.")]
ModelOption = Annotated[
    Path | None, typer.Option(help="The model that the bank is of; the demo's bank knows its own.")
]
RecordingsOption = Annotated[
    Path | None,
    typer.Option(
        help="Labelled recordings: a sub-folder for each concept (guitar/, voice/, guitar+voice/, neither/), or a data set in "
        "its own layout. The demo's bank has its own."
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", help="An experiment; several times for several. All of them otherwise."),
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="Fewer clips and layers: minutes instead of a quarter of an hour.")
]
SeedOption = Annotated[int, typer.Option(help="Same seed, same figures.", min=0)]
ClapOption = Annotated[
    Path | None, typer.Option("--clap", help="A published CLAP's folder: one judge more, asked in words.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Where results and sounds are kept; BANK.evidence otherwise.")
]


def evaluate(
    bank: BankArgument,
    model: ModelOption = None,
    recordings: RecordingsOption = None,
    only: OnlyOption = None,
    quick: QuickOption = False,
    seed: SeedOption = 0,
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

    from drawstop.base.files import write_json
    from drawstop.base.progress import steps_bar
    from training.evidence.gather import gather
    from training.evidence.section import to_json
    from training.evidence.terminal import show

    with steps_bar() as progress:
        subject = _subject(bank, model, recordings, out, (seed, quick, clap), progress)
        sections = gather(subject, bank, only or ())
    if json_file is not None:
        write_json(json_file, [to_json(section) for section in sections])
    show(Console(width=None if sys.stdout.isatty() else 160), sections)
    typer.echo(f"Kept in {subject.folder}. Next: drawstop report {bank}")


def report(
    bank: BankArgument,
    model: ModelOption = None,
    recordings: RecordingsOption = None,
    beside: Annotated[
        Path | None, typer.Option(help="A second bank of the same model and recordings, shown beside.")
    ] = None,
    quick: QuickOption = False,
    seed: SeedOption = 0,
    clap: ClapOption = None,
    out: OutOption = None,
) -> None:
    """Measure everything, and write one HTML page that works offline: figures, plots, sounds, goals reached and missed.

    Interrupted, it goes on from the last finished experiment.

    Example: drawstop report training/demo/bank --quick
    """
    from drawstop.base.progress import steps_bar
    from training.evidence.gather import gather
    from training.evidence.page.pages import write_comparison, write_page
    from training.evidence.provenance import head_of

    with steps_bar() as progress:
        subject = _subject(bank, model, recordings, out, (seed, quick, clap), progress)
        sections = gather(subject, bank)
        page = subject.folder / "report.html"
        if beside is None:
            write_page(page, sections, head_of(subject, bank), subject.folder)
        else:
            second = _subject(beside, model, recordings, None, (seed, quick, clap), progress)
            others = gather(second, beside)
            pair = [(bank.name, sections, subject.folder), (beside.name, others, second.folder)]
            write_comparison(page, pair, head_of(subject, bank))
    goals = [goal for section in sections for goal in section.goals]
    typer.echo(f"{sum(goal.reached for goal in goals)} of {len(goals)} goals reached; the page: {page}")


def _subject(
    bank: Path,
    model: Path | None,
    recordings: Path | None,
    out: Path | None,
    asked: tuple[int, bool, Path | None],
    progress: Progress,
) -> "Subject":
    """What is to be examined; of the demo's bank the model, the recordings and the judge are known."""
    import torch

    from drawstop.base.errors import DrawstopError
    from drawstop.base.files import require_writable
    from training.evidence.layouts import read_labelled
    from training.evidence.shipped import SHIPPED, shipped_set
    from training.evidence.subject import Options, Subject
    from training.models.opening import open_rave
    from training.stops import load_bank

    torch.set_num_threads(THREADS)
    loaded = load_bank(bank)
    if not loaded.stops:
        raise DrawstopError(f"{bank} has no stop yet: find one first (drawstop find)")
    ours = SHIPPED.is_of(loaded)
    if (model is None or recordings is None) and not ours:
        raise DrawstopError(f"{bank} is no bank of the demo's: say its --model and its --recordings")
    opened = open_rave(model or SHIPPED.rave, loaded.site)
    loaded = load_bank(bank, opened.fingerprint)
    data = shipped_set(SHIPPED.recordings) if recordings is None else read_labelled(recordings, seed=asked[0])
    judge = SHIPPED.judge if ours and set(s.name for s in loaded.stops) <= SHIPPED.judged else None
    folder = out or bank.with_name(f"{bank.name}.evidence")
    require_writable(folder)
    return Subject(opened, loaded, data, folder, Options(*asked), judge, progress)
