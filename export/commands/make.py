"""The command `drawstop make`: from a user's own RAVE and recordings to an instrument, with a verdict on every stop."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

WIDTH = 100  # columns of the report where no terminal says otherwise


def make(
    stop: Annotated[
        list[str],
        typer.Option(
            metavar="NAME WITH WITHOUT",
            help="A stop: its name, a folder of recordings with the concept, one without it. Once per stop.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
    model: Annotated[
        Path | None,
        typer.Argument(
            help="Your RAVE: its exported .ts, or its training run's folder. Without: the shipped model."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.", min=0, max=2**31)] = 0,
    kind: Annotated[
        str,
        typer.Option(
            help="gated: a small network that follows what plays; static: constants; auto: the better one."
        ),
    ] = "auto",
    like: Annotated[
        str,
        typer.Option(
            help="Which recordings with the concept +1 should sound like, as a file name pattern; for the stops that have any."
        ),
    ] = "*",
    bring_in: Annotated[
        bool,
        typer.Option(
            "--bring-in",
            help="Stops of the shipped model bring in too: +1 plays grains of the recordings with the concept, which follow "
            "notes and level of what is played.",
        ),
    ] = False,
) -> None:
    """From two folders of recordings to an instrument with a knob, and to a verdict on every stop.

    The shipped model gives back any sound as it is, and its separator learns a stop in less than a minute; such stops take
    their concept away (−1 to 0) and, with --bring-in, play it too (to +1). With a RAVE of your own, stops are made of its
    latents' features, and can bring a concept in too.

    Ten recordings of ten seconds of each kind are a good start; four are the least. Two or more of each kind are held out of
    every fit: the verdict is measured on them. With your own RAVE, to bring a concept in (+1), some should play the same
    thing with and without it: the same file name in both folders, or the same name up to an @, as in solo@guitar.wav and
    solo@voice.wav.

    OUT gets bank/, instrument.ts, patches/ (for Max and Pd, the instrument inside), figures.json and clips/. Interrupted,
    the same command resumes.

    Example: drawstop make --stop bass with/ without/ --out my-bass

    Example: drawstop make my_rave.ts --stop guitar guitar/ other/ --stop voice voice/ other/ --out my-organ
    """
    from rich.console import Console

    from drawstop.progress import steps_bar
    from export.make.options import MakeOptions, read_request
    from export.make.plan import planned_steps
    from export.make.steps import make_instrument
    from export.make.summary import show

    parts = zip(stop[::3], stop[1::3], stop[2::3], strict=True)  # see drawstop.front.arguments.spread_values
    stops = [(name, Path(having), Path(lacking)) for name, having, lacking in parts]
    options = MakeOptions.of(seed, kind, like, bring_in)
    with steps_bar() as progress:
        request = read_request(model, stops, out, options, progress, partial(typer.echo, err=True))
    with steps_bar() as progress:
        progress.expect(planned_steps(request))
        figures = make_instrument(request, progress)
    show(Console(width=None if sys.stdout.isatty() else WIDTH), figures, out)
