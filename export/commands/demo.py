"""The command `drawstop demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

WIDTH = 100  # columns of the report where no terminal says otherwise


def demo(
    recording: Annotated[
        Path | None,
        typer.Option("--input", help="Your own sound instead of the duet; any format and rate."),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")] = Path(
        "drawstop-demo"
    ),
    seed: Annotated[int, typer.Option(help="Same seed, same files.", min=0, max=2**31)] = 0,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch", help="First find both stops anew from the shipped recordings (minutes)."
        ),
    ] = False,
    measure: Annotated[
        bool,
        typer.Option(
            help="Measure what the stops do on held-out recordings (half of the time), or make only sound and picture."
        ),
    ] = True,
) -> None:
    """Bake, verify, perform and measure the shipped instrument: sound, a picture, a table and a .ts in one folder.

    Example: drawstop demo --out drawstop-demo --input my-guitar.wav
    """
    from drawstop.audio.files import read_audio
    from drawstop.files import require_writable
    from drawstop.progress import steps_bar
    from export.demo.run import DemoFiles, planned_demo, run_demo

    given = read_audio(recording, channels=1) if recording is not None else None
    require_writable(out)
    with steps_bar() as progress:
        progress.expect(planned_demo(from_scratch, measure))
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        run_demo(DemoFiles.find(), given, out, seed, from_scratch, measure, console, progress)
