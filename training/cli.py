"""The command `drawstop find`."""

from pathlib import Path
from typing import Annotated

import typer


def find(
    bank: Annotated[
        Path, typer.Argument(help="A bank, as drawstop train wrote it; the stop is added to it.")
    ],
    name: Annotated[str, typer.Argument(help="What to call the stop.")],
    with_folder: Annotated[Path, typer.Option("--with", help="A folder of recordings with the concept.")],
    without_folder: Annotated[Path, typer.Option("--without", help="A folder of recordings without it.")],
    model: Annotated[Path, typer.Option(help="The RAVE that the bank was trained on.")],
    kind: Annotated[
        str,
        typer.Option(
            help="gated: a small network that hears who plays; static: constants; auto: the better one."
        ),
    ] = "auto",
    like: Annotated[
        str,
        typer.Option(help="Which recordings with the concept +1 should sound like, as a file name pattern."),
    ] = "*",
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed",
            help="The recordings with the concept hold other sounds too: features are ranked, not fitted.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same stop.")] = 0,
) -> None:
    """Find a concept from recordings with and without it, and add it to the bank as a stop.

    To bring the concept in (+1) it needs recordings that play the same thing with and without it: the same file name in
    both folders, or the same name up to an @, as in solo@guitar.wav and solo@voice.wav.

    Example: drawstop find bank/ guitar --with guitar/ --without other/ --model rave.ts
    """
    from drawstop.base.audio_files import list_audio
    from drawstop.base.errors import DrawstopError
    from drawstop.base.progress import steps_bar
    from training.stops import load_bank, save_bank

    with_paths, without_paths = list_audio(with_folder), list_audio(without_folder)
    if {path.resolve() for path in with_paths} & {path.resolve() for path in without_paths}:
        raise DrawstopError(
            f"{with_folder} and {without_folder} share recordings; a concept needs both kinds, in two folders"
        )
    from training.find import FindOptions, find_stop, kind_of
    from training.models.opening import open_rave

    options = FindOptions(seed=seed, kind=kind_of(kind), like=like, mixed=mixed)
    opened = open_rave(model, load_bank(bank).site)
    loaded = load_bank(bank, opened.fingerprint)
    with steps_bar() as progress:
        stop = find_stop(opened, loaded.sae, name, with_paths, without_paths, options, progress=progress)
    save_bank(bank, loaded.with_stop(stop))
    typer.echo(f"{bank}: the stop {stop.slug} ({stop.name})")
    for key, value in sorted(stop.figures.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")
