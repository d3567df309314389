"""The command `drawstop find`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.options import (
    OtherPromptOption,
    PiecesOption,
    PromptOption,
    SecondsOption,
    WithOption,
    WithoutOption,
)


def find(
    bank: Annotated[
        Path, typer.Argument(help="A bank, as drawstop train wrote it; the stop is added to it.")
    ],
    name: Annotated[str, typer.Argument(help="What to call the stop.")],
    with_folder: WithOption,
    without_folder: WithoutOption,
    model: Annotated[Path, typer.Option(help="The RAVE or the MusicGen that the bank was trained on.")],
    kind: Annotated[
        str,
        typer.Option(
            help="gated: a small network that follows what plays; static: constants; auto: the better one. Of a MusicGen: static "
            "(which auto is), or to compare with, direction (the difference of means) or random."
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
    device: Annotated[
        str, typer.Option(help="Where a MusicGen is computed: auto, cpu, cuda or mps.")
    ] = "auto",
) -> None:
    """Find a concept from recordings with and without it, and add it to the bank as a stop.

    To bring the concept in (+1) it needs recordings that play the same thing with and without it: the same file name in
    both folders, or the same name up to an @, as in solo@guitar.wav and solo@voice.wav.

    On a MusicGen's layers, which features, which layers and how strong is chosen by what they do to the model's predictions, and
    by a classifier that listens to generated pieces (--prompt, --other-prompt, --pieces, --seconds).

    Example: drawstop find bank/ guitar --with guitar/ --without other/ --model rave.ts

    Example: drawstop find banks/ guitar --with guitar/ --without other/ --model small --prompt "acoustic guitar solo"
    """
    from drawstop.audio_files import list_audio
    from drawstop.errors import DrawstopError
    from drawstop.progress import steps_bar
    from training.banks.bank_folders import save_stops
    from training.models.open import is_musicgen

    paths = list_audio(with_folder), list_audio(without_folder)
    if {path.resolve() for path in paths[0]} & {path.resolve() for path in paths[1]}:
        raise DrawstopError(
            f"{with_folder} and {without_folder} share recordings; a concept needs both kinds, in two folders"
        )
    of_layers = is_musicgen(model)
    if of_layers and (mixed or like != "*"):
        raise DrawstopError("--mixed and --like are of a RAVE's stops: leave them out for a MusicGen")
    with steps_bar() as progress:
        if of_layers:
            from training.banks.bank_folders import load_banks
            from training.find.musicgen import find as musicgen
            from training.models.musicgen.layer_model import MusicGenLayers
            from training.models.open import open_musicgen

            layer_options = musicgen.layer_options(kind, seed, prompt, other_prompt, pieces, seconds)
            layers = MusicGenLayers(open_musicgen(model, device))
            banks = load_banks(bank, layers.fingerprint)
            stops = musicgen.find_stops(layers, banks, name, *paths, layer_options, progress)
        else:
            from training.banks.bank import load_bank
            from training.find.rave import find as rave
            from training.models.open import open_rave

            options = rave.FindOptions(seed=seed, kind=rave.kind_of(kind), like=like, mixed=mixed)
            opened = open_rave(model, load_bank(bank).site)
            banks = [load_bank(bank, opened.fingerprint)]
            stops = rave.find_stops(opened, banks, name, *paths, options, progress)
    save_stops(bank, banks, name, stops)
    stop = next(iter(stops.values()))
    where = f" at {', '.join(stops)}" if of_layers else ""
    typer.echo(f"{bank}: the stop {stop.slug} ({stop.name}){where}")
    for key, value in sorted(stop.metrics.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")
