"""The command `drawstop compile`."""

from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import JsonOption


def compile(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    block: Annotated[
        int,
        typer.Option(help="Samples that are played at once, as in play --block; a multiple of its ratio."),
    ] = 256,
    json: JsonOption = None,
) -> None:
    """Compile an instrument for blocks of one length and this machine, by torch.export and AOTInductor. Takes a minute or
    two, and a C++ compiler. The file comes beside the instrument, X.256.pt2, where play --backend aotinductor looks for it.

    Example: drawstop compile organ.ts --block 256
    """
    import torch

    from drawstop.files import write_json
    from drawstop.progress import steps_bar
    from realtime.backends.aotinductor import package_path, write_package
    from realtime.engine.instrument_file import load

    load(instrument)
    out = package_path(instrument, block)
    torch.set_num_threads(1)  # what is compiled is for as many threads as compile it
    with steps_bar() as progress:
        about = write_package(instrument, block, out, progress)
    typer.echo(f"{out}: play it with drawstop play {instrument} --backend aotinductor --block {block}")
    if json is not None:
        write_json(json, {"file": str(out), **about})
