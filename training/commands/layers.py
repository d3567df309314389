"""The command `drawstop layers`, and `drawstop find` on a MusicGen's layers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.find.musicgen.find import LayerOptions

PromptOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A description of pieces that have the concept, taken away from them at -1; several times for several. "
        "Without one, pieces go on from the recordings."
    ),
]
OtherPromptOption = Annotated[
    list[str] | None,
    typer.Option(help="A description of pieces without the concept, brought into them at +1."),
]
PiecesOption = Annotated[int, typer.Option(help="Pieces that are generated for each trial.")]
SecondsOption = Annotated[float, typer.Option(help="Length of each piece.")]


def layers(
    model: Annotated[Path, typer.Argument(help="A MusicGen: its folder, or its name on the hub.")],
    banks: Annotated[Path, typer.Argument(help="The banks of its layers, as drawstop train wrote them.")],
    with_folder: Annotated[Path, typer.Option("--with", help="A folder of recordings with the concept.")],
    without_folder: Annotated[Path, typer.Option("--without", help="A folder of recordings without it.")],
    listen: Annotated[
        bool,
        typer.Option(
            "--listen", help="Generate pieces too, and count in how many a classifier detects the concept."
        ),
    ] = False,
    prompt: PromptOption = None,
    other_prompt: OtherPromptOption = None,
    pieces: PiecesOption = 16,
    seconds: SecondsOption = 4.0,
    seed: Annotated[int, typer.Option(help="Of splits and pieces.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table as JSON too.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Say which layers carry a concept: variance explained, AUROC of features by clip, and what editing each layer alone does.

    The effect is in thousandths of a nat per token: how much further apart the model finds recordings with and without the
    concept; beside it that of the difference of means, and of chance.

    Example: drawstop layers musicgen-small banks/ --with guitar/ --without other/ --json layers.json
    """
    from drawstop.audio_files import list_audio
    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from training.banks.bank_folders import load_banks
    from training.find.musicgen.layer_ranking import as_json, as_table, sweep_layers
    from training.models.musicgen.layer_model import MusicGenLayers
    from training.models.open import open_musicgen

    opened = MusicGenLayers(open_musicgen(model, device))
    loaded = load_banks(banks, opened.fingerprint)
    paths = (list_audio(with_folder), list_audio(without_folder))
    options = layer_options("static", seed, prompt, other_prompt, pieces, seconds)
    with steps_bar() as progress:
        rows = sweep_layers(opened, loaded, "concept", paths, options, listen, progress)
    if json_file is not None:
        write_json(json_file, as_json(rows))
    table = as_table(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        typer.echo("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def find_on_layers(
    banks: Path,
    name: str,
    folders: tuple[Path, Path],
    model: Path,
    options: "LayerOptions",
    device: str,
) -> None:
    """`drawstop find` where the model is a MusicGen: adds the stop to the bank of every layer that it needs."""
    from drawstop.audio_files import list_audio
    from drawstop.progress import steps_bar
    from training.banks.bank import save_bank
    from training.banks.bank_folders import bank_folders, load_banks
    from training.find.musicgen import find
    from training.models.musicgen.layer_model import MusicGenLayers
    from training.models.open import open_musicgen

    paths = (list_audio(folders[0]), list_audio(folders[1]))
    opened = MusicGenLayers(open_musicgen(model, device))
    loaded = load_banks(banks, opened.fingerprint)
    with steps_bar() as progress:
        stops = find.find_on_layers(opened, loaded, name, paths, options, progress)
    for folder, bank in zip(bank_folders(banks), loaded, strict=True):
        if bank.site in stops:
            save_bank(folder, bank.with_stop(stops[bank.site]))
        elif any(stop.name == name for stop in bank.stops):
            save_bank(folder, bank.without_stop(name))
    first = next(iter(stops.values()))
    typer.echo(f"{banks}: the stop {first.slug} ({name}) at {', '.join(stops)}")
    for key, value in sorted(first.metrics.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")


def layer_options(
    kind: str,
    seed: int,
    prompt: list[str] | None,
    other_prompt: list[str] | None,
    pieces: int,
    seconds: float,
) -> "LayerOptions":
    """The options that both commands share. Raises DrawstopError for a kind that isn't there."""
    from training.find.musicgen.find import LayerOptions
    from training.find.musicgen.generated_pieces import PieceOptions
    from training.find.musicgen.stop_recipe import layer_kind

    prompts = (tuple(prompt or ()), tuple(other_prompt or ()))
    piece_options = PieceOptions(prompts, pieces, seconds, seed=seed)
    return LayerOptions(layer_kind("static" if kind == "auto" else kind), seed, piece_options)
