"""The command `drawstop find`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import (
    WITH,
    WITHOUT,
    LayersOption,
    MusicGenDeviceOption,
    OtherPromptOption,
    PiecesOption,
    PromptOption,
    SecondsOption,
)

if TYPE_CHECKING:
    from training.find.concept import Found


def find(
    bank: Annotated[
        Path, typer.Argument(help="A bank, as drawstop train wrote it; the stop is added to it.")
    ],
    name: Annotated[str, typer.Argument(help="What to call the stop.")],
    with_folder: Annotated[Path | None, WITH] = None,
    without_folder: Annotated[Path | None, WITHOUT] = None,
    feature: Annotated[
        list[int] | None,
        typer.Option(
            help="In place of recordings: a feature of the bank's SAE, by its number in the report's atlas; several times for "
            "several. -1 takes it away, +1 doubles it."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="The RAVE or the MusicGen that the bank was trained on. Without: the shipped model."
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="gated: a small network that follows what plays; static: constants; auto: the better one. Of a MusicGen: static "
            "(features), direction (the difference of means), auto (on each side the better one), or to compare with, random or "
            "random-direction."
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
    prompt: PromptOption = None,
    other_prompt: OtherPromptOption = None,
    pieces: PiecesOption = 16,
    seconds: SecondsOption = 4.0,
    layers: LayersOption = 3,
    features: Annotated[
        int,
        typer.Option(
            help="Likewise: features of each layer's autoencoder; 0: none, for differences of means alone.",
            min=0,
        ),
    ] = 512,
    device: MusicGenDeviceOption = "auto",
) -> None:
    """Find a concept from recordings with and without it, and add it to the bank as a stop; or put features on a knob.

    To bring the concept in (+1) it needs recordings that play the same thing with and without it: the same file name in
    both folders, or the same name up to an @, as in solo@guitar.wav and solo@voice.wav.

    On a MusicGen's layers, which features, which layers and how strong is chosen by what they do to the model's predictions, and
    by a classifier that listens to generated pieces (--prompt, --other-prompt, --pieces, --seconds; --pieces 0: by the
    predictions alone). Where BANK isn't there yet, all layers are compared first, and autoencoders trained for the best few.

    Example: drawstop find bank/ guitar --with guitar/ --without other/ --model rave.ts

    Example: drawstop find banks/ guitar --with guitar/ --without other/ --model musicgen-small/ --prompt "guitar solo"

    Example: drawstop find bank/ pluck --feature 412
    """
    from functools import partial

    from drawstop.errors import DrawstopError
    from drawstop.progress import steps_bar
    from training.find.concept import ConceptOptions, find_concept, name_features
    from training.shipped import SHIPPED_RAVE

    if feature is not None:
        if unused := with_folder or without_folder or model:
            raise DrawstopError(f"--feature needs neither recordings nor a model: leave {unused} out")
        _say(bank, name_features(bank, name, feature))
        return
    if with_folder is None or without_folder is None:
        raise DrawstopError(
            "a concept needs recordings with and without it: --with FOLDER --without FOLDER (or --feature NUMBER)"
        )
    model = model or SHIPPED_RAVE
    options = ConceptOptions(
        kind, like, mixed, seed, prompt, other_prompt, pieces, seconds, layers, features, device
    )
    with steps_bar() as progress:
        stops = find_concept(
            bank, name, (with_folder, without_folder), model, options, progress, partial(typer.echo, err=True)
        )
    _say(bank, stops)


def _say(bank: Path, stops: "Found") -> None:
    """Print what was found, by the first of the sites."""
    stop = next(iter(stops.values()))
    where = f" at {', '.join(stops)}" if "layers" in next(iter(stops)) else ""
    typer.echo(f"{bank}: the stop {stop.slug} ({stop.name}){where}")
    for key, value in sorted(stop.metrics.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")
