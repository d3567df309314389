"""The command `drawstop layers`."""

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
    first_look,
)


def layers(
    model: Annotated[Path, typer.Argument(help="A MusicGen: its folder, or its name on the hub.")],
    with_folder: WithOption,
    without_folder: WithoutOption,
    banks: Annotated[
        Path | None,
        typer.Argument(
            help="The banks of its layers, as drawstop train wrote them. Without: the layers' raw frames are compared."
        ),
    ] = None,
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
    seed: Annotated[int, typer.Option(help="Seed of splits and pieces.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table as JSON too.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Say which layers carry a concept: variance explained, AUROC of features by clip, and what editing each layer alone does.

    Without BANKS, in minutes and without an autoencoder: the AUROC of held-out recordings along the difference of means, and what
    adding that to a layer does to the model's predictions, to first order.

    The effect is in thousandths of a nat per token: how much further apart the model finds recordings with and without the
    concept; beside it that of the difference of means, and of chance.

    Example: drawstop layers musicgen-small banks/ --with guitar/ --without other/ --json layers.json
    """
    from dataclasses import asdict

    from drawstop.audio.files import list_audio
    from drawstop.errors import DrawstopError
    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from training.banks.bank_folders import load_banks
    from training.find.musicgen import raw_layers
    from training.find.musicgen.layer_choice import layer_options
    from training.find.musicgen.layer_ranking import as_json, as_table, sweep_layers
    from training.find.musicgen.raw_layers import sweep_raw_layers
    from training.models.musicgen.layer_model import MusicGenLayers
    from training.models.open import open_musicgen

    opened = MusicGenLayers(open_musicgen(model, device))
    loaded = None if banks is None else load_banks(banks, opened.fingerprint)
    if loaded is None and listen:
        raise DrawstopError("--listen edits layers by their banks: give them, or leave it out")
    paths = (list_audio(with_folder), list_audio(without_folder))
    first_look([with_folder, without_folder], opposites=[(with_folder, without_folder)])
    with steps_bar() as progress:
        if loaded is None:
            raw = sweep_raw_layers(opened, paths, seed, progress).layers
            table, rows = raw_layers.as_table(raw), [asdict(row) for row in raw]
        else:
            options = layer_options("static", seed, prompt, other_prompt, pieces, seconds)
            swept = sweep_layers(opened, loaded, "concept", paths, options, listen, progress)
            table, rows = as_table(swept), as_json(swept)
    if json_file is not None:
        write_json(json_file, rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        typer.echo("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
