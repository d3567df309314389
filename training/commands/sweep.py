"""The command `drawstop sweep`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.options import (
    DeviceOption,
    ModelArgument,
    RecordingsArgument,
    SiteOption,
    opened_frames,
)
from training.sae.config import SAEConfig

RESULT_FILE = "sweep.json"
PICTURES = ("pareto.png", "pareto.svg")


def sweep(
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    site: SiteOption = None,
    widths: Annotated[list[int] | None, typer.Option(help="Features in a dictionary; several.")] = None,
    ks: Annotated[list[int] | None, typer.Option(help="Active features in a frame; several.")] = None,
    architectures: Annotated[
        list[str] | None,
        typer.Option(help="Several of topk, batchtopk, matryoshka, jumprelu, topk-jumprelu."),
    ] = None,
    seeds: Annotated[list[int] | None, typer.Option(help="Seeds; several.")] = None,
    steps: Annotated[int, typer.Option(help="Steps of each training.")] = SAEConfig.steps,
    device: DeviceOption = "auto",
) -> None:
    """Train an SAE for every combination of widths, k, architectures and seeds, and compare them: a table, OUT/sweep.json, and
    OUT/pareto.png and .svg: variance explained over active features. Every SAE stays in OUT/banks, as a bank for drawstop find.

    The model reads the recordings once; their frames stay in OUT/frames. Interrupted, the same command goes on where it was.

    Example: drawstop sweep rave.ts recordings/ --widths 256 512 1024 --ks 8 16 32 --architectures topk matryoshka --seeds 0 1
    --out sweep/
    """
    from rich.console import Console
    from rich.table import Table

    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from training.banks.train.sweep import Grid, as_json, as_table, rows_of
    from training.banks.train.sweep import sweep as run
    from training.banks.train.train import training_device
    from training.commands.plots.sweep import draw
    from training.sae.config import read_architecture

    usual = Grid()
    grid = Grid(
        tuple(widths or usual.widths),
        tuple(ks or usual.ks),
        tuple(map(read_architecture, architectures or usual.architectures)),
        tuple(seeds or usual.seeds),
        steps,
    )
    grid.options()
    frames = opened_frames(model, recordings, site, device)
    with steps_bar() as progress:
        cells = run(frames, out, grid, model.name, training_device(frames), progress)
    write_json(out / RESULT_FILE, as_json(cells, grid))
    rows = rows_of(cells)
    for name in PICTURES:
        draw(rows, out / name)
    headings, *lines = as_table(rows)
    table = Table(*headings, caption="• on the Pareto front: none explains as much with fewer")
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    typer.echo(f"{out}: {len(cells)} SAEs in banks/, {RESULT_FILE}, {', '.join(PICTURES)}")
