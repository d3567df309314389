"""The command `drawstop find`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import (
    WITH,
    WITHOUT,
    OtherPromptOption,
    PiecesOption,
    PromptOption,
    SecondsOption,
    first_look,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drawstop.progress import Progress
    from training.banks.separated_bank import SeparatedStop
    from training.banks.stop import Stop
    from training.find.musicgen.quick_banks import QuickOptions
    from training.models.musicgen.layer_model import MusicGenLayers


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
    layers: Annotated[
        int,
        typer.Option(help="Of a MusicGen, where BANK isn't there yet: how many layers get one.", min=1),
    ] = 3,
    features: Annotated[
        int,
        typer.Option(
            help="Likewise: features of each layer's autoencoder; 0: none, for differences of means alone.",
            min=0,
        ),
    ] = 512,
    device: Annotated[
        str, typer.Option(help="Where a MusicGen is computed: auto, cpu, cuda or mps.")
    ] = "auto",
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
    from drawstop.audio_files import list_audio
    from drawstop.errors import DrawstopError
    from drawstop.progress import steps_bar
    from training.banks.bank_folders import save_stops
    from training.banks.separated_bank import is_separated
    from training.data.look.findings import Needs
    from training.models.open import is_musicgen
    from training.shipped import SHIPPED_RAVE

    if feature is not None:
        _of_features(bank, name, feature, with_folder or without_folder or model)
        return
    if with_folder is None or without_folder is None:
        raise DrawstopError(
            "a concept needs recordings with and without it: --with FOLDER --without FOLDER (or --feature NUMBER)"
        )
    paths = list_audio(with_folder), list_audio(without_folder)
    if {path.resolve() for path in paths[0]} & {path.resolve() for path in paths[1]}:
        raise DrawstopError(
            f"{with_folder} and {without_folder} share recordings; a concept needs both kinds, in two folders"
        )
    model = model or SHIPPED_RAVE
    of_layers = is_musicgen(model)
    if of_layers and (mixed or like != "*"):
        raise DrawstopError("--mixed and --like are of a RAVE's stops: leave them out for a MusicGen")
    needs = Needs(levels_matter=not is_separated(bank))
    first_look([with_folder, without_folder], needs, [(with_folder, without_folder)])
    with steps_bar() as progress:
        if of_layers:
            from training.banks.bank_folders import load_banks
            from training.find.musicgen.find import find_stops
            from training.find.musicgen.layer_choice import layer_options
            from training.find.musicgen.quick_banks import QuickOptions
            from training.models.musicgen.layer_model import MusicGenLayers
            from training.models.open import open_musicgen

            options = layer_options(kind, seed, prompt, other_prompt, pieces, seconds)
            opened = MusicGenLayers(open_musicgen(model, device))
            if not bank.exists():
                quick = QuickOptions(layers, 0 if options.kind == "direction" else features, seed=seed)
                _make_banks(opened, bank, paths, quick, model.name, progress)
            banks = load_banks(bank, opened.fingerprint)
            stops = find_stops(opened, banks, name, *paths, options, progress)
            save_stops(bank, banks, name, stops)
            _say(bank, stops, f" at {', '.join(stops)}")
        elif is_separated(bank):
            _say(bank, _in_separated_bank(bank, model, name, paths, seed, progress))
        else:
            from training.banks.bank import load_bank
            from training.find.rave import find as rave
            from training.models.open import open_rave

            how = rave.FindOptions(seed=seed, kind=rave.kind_of(kind), like=like, mixed=mixed)
            rave_model = open_rave(model, load_bank(bank).site)
            banks = [load_bank(bank, rave_model.fingerprint)]
            stops = rave.find_stops(rave_model, banks, name, *paths, how, progress)
            save_stops(bank, banks, name, stops)
            _say(bank, stops)


def _make_banks(
    model: "MusicGenLayers",
    out: Path,
    paths: tuple[list[Path], list[Path]],
    options: "QuickOptions",
    model_name: str,
    progress: "Progress",
) -> None:
    """Banks of the layers that carry the concept, and a line about how they were chosen."""
    from training.find.musicgen.quick_banks import make_quick_banks

    sweep, banks = make_quick_banks(model, out, paths, options, model_name, progress)
    sites = ", ".join(bank.site for bank in banks)
    most = max(sweep.layers, key=lambda layer: layer.effect_nats)
    typer.echo(
        f"{out}: {sites}, of {len(sweep.layers)} layers those where the difference of means does most to predictions; most at "
        f"{most.site} ({1000 * most.effect_nats:.1f} thousandths of a nat a token, AUROC {most.auroc:.2f} on held-out recordings)"
    )


def _of_features(folder: Path, name: str, features: list[int], unused: Path | None) -> None:
    """Write the bank with a stop of these features in it."""
    from drawstop.errors import DrawstopError
    from training.banks.bank_folders import load_banks, save_stops
    from training.banks.separated_bank import is_separated
    from training.find.feature_stop import feature_stop

    if unused is not None:
        raise DrawstopError(f"--feature needs neither recordings nor a model: leave {unused} out")
    if is_separated(folder):
        raise DrawstopError(
            f"{folder} is a separator's bank and has no SAE features: train one on your RAVE (drawstop train)"
        )
    banks = load_banks(folder)
    if len(banks) > 1:
        sites = ", ".join(bank.site for bank in banks)
        raise DrawstopError(
            f"{folder} holds several banks ({sites}): name one, such as {folder / banks[0].site}"
        )
    stops = {banks[0].site: feature_stop(banks[0], name, features)}
    save_stops(folder, banks, name, stops)
    _say(folder, stops)


def _say(bank: Path, stops: "Mapping[str, Stop | SeparatedStop]", where: str = "") -> None:
    """Print what was found, by the first of the sites."""
    stop = next(iter(stops.values()))
    typer.echo(f"{bank}: the stop {stop.slug} ({stop.name}){where}")
    for key, value in sorted(stop.metrics.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")


def _in_separated_bank(
    folder: Path,
    model: Path,
    name: str,
    paths: tuple[list[Path], list[Path]],
    seed: int,
    progress: "Progress",
) -> "dict[str, SeparatedStop]":
    """Fit a query, and write the bank with the stop in it. Gives the stop by its site."""
    from training.banks.separated_bank import load_separated_bank, save_separated_bank
    from training.find.separated.find import SeparatedFindOptions, find_separated_stop
    from training.models.open import open_rave

    opened = open_rave(model, "latent")
    bank = load_separated_bank(folder, opened.fingerprint)
    stop = find_separated_stop(opened, bank, name, *paths, SeparatedFindOptions(seed=seed), progress)
    save_separated_bank(folder, bank.with_stop(stop))
    return {bank.site: stop}
