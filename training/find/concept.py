"""A concept from two folders of recordings to a stop in a bank of any kind: the function behind `drawstop find`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drawstop.audio.files import list_audio
from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.bank import load_bank
from training.banks.bank_folders import load_banks, save_stops
from training.banks.separated_bank import (
    SeparatedStop,
    is_separated,
    load_separated_bank,
    save_separated_bank,
)
from training.banks.stop import Stop
from training.data.look.findings import Needs
from training.data.look.look import look_at
from training.find.feature_stop import feature_stop
from training.find.rave.find import FindOptions, kind_of
from training.find.rave.find import find_stops as find_rave_stops
from training.find.separated.find import SeparatedFindOptions, find_separated_stop
from training.models.open import is_musicgen, open_musicgen, open_rave

Found = Mapping[str, Stop | SeparatedStop]
"""The stop at each site, by its name."""


@dataclass(frozen=True)
class ConceptOptions:
    """How a concept is found.

    Attributes:
        kind: RAVE: gated, static, or auto, the better one; MusicGen: see `stop_spec.LayerKind`, or auto.
        like: RAVE: which recordings with the concept +1 should sound like, as a file name pattern.
        mixed: RAVE: the recordings with the concept hold other sounds too.
        prompt: MusicGen: descriptions of pieces with the concept; None: pieces go on from the recordings.
        other_prompt: MusicGen: descriptions of pieces without it.
        pieces: MusicGen: pieces that are generated for each trial.
        seconds: MusicGen: the length of each piece.
        layers, features: MusicGen without a bank yet: how many layers get one, and the features of its SAE; 0: none.
        device: where a MusicGen is computed.
    """

    kind: str = "auto"
    like: str = "*"
    mixed: bool = False
    seed: int = 0
    prompt: Sequence[str] | None = None
    other_prompt: Sequence[str] | None = None
    pieces: int = 16
    seconds: float = 4.0
    layers: int = 3
    features: int = 512
    device: str = "auto"


def find_concept(
    bank: Path,
    name: str,
    folders: tuple[Path, Path],
    model: Path,
    options: ConceptOptions,
    progress: Progress,
    show_line: Callable[[str], None],
) -> Found:
    """Look at the recordings, find the concept, and add it to the bank's folder.

    Args:
        folders: recordings with the concept, and without it.
        model: the one that the bank is of.
        show_line: called with each line about the recordings, for the user.

    Raises:
        DrawstopError: recordings that would spoil the result, all of them at once; a bank of another model; options of
            another kind of model.
    """
    paths = list_audio(folders[0]), list_audio(folders[1])
    if {path.resolve() for path in paths[0]} & {path.resolve() for path in paths[1]}:
        raise DrawstopError(
            f"{folders[0]} and {folders[1]} share recordings; a concept needs both kinds, in two folders"
        )
    of_layers, separated = is_musicgen(model), is_separated(bank)
    if of_layers and (options.mixed or options.like != "*"):
        raise DrawstopError("--mixed and --like are of a RAVE's stops: leave them out for a MusicGen")
    look_at(folders, Needs(levels_matter=not separated), [folders], progress).report_then_refuse(show_line)
    if of_layers:
        return _of_layers(bank, model, name, paths, options, progress, show_line)
    if separated:
        return _of_a_separator(bank, model, name, paths, options.seed, progress)
    find_options = FindOptions(
        seed=options.seed, kind=kind_of(options.kind), like=options.like, mixed=options.mixed
    )
    opened = open_rave(model, load_bank(bank).site)
    banks = [load_bank(bank, opened.fingerprint)]
    stops = find_rave_stops(opened, banks, name, *paths, find_options, progress)
    save_stops(bank, banks, name, stops)
    return stops


def name_features(bank: Path, name: str, features: Sequence[int]) -> Found:
    """Put some of a bank's features on a knob, and add it to the bank's folder: no recordings, nothing fitted.

    Raises:
        DrawstopError: a bank without an SAE, a folder of several banks, or a feature that isn't there.
    """
    if is_separated(bank):
        raise DrawstopError(
            f"{bank} is a separator's bank and has no SAE features: train one on your RAVE (drawstop train)"
        )
    banks = load_banks(bank)
    if len(banks) > 1:
        sites = ", ".join(each.site for each in banks)
        raise DrawstopError(f"{bank} holds several banks ({sites}): name one, such as {bank / banks[0].site}")
    stops = {banks[0].site: feature_stop(banks[0], name, features)}
    save_stops(bank, banks, name, stops)
    return stops


def _of_layers(
    folder: Path,
    model: Path,
    name: str,
    paths: tuple[list[Path], list[Path]],
    options: ConceptOptions,
    progress: Progress,
    show_line: Callable[[str], None],
) -> Found:
    """Stops of a MusicGen's layers; where there is no bank yet, it is made first."""
    from training.find.musicgen.find import find_stops
    from training.find.musicgen.layer_choice import layer_options
    from training.find.musicgen.quick_banks import QuickOptions, make_quick_banks
    from training.models.musicgen.layer_model import MusicGenLayers

    how = layer_options(
        options.kind, options.seed, options.prompt, options.other_prompt, options.pieces, options.seconds
    )
    layers = MusicGenLayers(open_musicgen(model, options.device))
    if not folder.exists():
        features = 0 if how.kind == "direction" else options.features
        quick = QuickOptions(options.layers, features, seed=options.seed)
        sweep, _ = make_quick_banks(layers, folder, paths, quick, model.name, progress)
        show_line(f"{folder}: {sweep.summary_line(options.layers)}")
    banks = load_banks(folder, layers.fingerprint)
    stops = find_stops(layers, banks, name, *paths, how, progress)
    save_stops(folder, banks, name, stops)
    return stops


def _of_a_separator(
    folder: Path, model: Path, name: str, paths: tuple[list[Path], list[Path]], seed: int, progress: Progress
) -> Found:
    """A stop of the shipped model's separator: a query is fitted."""
    opened = open_rave(model, "latent")
    bank = load_separated_bank(folder, opened.fingerprint)
    stop = find_separated_stop(opened, bank, name, *paths, SeparatedFindOptions(seed=seed), progress)
    save_separated_bank(folder, bank.with_stop(stop))
    return {bank.site: stop}
