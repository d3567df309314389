"""The command `drawstop evaluate`, and the options that it shares with `drawstop report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drawstop.front.calling import program
from drawstop.progress import Progress
from training.commands.options import look_at_labelled

if TYPE_CHECKING:
    from training.evaluation.open import Opened

MOST_THREADS = 2
"""More gain little on a RAVE; a sum's order, and so its last bit, depends on how many there are."""

BankArgument = Annotated[Path, typer.Argument(help="A bank with stops, as drawstop find made them.")]
ModelOption = Annotated[
    Path | None,
    typer.Option(help="The model that the bank is of; the example bank in training/demo knows its own."),
]
RecordingsOption = Annotated[
    Path | None,
    typer.Option(
        help="Labelled recordings: a sub-folder for each concept (guitar/, voice/, guitar+voice/, neither/), or a data set in "
        "its own layout. The example bank has its own."
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
    Path | None,
    typer.Option("--clap", help="A published CLAP's folder: one classifier more, asked in words."),
]
ClassifierOption = Annotated[
    Path | None,
    typer.Option(
        "--judge", help="A trained classifier of the concepts; one is trained on the recordings otherwise."
    ),
]
EvidencePromptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        help="Of a MusicGen: a description of pieces, LABELS=TEXT, as in guitar+voice='a folk song' or neither=piano; several "
        "times for several.",
    ),
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
    from training.evaluation.report.terminal import show
    from training.evaluation.results import to_json

    with steps_bar() as progress:
        opened = open_bank((bank, model, recordings, classifier, out), prompt, (seed, quick, clap), progress)
        progress.expect(opened.plan(only or ()))
        results = opened.run_experiments(only or (), progress)
    if json_file is not None:
        write_json(json_file, [to_json(result) for result in results])
    show(Console(width=None if sys.stdout.isatty() else 160), results)
    typer.echo(f"Kept in {opened.folder}. Next: {program()} report {bank}")


def open_bank(
    paths: tuple[Path, Path | None, Path | None, Path | None, Path | None],
    prompts: list[str] | None,
    asked: tuple[int, bool, Path | None],
    progress: Progress,
) -> "Opened":
    """Open what is to be measured.

    Args:
        paths: the bank, the model, the recordings, the classifier and the results' folder.
        prompts: of a MusicGen, `LABELS=TEXT` each.
        asked: the seed, `--quick`, and CLAP's folder.
        progress: called as the parts are read.
    """
    import torch

    from training.evaluation.context import Options
    from training.evaluation.open import Asked, open_asked

    torch.set_num_threads(min(MOST_THREADS, torch.get_num_threads()))
    bank, model, recordings, classifier, out = paths
    if recordings is not None:
        look_at_labelled(recordings)
    return open_asked(
        Asked(bank, model, recordings, Options(*asked), tuple(prompts or ()), classifier, out), progress
    )
